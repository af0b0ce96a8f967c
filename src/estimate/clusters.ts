// Intervals where whole documents are the sampled unit: clusters of unequal size, rare positives.

import { clopperPearson } from './binomial.js';
import { ENOUGH } from './prevalence.js';
import { twoSidedT, twoSidedZ } from './quantile.js';
import type { Inference } from './strata.js';

/** A sampled document: `sampled` of its `size` units were looked at. */
export interface Cluster {
  readonly size: number;
  readonly sampled: number;
  readonly positives: number;
  readonly given?: number;
}

export interface ClusterEstimate {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly level: number;
  readonly method: 'default' | 'wald';
  readonly positives: number;
  readonly sampled: number;
  /** Units of a simple random sample that would say as much. */
  readonly effectiveN: number;
  readonly status: 'ok' | 'insufficient';
}

/**
 * Share of positives (or P(positive | domain)) from a simple random sample of clusters.
 *
 * Point: Σ M x/m / Σ M d/m, the ratio estimator (Cochran 1977, 6.5). Variance: delete-one jackknife over clusters, with
 * the finite-population correction for clusters, plus the within-cluster part where clusters were subsampled (Cochran
 * 11.8). `wald` is estimate ± t·√variance with k − 1 degrees of freedom. `default` is Clopper-Pearson at the effective
 * sample size of Korn & Graubard (1998) with their t correction, in which the design effect is drawn towards its largest
 * possible value, Σ M²/Σ M (all units of a cluster alike), as if one more cluster had said so:
 * (c·deff + largest)/(c + 1), c being the clusters with positives or those with negatives, whichever are fewer. With no
 * positive the interval is thus that of the clusters taken as units, which holds whatever the correlation.
 * Under 20 clusters the answer is `insufficient` and the numbers are null; a census of a finite population is exact.
 */
export function clusterEstimate(
  clusters: readonly Cluster[],
  clustersInPopulation: number,
  level: number,
  target: 'mean' | 'ratio',
  options: { inference?: Inference; method?: 'default' | 'wald' } = {},
): ClusterEstimate {
  const { inference = 'finite', method = 'default' } = options;
  const used = clusters.filter((c) => c.size > 0 && c.sampled > 0);
  const k = used.length;
  const domainOf = (c: Cluster) => (target === 'mean' ? c.sampled : (c.given ?? c.sampled));
  let positives = 0;
  let sampled = 0;
  const tops = new Float64Array(k);
  const bottoms = new Float64Array(k);
  let top = 0;
  let bottom = 0;
  let squares = 0;
  let withPositive = 0;
  let withNegative = 0;
  let unitSquares = 0;
  used.forEach((c, i) => {
    const unit = c.size / c.sampled;
    positives += c.positives;
    sampled += domainOf(c);
    tops[i] = unit * c.positives;
    bottoms[i] = unit * domainOf(c);
    top += tops[i]!;
    bottom += bottoms[i]!;
    squares += bottoms[i]! ** 2;
    unitSquares += unit ** 2 * domainOf(c);
    if (c.positives > 0) withPositive++;
    if (c.positives < domainOf(c)) withNegative++;
  });
  const base = { level, method, positives, sampled };
  const complete = clusters.length === clustersInPopulation && clusters.every((c) => c.sampled === c.size);
  if (inference === 'finite' && complete && bottom > 0) {
    const point = top / bottom;
    return { ...base, estimate: point, low: point, high: point, effectiveN: sampled, status: 'ok' };
  }
  if (k < ENOUGH || bottom === 0) {
    return { ...base, estimate: null, low: null, high: null, effectiveN: k, status: 'insufficient' };
  }
  const point = top / bottom;
  const left = inference === 'finite' ? 1 - k / clustersInPopulation : 1;
  const variance = left * jackknife(tops, bottoms, top, bottom) + (1 - left) * within(used, target, point, bottom);
  const t = twoSidedT(level, k - 1);
  if (method === 'wald') {
    const half = t * Math.sqrt(variance);
    const effectiveN = variance > 0 ? (point * (1 - point)) / variance : k;
    return { ...base, estimate: point, low: clip(point - half), high: clip(point + half), effectiveN, status: 'ok' };
  }
  const kish = bottom ** 2 / unitSquares;
  const largest = Math.max(1, (squares / bottom ** 2) * kish);
  const inner = point * (1 - point);
  const correction = (t / twoSidedZ(level)) ** 2;
  const observed = inner > 1e-15 && variance > 0 ? ((variance * kish) / inner) * correction : largest;
  const informed = Math.min(withPositive, withNegative);
  const deff = Math.max(1, (informed * observed + largest) / (informed + 1));
  const effectiveN = kish / deff;
  const { low, high } = clopperPearson(point * effectiveN, effectiveN, level);
  return {
    ...base,
    estimate: point,
    low: Math.min(point, low),
    high: Math.max(point, high),
    effectiveN,
    status: effectiveN < ENOUGH && target === 'ratio' ? 'insufficient' : 'ok',
  };
}

/** (k − 1)/k·Σ(r₍ᵢ₎ − mean)² over the ratios without one cluster each. */
function jackknife(tops: Float64Array, bottoms: Float64Array, top: number, bottom: number): number {
  const k = tops.length;
  const without = new Float64Array(k);
  let mean = 0;
  for (let i = 0; i < k; i++) {
    const rest = bottom - bottoms[i]!;
    without[i] = rest > 0 ? (top - tops[i]!) / rest : top / bottom;
    mean += without[i]! / k;
  }
  let sum = 0;
  for (const r of without) sum += (r - mean) ** 2;
  return ((k - 1) / k) * sum;
}

/** Variance from subsampling within the sampled clusters: Σ M²(1 − m/M)s²/m over the squared denominator. */
function within(clusters: readonly Cluster[], target: 'mean' | 'ratio', point: number, bottom: number): number {
  let variance = 0;
  for (const c of clusters) {
    const m = c.sampled;
    if (m >= c.size) continue;
    const d = target === 'mean' ? m : (c.given ?? m);
    const squares = c.positives * (1 - point) ** 2 + (d - c.positives) * point ** 2;
    const mean = (c.positives - point * d) / m;
    const spread = Math.max(0, squares - m * mean ** 2) / Math.max(1, m - 1);
    variance += (c.size ** 2 * (1 - m / c.size) * spread) / m;
  }
  return variance / bottom ** 2;
}

function clip(p: number): number {
  return Math.min(1, Math.max(0, p));
}
