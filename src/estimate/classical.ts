// Textbook intervals for stratified samples, for comparison and by name: Wald, Clopper-Pearson at an effective sample
// size, and the exact sum of Bonferroni limits. The default method is not here.

import { clopperPearson, hypergeometricLimits, type Limits } from './binomial.js';
import { twoSidedZ } from './quantile.js';
import type { FullStratum } from './strata.js';

/** Σ wN x/n, the stratified estimate of the weighted number of positives (or of domain units). */
export function expandedTotal(strata: readonly FullStratum[], count: 'positives' | 'given'): number {
  return strata.reduce((sum, s) => sum + (s.weight * s.population * s[count]) / s.sampled, 0);
}

/**
 * Variance of the stratified mean, or of the ratio by linearisation: Σ W²(1 − f)s²/n with s² of z = y − r·d, divided by
 * the squared denominator (Cochran 1977, 5.3 and 6.11). `correct: false` leaves out 1 − f and divides by n, not n − 1.
 */
export function linearVariance(
  strata: readonly FullStratum[],
  ratio: number,
  total: number,
  isMean: boolean,
  correct = true,
): number {
  let variance = 0;
  for (const s of strata) {
    const { population: N, sampled: n, positives: x, given: d } = s;
    const squares = isMean ? x : x * (1 - ratio) ** 2 + (d - x) * ratio ** 2;
    const mean = isMean ? x / n : (x - ratio * d) / n;
    const spread = Math.max(0, squares - n * mean ** 2) / (correct ? Math.max(1, n - 1) : n);
    variance += ((s.weight * N) ** 2 * (correct ? 1 - n / N : 1) * spread) / n;
  }
  return variance / total ** 2;
}

/** Estimate ± z·√variance. It covers badly at rare prevalence; it is here to be compared with. */
export function waldLimits(
  strata: readonly FullStratum[],
  ratio: number,
  total: number,
  isMean: boolean,
  level: number,
): Limits {
  const half = twoSidedZ(level) * Math.sqrt(linearVariance(strata, ratio, total, isMean));
  return { low: ratio - half, high: ratio + half };
}

/**
 * Clopper-Pearson at the effective sample size p(1 − p)/variance (Korn & Graubard 1998, Survey Methodology 24), which is
 * never taken above the number of units seen; where the variance says nothing, Kish's (ΣW)²/Σ(W²/n). One stratum gives
 * Clopper-Pearson itself. No finite-population correction.
 */
export function effectiveLimits(
  strata: readonly FullStratum[],
  ratio: number,
  total: number,
  isMean: boolean,
  level: number,
): Limits {
  const units = strata.reduce((sum, s) => sum + (isMean ? s.sampled : s.given), 0);
  const variance = linearVariance(strata, ratio, total, isMean, false);
  const inner = ratio * (1 - ratio);
  const n = inner > 1e-15 && variance > 0 ? Math.min(units, inner / variance) : kishSize(strata, isMean);
  return clopperPearson(ratio * n, n, level);
}

/** Kish's effective number of units (of the domain) under unequal weights: (Σ c)²/Σ c² over the sampled units. */
export function kishSize(strata: readonly FullStratum[], isMean: boolean): number {
  let sum = 0;
  let squares = 0;
  for (const s of strata) {
    const unit = (s.weight * s.population) / s.sampled;
    const units = isMean ? s.sampled : s.given;
    sum += unit * units;
    squares += unit ** 2 * units;
  }
  return squares === 0 ? 0 : sum ** 2 / squares;
}

/**
 * Sum of exact hypergeometric limits at level 1 − (1 − level)/H, H being the strata not fully read (Bonferroni): coverage
 * holds by proof, at the price of width. For a ratio, limits of positives and of the domain's others, 2H of them, are
 * combined at their corners.
 * @returns limits of the weighted total for a mean, of the ratio itself otherwise
 */
export function exactLimits(strata: readonly FullStratum[], isMean: boolean, level: number): Limits {
  const open = strata.filter((s) => s.sampled < s.population).length;
  if (isMean) return sumExact(strata, (s) => s.positives, 1 - (1 - level) / Math.max(1, open));
  const each = 1 - (1 - level) / Math.max(1, 2 * open);
  const positives = sumExact(strata, (s) => s.positives, each);
  const others = sumExact(strata, (s) => s.given - s.positives, each);
  return {
    low: positives.low === 0 ? 0 : positives.low / (positives.low + others.high),
    high: positives.high === 0 ? 0 : positives.high / (positives.high + others.low),
  };
}

function sumExact(strata: readonly FullStratum[], count: (s: FullStratum) => number, level: number): Limits {
  let low = 0;
  let high = 0;
  for (const s of strata) {
    // Sizes that are no whole numbers or beyond counting are a superpopulation's: there the binomial limits hold.
    const infinite = s.sampled / s.population < 1e-6;
    const limits = infinite
      ? clopperPearson(count(s), s.sampled, level)
      : hypergeometricLimits(s.population, s.sampled, count(s), level);
    const scale = infinite ? s.population : 1;
    low += s.weight * limits.low * scale;
    high += s.weight * limits.high * scale;
  }
  return { low, high };
}
