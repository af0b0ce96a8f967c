// Methods of the field for two samples: labels with predictions, and predictions alone. All are for an infinite
// population and an independent labelled sample.

import type { Limits } from './binomial.js';
import { blaker, clopperPearson, sterne, wald, wilson } from './binomial.js';
import { twoSidedZ } from './quantile.js';

export interface Labelled {
  /** True labels, 0 or 1. */
  readonly y: readonly number[];
  /** Predictions of the same units, each in [0, 1]. */
  readonly yhat: readonly number[];
}

export interface Unlabelled {
  readonly n: number;
  readonly sumYhat: number;
  /** Sum of squared predictions; for predictions of 0 and 1 it is `sumYhat`. */
  readonly sumYhat2: number;
}

export interface Point extends Limits {
  readonly estimate: number;
}

/**
 * Prediction-powered inference for a mean. λ = 1: Angelopoulos et al. (2023, Science 382); λ chosen to minimise the
 * variance, cov(y, ŷ)/((1 + n/N) var ŷ) cut to [0, 1]: Angelopoulos, Duchi & Zrnic (2023), "PPI++".
 * estimate = mean(y) + λ(mean(Ŷ unlabelled) − mean(ŷ)); variance = λ² var(Ŷ)/N + var(y − λŷ)/n.
 */
export function ppi(labelled: Labelled, unlabelled: Unlabelled, level: number, tuned: boolean): Point {
  const { y, yhat } = labelled;
  const n = y.length;
  const N = unlabelled.n;
  const meanY = mean(y);
  const meanHat = mean(yhat);
  const meanFar = unlabelled.sumYhat / N;
  let lambda = 1;
  if (tuned) {
    let covariance = 0;
    let squares = unlabelled.sumYhat2;
    for (let i = 0; i < n; i++) {
      covariance += (y[i]! - meanY) * (yhat[i]! - meanHat);
      squares += yhat[i]! ** 2;
    }
    const pooledMean = (meanHat * n + unlabelled.sumYhat) / (n + N);
    const pooledVariance = (squares - (n + N) * pooledMean ** 2) / (n + N - 1);
    lambda = pooledVariance > 0 ? Math.min(1, Math.max(0, covariance / n / ((1 + n / N) * pooledVariance))) : 0;
  }
  const estimate = meanY + lambda * (meanFar - meanHat);
  const centre = meanY - lambda * meanHat;
  let residual = 0;
  for (let i = 0; i < n; i++) residual += (y[i]! - lambda * yhat[i]! - centre) ** 2;
  const far = Math.max(0, unlabelled.sumYhat2 / N - meanFar ** 2);
  const half = twoSidedZ(level) * Math.sqrt((lambda ** 2 * far) / N + residual / n / n);
  return { estimate, low: estimate - half, high: estimate + half };
}

export interface Accuracy {
  readonly sensitivity: number;
  readonly specificity: number;
  /** Labelled positives behind `sensitivity`, labelled negatives behind `specificity`. */
  readonly m1: number;
  readonly m0: number;
}

/** Sensitivity and specificity of predictions cut at ½, as measured on the labelled units. */
export function measuredAccuracy({ y, yhat }: Labelled): Accuracy {
  let m1 = 0;
  let m0 = 0;
  let caught = 0;
  let spared = 0;
  for (let i = 0; i < y.length; i++) {
    const hit = yhat[i]! >= 0.5;
    if (y[i] === 1) {
      m1++;
      if (hit) caught++;
    } else {
      m0++;
      if (!hit) spared++;
    }
  }
  return { sensitivity: caught / m1, specificity: spared / m0, m1, m0 };
}

/**
 * Adjusted classify and count (Forman 2008; Rogan & Gladen 1978): (apparent − fpr)/(tpr − fpr) cut to [0, 1], with the
 * delta-method interval over the three rates.
 */
export function adjustedCount(apparent: number, n: number, accuracy: Accuracy, level: number): Point {
  const { sensitivity: se, specificity: sp, m1, m0 } = accuracy;
  const youden = se + sp - 1;
  const raw = (apparent + sp - 1) / youden;
  const estimate = clip(raw);
  const variance =
    ((apparent * (1 - apparent)) / n + (raw ** 2 * se * (1 - se)) / m1 + ((1 - raw) ** 2 * sp * (1 - sp)) / m0) /
    youden ** 2;
  const half = twoSidedZ(level) * Math.sqrt(variance);
  return { estimate, low: Math.min(estimate, clip(raw - half)), high: Math.max(estimate, clip(raw + half)) };
}

/**
 * Rogan-Gladen estimate with the interval of Lee et al. (2025, arXiv:2511.21140): the delta method at plus-two counts
 * (Agresti & Coull 1998) with the shift 2z²(−(1 − θ)v₀ + θv₁) that Lang & Reiczigel (2014) found to centre it.
 */
export function roganGladen(apparent: number, n: number, accuracy: Accuracy, level: number): Point {
  const { sensitivity: se, specificity: sp, m1, m0 } = accuracy;
  const estimate = clip((apparent + sp - 1) / (se + sp - 1));
  const z = twoSidedZ(level);
  const nPlus = n + z * z;
  const p = (n * apparent + (z * z) / 2) / nPlus;
  const q0 = (m0 * sp + 1) / (m0 + 2);
  const q1 = (m1 * se + 1) / (m1 + 2);
  const youden = q0 + q1 - 1;
  const theta = (p + q0 - 1) / youden;
  const v0 = (q0 * (1 - q0)) / (m0 + 2);
  const v1 = (q1 * (1 - q1)) / (m1 + 2);
  const shift = 2 * z * z * (-(1 - theta) * v0 + theta * v1);
  const half = (z * Math.sqrt((p * (1 - p)) / nPlus + (1 - theta) ** 2 * v0 + theta ** 2 * v1)) / youden;
  const centre = theta + shift;
  return {
    estimate,
    low: Math.min(estimate, clip(centre - Math.abs(half))),
    high: Math.max(estimate, clip(centre + Math.abs(half))),
  };
}

const BINOMIAL = { normal: wald, wilson, 'clopper-pearson': clopperPearson, blaker, sterne } as const;

/**
 * True prevalence from `x` of `n` test positives where sensitivity and specificity are known without error: the limits
 * of the apparent prevalence mapped by (p + sp − 1)/(se + sp − 1) (Reiczigel, Földi & Ózsvári 2010). The mapped point
 * is not cut to [0, 1].
 */
export function knownAccuracy(
  x: number,
  n: number,
  sensitivity: number,
  specificity: number,
  level: number,
  interval: keyof typeof BINOMIAL = 'clopper-pearson',
): Point {
  const map = (p: number) => (p + specificity - 1) / (sensitivity + specificity - 1);
  const { low, high } = BINOMIAL[interval](x, n, level);
  return { estimate: map(x / n), low: map(low), high: map(high) };
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}

function clip(p: number): number {
  return Math.min(1, Math.max(0, p));
}
