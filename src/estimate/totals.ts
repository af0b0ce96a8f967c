// Totals that were estimated from a sample: words and passages of documents the gate rejected, and shares by word.

import { type Estimate, type EstimateOptions, prevalence } from './prevalence.js';
import { twoSidedT } from './quantile.js';
import type { Stratum } from './strata.js';

/** What a stratum's sample says about a quantity each unit has (words, passages). A stratum fully counted has sampled = population. */
export interface Measured {
  readonly population: number;
  readonly sampled: number;
  readonly sum: number;
  readonly sumSquares: number;
}

export interface Total {
  readonly estimate: number;
  readonly variance: number;
  readonly low: number;
  readonly high: number;
  /** Whether every unit was counted, so that the total is no estimate. */
  readonly exact: boolean;
}

/**
 * Horvitz-Thompson total under simple random sampling in strata: Σ N·mean, variance Σ N²(1 − n/N)s²/n (Cochran 1977,
 * 5.3), interval by t with Σ(n − 1) degrees of freedom, not under what was counted. A stratum with fewer than two sampled
 * units of more has no variance estimate: variance and `high` are then Infinity.
 */
export function expandedSum(strata: readonly Measured[], level: number): Total {
  let estimate = 0;
  let variance = 0;
  let counted = 0;
  let df = 0;
  let exact = true;
  for (const { population: N, sampled: n, sum, sumSquares } of strata) {
    counted += sum;
    if (n >= N) {
      estimate += sum;
      continue;
    }
    exact = false;
    if (n < 2) {
      variance = Number.POSITIVE_INFINITY;
      estimate += n === 0 ? 0 : N * sum;
      continue;
    }
    estimate += (N * sum) / n;
    variance += (N ** 2 * (1 - n / N) * Math.max(0, sumSquares - sum ** 2 / n)) / (n - 1) / n;
    df += n - 1;
  }
  const half = exact || df === 0 ? Math.sqrt(variance) : twoSidedT(level, df) * Math.sqrt(variance);
  return {
    estimate,
    variance,
    low: Math.min(estimate, Math.max(counted, estimate - half)),
    high: estimate + half,
    exact,
  };
}

/** A stratum whose units have sizes (words or tokens). */
export interface SizedStratum extends Stratum {
  /** Total size of all units of the stratum, counted or estimated. */
  readonly size: number;
  /** Sum and sum of squares of the sizes of the sampled positives. */
  readonly positiveSize: number;
  readonly positiveSquares: number;
}

/**
 * Share of words (or tokens) that stand in positive units: Σ N(Σ size of sampled positives)/n / Σ size. The interval is
 * that of the units' prevalence with each stratum weighted by the mean size of its positives (of all its units where none
 * was found), widened on both sides by √(1 + cv²) of the positives' sizes: a sum of x sizes varies by x(1 + cv²), not x
 * (compound Poisson).
 */
export function prevalenceBySize(
  strata: readonly SizedStratum[],
  level: number,
  options: EstimateOptions = {},
): Estimate {
  let size = 0;
  let units = 0;
  let positives = 0;
  let sum = 0;
  let squares = 0;
  const weighted = strata.map((s) => {
    const weight = s.weight ?? 1;
    const each = s.positives > 0 ? s.positiveSize / s.positives : s.population > 0 ? s.size / s.population : 1;
    size += weight * s.size;
    units += weight * each * s.population;
    positives += s.positives;
    sum += s.positiveSize;
    squares += s.positiveSquares;
    return { ...s, weight: weight * each };
  });
  const result = prevalence(weighted, level, options);
  if (result.estimate === null || size === 0) return result;
  const scale = units / size;
  const spread = positives > 0 && sum > 0 ? Math.sqrt(Math.max(1, (squares * positives) / sum ** 2)) : 1;
  const estimate = clip(result.estimate * scale);
  return {
    ...result,
    estimate,
    low: clip(estimate - (result.estimate - result.low) * scale * spread),
    high: clip(estimate + (result.high - result.estimate) * scale * spread),
  };
}

function clip(p: number): number {
  return Math.min(1, Math.max(0, p));
}
