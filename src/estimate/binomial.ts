// Intervals for one proportion: binomial (Wald, Wilson, Clopper-Pearson, Blaker, Sterne) and the exact interval of a
// finite population. No strata here.

import { betaQuantile, binomialBelow, twoSidedZ } from './quantile.js';
import { hypergeometric } from './sampling.js';

export interface Limits {
  readonly low: number;
  readonly high: number;
}

/**
 * Clopper & Pearson (1934): the equal-tailed exact interval, as beta quantiles. `x` and `n` may be real, as effective
 * counts are (Korn & Graubard 1998).
 */
export function clopperPearson(x: number, n: number, level: number): Limits {
  const tail = (1 - level) / 2;
  return {
    low: x <= 0 ? 0 : betaQuantile(tail, x, n - x + 1),
    high: x >= n ? 1 : betaQuantile(1 - tail, x + 1, n - x),
  };
}

/** x/n ± z·√(p(1 − p)/n), not cut to [0, 1]. */
export function wald(x: number, n: number, level: number): Limits {
  const p = x / n;
  const half = twoSidedZ(level) * Math.sqrt((p * (1 - p)) / n);
  return { low: p - half, high: p + half };
}

/** Wilson (1927), the score interval. */
export function wilson(x: number, n: number, level: number): Limits {
  const z = twoSidedZ(level);
  const p = x / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * Blaker (2000, Can. J. Stat. 28): all p whose acceptability (the smaller tail plus the largest opposite tail not above
 * it) reaches 1 − level. As in the published program, the limits stand on a grid of 1e-4 counted from Clopper-Pearson's
 * and lie outside the exact ones by less than one step.
 */
export function blaker(x: number, n: number, level: number): Limits {
  const acceptability = (p: number): number => {
    const atMost = binomialBelow(x, n, p);
    const atLeast = 1 - binomialBelow(x - 1, n, p);
    if (atLeast <= atMost) {
      let k = -1;
      while (k + 1 < x && binomialBelow(k + 1, n, p) <= atLeast) k++;
      return atLeast + binomialBelow(k, n, p);
    }
    let k = n + 1;
    while (k - 1 > x && 1 - binomialBelow(k - 2, n, p) <= atMost) k--;
    return atMost + (k > n ? 0 : 1 - binomialBelow(k - 1, n, p));
  };
  const step = 1e-4;
  let { low, high } = clopperPearson(x, n, level);
  while (x > 0 && low + step < x / n && acceptability(low + step) < 1 - level) low += step;
  while (x < n && high - step > x / n && acceptability(high - step) < 1 - level) high -= step;
  return { low, high };
}

/** Sterne (1954): the outermost p at which the outcomes no more likely than x have together more than 1 − level. */
export function sterne(x: number, n: number, level: number): Limits {
  const mass = (k: number, p: number) => binomialBelow(k, n, p) - binomialBelow(k - 1, n, p);
  const pValue = (p: number): number => {
    const own = mass(x, p) * (1 + 1e-7);
    let sum = 0;
    for (let k = 0; k <= n; k++) {
      const m = mass(k, p);
      if (m <= own) sum += m;
    }
    return sum;
  };
  // The p-value jumps: walk in from the Clopper-Pearson limit until it is accepted, then halve that last stride.
  const scan = (from: number): number => {
    const strides = 400;
    let rejected = from;
    for (let i = 0; i <= strides; i++) {
      let accepted = from + ((x / n - from) * i) / strides;
      if (pValue(accepted) > 1 - level) {
        for (let j = 0; j < 50; j++) {
          const middle = (accepted + rejected) / 2;
          if (pValue(middle) > 1 - level) accepted = middle;
          else rejected = middle;
        }
        return accepted;
      }
      rejected = accepted;
    }
    return x / n;
  };
  const outer = clopperPearson(x, n, level);
  return { low: x === 0 ? 0 : scan(outer.low), high: x === n ? 1 : scan(outer.high) };
}

/**
 * Exact equal-tailed limits for the number of positives in a finite population (Buonaccorsi 1987; Wright 1991): the
 * smallest and largest K that a one-sided hypergeometric test of size (1 − level)/2 does not reject.
 * @returns whole counts between x and N − n + x
 */
export function hypergeometricLimits(N: number, n: number, x: number, level: number): Limits {
  const size = (1 - level) / 2;
  const most = N - n + x;
  if (n === 0) return { low: 0, high: N };
  const below = (K: number, upTo: number): number => {
    const { from, p } = hypergeometric(N, K, n);
    let sum = 0;
    for (let i = 0; i < p.length && from + i <= upTo; i++) sum += p[i]!;
    return sum;
  };
  const lowAccepts = (K: number) => 1 - below(K, x - 1) > size;
  const highAccepts = (K: number) => below(K, x) > size;
  let low = x;
  let high = most;
  if (!lowAccepts(low)) {
    let reject = low;
    let accept = most;
    while (accept - reject > 1) {
      const middle = Math.floor((reject + accept) / 2);
      if (lowAccepts(middle)) accept = middle;
      else reject = middle;
    }
    low = accept;
  }
  if (!highAccepts(high)) {
    let reject = high;
    let accept = x;
    while (reject - accept > 1) {
      const middle = Math.floor((reject + accept) / 2);
      if (highAccepts(middle)) accept = middle;
      else reject = middle;
    }
    high = accept;
  }
  return { low, high };
}
