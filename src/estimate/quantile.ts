// Quantiles and tail areas of the beta, normal and Student distributions (from jstat), with their edge cases settled.

import jstat from 'jstat';

const { jStat } = jstat;

/** z with Φ(z) = p, for 0 < p < 1. */
export function normalQuantile(p: number): number {
  return jStat.normal.inv(p, 0, 1);
}

/** Φ(z). */
export function normalBelow(z: number): number {
  return jStat.normal.cdf(z, 0, 1);
}

/** z with P(|Z| ≤ z) = level. */
export function twoSidedZ(level: number): number {
  return normalQuantile((1 + level) / 2);
}

/** t with P(|T| ≤ t) = level for `df` degrees of freedom. */
export function twoSidedT(level: number, df: number): number {
  return jStat.studentt.inv((1 + level) / 2, df);
}

/** Quantile of Beta(a, b); 0 where a = 0 and 1 where b = 0, as the Clopper-Pearson limits need. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (a <= 0) return 0;
  if (b <= 0) return 1;
  // One count of zero has a closed form, which stays exact where the series of the general inverse loses digits.
  if (a === 1) return -Math.expm1(Math.log1p(-p) / b);
  if (b === 1) return p ** (1 / a);
  return jStat.beta.inv(p, a, b);
}

/** P(X ≤ x) for X ~ Binomial(n, p), by the incomplete beta function. */
export function binomialBelow(x: number, n: number, p: number): number {
  if (x < 0) return 0;
  if (x >= n) return 1;
  return 1 - jStat.ibeta(p, x + 1, n - x);
}
