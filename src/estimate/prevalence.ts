// Prevalence and prior of a stratified sample: the mean and the ratio with their intervals, for the report and the
// `estimate` command. Pure arithmetic over the methods of this folder.

import type { Limits } from './binomial.js';
import { effectiveLimits, exactLimits, expandedTotal, kishSize, waldLimits } from './classical.js';
import { ratioLimits } from './ratioLimits.js';
import { type Inference, prepare, type Stratum } from './strata.js';
import { totalLimits } from './stratified.js';

export type StratifiedMethod = 'default' | 'exact' | 'wald' | 'clopper-pearson';

export interface EstimateOptions {
  readonly inference?: Inference;
  readonly method?: StratifiedMethod;
}

/** A share in [0, 1] with its interval. `estimate` is null only where nothing at all was sampled. */
export interface Estimate {
  readonly estimate: number | null;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly method: StratifiedMethod;
  /** Sampled positives, and sampled units they were found among (of the domain, for a ratio). */
  readonly positives: number;
  readonly sampled: number;
  /** Kish's effective number of those units under the weights of the strata. */
  readonly effectiveN: number;
  /** Share of the weighted corpus in strata of which nothing was sampled. */
  readonly unsampled: number;
  readonly status: 'ok' | 'insufficient';
}

/** Fewer effective units than this do not make a prior. */
export const ENOUGH = 20;

/**
 * Share of the (weighted) corpus that is positive: Σ w N x/n / Σ w N, with the interval of `stratified.ts`.
 * Strata without a sample widen the interval by their whole share, from all negative to all positive; the point takes
 * them to be like the rest. In a finite corpus whole counts bound the interval, and a census has none.
 * @param level confidence in (0, 1), two-sided
 */
export function prevalence(strata: readonly Stratum[], level: number, options: EstimateOptions = {}): Estimate {
  const { inference = 'finite', method = 'default' } = options;
  const prepared = prepare(strata, inference);
  const { total, unsampled, positives, sampled, census } = prepared;
  const base = { level, method, positives, sampled, unsampled: total > 0 ? unsampled / total : 1 };
  if (sampled === 0) return { ...base, estimate: null, low: 0, high: 1, effectiveN: 0, status: 'insufficient' };
  const seen = total - unsampled;
  const observed = expandedTotal(prepared.strata, 'positives');
  const point = clip(observed / seen);
  const effectiveN = kishSize(prepared.strata, true);
  if (census) return { ...base, estimate: point, low: point, high: point, effectiveN, status: 'ok' };
  let limits: Limits;
  if (method === 'default') {
    const { low, high } = totalLimits(prepared.strata, level);
    // Only whole numbers of units can be positive.
    const whole = inference === 'finite' && prepared.plain;
    limits = whole
      ? { low: Math.ceil(low - 1e-6) / seen, high: Math.floor(high + 1e-6) / seen }
      : { low: low / seen, high: high / seen };
  } else if (method === 'exact') {
    const { low, high } = exactLimits(prepared.strata, true, level);
    limits = { low: low / seen, high: high / seen };
  } else if (method === 'wald') {
    limits = waldLimits(prepared.strata, point, seen, true, level);
  } else {
    limits = effectiveLimits(prepared.strata, point, seen, true, level);
  }
  const share = seen / total;
  return {
    ...base,
    estimate: point,
    low: Math.min(point, clip(limits.low) * share),
    high: Math.max(point, clip(limits.high) * share + (1 - share)),
    effectiveN,
    status: 'ok',
  };
}

/**
 * P(positive | domain): Σ w N x/n / Σ w N d/n with d the sampled units in the domain, both estimated, with the interval
 * of `ratioLimits.ts`. Every stratum needs `given`. `status` is `insufficient` where the effective number of domain units
 * is under 20; the numbers are given nonetheless. Where no unit of the domain was seen the estimate is null and the
 * interval [0, 1]. The answer speaks about the strata that were sampled; `unsampled` says how much of the corpus was not.
 */
export function ratio(strata: readonly Stratum[], level: number, options: EstimateOptions = {}): Estimate {
  const { inference = 'finite', method = 'default' } = options;
  const prepared = prepare(strata, inference);
  const { total, unsampled, positives, given, census } = prepared;
  const base = { level, method, positives, sampled: given, unsampled: total > 0 ? unsampled / total : 1 };
  const effectiveN = kishSize(prepared.strata, false);
  const status = effectiveN < ENOUGH && !census ? 'insufficient' : 'ok';
  const bottom = expandedTotal(prepared.strata, 'given');
  if (bottom === 0) return { ...base, estimate: null, low: 0, high: 1, effectiveN, status: 'insufficient' };
  const point = clip(expandedTotal(prepared.strata, 'positives') / bottom);
  if (census) return { ...base, estimate: point, low: point, high: point, effectiveN, status };
  let limits: Limits;
  if (method === 'default') limits = ratioLimits(prepared.strata, level);
  else if (method === 'exact') limits = exactLimits(prepared.strata, false, level);
  else if (method === 'wald') limits = waldLimits(prepared.strata, point, bottom, false, level);
  else limits = effectiveLimits(prepared.strata, point, bottom, false, level);
  return {
    ...base,
    estimate: point,
    low: Math.min(point, clip(limits.low)),
    high: Math.max(point, clip(limits.high)),
    effectiveN,
    status,
  };
}

function clip(p: number): number {
  return Math.min(1, Math.max(0, p));
}
