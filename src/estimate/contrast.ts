// Contrasts of two shares: the odds ratio of two domains and the difference of two corpora, with intervals from theirs.

import type { Estimate } from './prevalence.js';

export interface Contrast {
  /** null where it is undefined (0/0, or a share that could not be estimated); Infinity for an odds ratio over 0. */
  readonly estimate: number | null;
  readonly low: number;
  readonly high: number;
  readonly status: 'ok' | 'insufficient';
}

type Share = Pick<Estimate, 'estimate' | 'low' | 'high' | 'status'>;

/**
 * a − b by recovering variances from the two intervals (MOVER: Newcombe 1998, method 10; Donner & Zou 2012):
 * a − b − √((a − a_low)² + (b_high − b)²) and its mirror. The two samples are taken as independent.
 */
export function difference(a: Share, b: Share): Contrast {
  const status = a.status === 'ok' && b.status === 'ok' ? 'ok' : 'insufficient';
  if (a.estimate === null || b.estimate === null) {
    return { estimate: null, low: a.low - b.high, high: a.high - b.low, status: 'insufficient' };
  }
  const estimate = a.estimate - b.estimate;
  return {
    estimate,
    low: estimate - Math.hypot(a.estimate - a.low, b.high - b.estimate),
    high: estimate + Math.hypot(a.high - a.estimate, b.estimate - b.low),
    status,
  };
}

/**
 * Odds of a over odds of b. MOVER on the log odds (Zou & Donner 2008). Where a share is estimated as 0 or 1 its log odds
 * are infinite and variances cannot be recovered: the interval is then the quotient of the opposite ends of the two,
 * which is wider. The shares are taken as independent; disjoint domains of one sample nearly are.
 */
export function oddsRatio(a: Share, b: Share): Contrast {
  const status = a.status === 'ok' && b.status === 'ok' ? 'ok' : 'insufficient';
  const corners = { low: odds(a.low) / odds(b.high) || 0, high: quotient(odds(a.high), odds(b.low)) };
  if (a.estimate === null || b.estimate === null) return { estimate: null, ...corners, status: 'insufficient' };
  const estimate = quotient(odds(a.estimate), odds(b.estimate));
  const inner = [a.estimate, b.estimate].every((p) => p > 0 && p < 1);
  if (!inner) return { estimate: Number.isNaN(estimate) ? null : estimate, ...corners, status };
  const log = Math.log(estimate);
  const la = Math.log(odds(a.estimate));
  const lb = Math.log(odds(b.estimate));
  return {
    estimate,
    low: Math.exp(log - Math.hypot(la - Math.log(odds(a.low)), Math.log(odds(b.high)) - lb)),
    high: Math.exp(log + Math.hypot(Math.log(odds(a.high)) - la, lb - Math.log(odds(b.low)))),
    status,
  };
}

function odds(p: number): number {
  return p >= 1 ? Number.POSITIVE_INFINITY : p / (1 - p);
}

function quotient(a: number, b: number): number {
  return b === 0 && a > 0 ? Number.POSITIVE_INFINITY : a / b;
}
