// Metrics as functions of passage weights, so that one sort serves the estimate and every resample. No labels, no files.

/** A metric of the passages, each counted as often as `weights` says; NaN where it is not defined. */
export type Measure = (weights: Uint16Array) => number;

/**
 * Average precision and ROC AUC of `score` for `truth` (1 or 0) over the passages `rows`.
 * - `ap`: Σ (R_n − R_{n−1}) P_n over the distinct scores from the top, not interpolated, equal scores taken together: the
 *   definition of scikit-learn's `average_precision_score`. NaN without positives.
 * - `auc`: P(score of a positive > score of a negative), ties by half (Mann & Whitney 1947). NaN without both kinds.
 */
export function ranking(truth: Uint8Array, score: Float64Array, rows: Int32Array): { ap: Measure; auc: Measure } {
  const { order, last } = ranked(score, rows);
  const positive = order.map((row) => truth[row]!);
  const ap: Measure = (weights) => {
    let hits = 0;
    let taken = 0;
    let step = 0;
    let sum = 0;
    for (let i = 0; i < order.length; i++) {
      const weight = weights[order[i]!]!;
      taken += weight;
      step += weight * positive[i]!;
      if (step > 0 && last[i] === 1) {
        hits += step;
        sum += step * (hits / taken);
        step = 0;
      }
    }
    return hits === 0 ? Number.NaN : sum / hits;
  };
  const auc: Measure = (weights) => {
    let positives = 0; // above the open group of ties
    let negatives = 0;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let pairs = 0;
    for (let i = 0; i < order.length; i++) {
      const weight = weights[order[i]!]!;
      if (positive[i] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
      if (last[i] === 1) {
        pairs += tiedNegatives * (positives + tiedPositives / 2);
        positives += tiedPositives;
        negatives += tiedNegatives;
        tiedPositives = 0;
        tiedNegatives = 0;
      }
    }
    return pairs / (positives * negatives); // 0 / 0 is NaN
  };
  return { ap, auc };
}

/**
 * Precision, recall and F1 of `score >= threshold`. Precision is NaN when nothing is predicted, recall without positives,
 * F1 when there is neither.
 */
export function thresholded(
  truth: Uint8Array,
  score: Float64Array,
  rows: Int32Array,
  threshold: number,
): { precision: Measure; recall: Measure; f1: Measure } {
  // 1 for a positive, 2 for a predicted, 3 for both
  const kind = Uint8Array.from(rows, (row) => truth[row]! + (score[row]! >= threshold ? 2 : 0));
  const counts = (weights: Uint16Array): { right: number; predicted: number; positives: number } => {
    const sums = new Float64Array(4);
    for (let i = 0; i < rows.length; i++) sums[kind[i]!]! += weights[rows[i]!]!;
    return { right: sums[3]!, predicted: sums[2]! + sums[3]!, positives: sums[1]! + sums[3]! };
  };
  return {
    precision: (weights) => {
      const { right, predicted } = counts(weights);
      return right / predicted;
    },
    recall: (weights) => {
      const { right, positives } = counts(weights);
      return right / positives;
    },
    f1: (weights) => {
      const { right, predicted, positives } = counts(weights);
      return (2 * right) / (predicted + positives);
    },
  };
}

/** The threshold with the highest F1 (the highest such threshold), or null without positives. */
export function bestF1(
  truth: Uint8Array,
  score: Float64Array,
  rows: Int32Array,
): { threshold: number; f1: number } | null {
  const { order, last } = ranked(score, rows);
  let positives = 0;
  for (const row of rows) positives += truth[row]!;
  let right = 0;
  let best: { threshold: number; f1: number } | null = null;
  for (let i = 0; i < order.length; i++) {
    right += truth[order[i]!]!;
    const f1 = (2 * right) / (i + 1 + positives);
    if (last[i] === 1 && right > 0 && (best === null || f1 > best.f1)) best = { threshold: score[order[i]!]!, f1 };
  }
  return best;
}

/** Passages of each of `bins` bins of equal width over [0, 1] (1 belongs to the last): weight, positives, sum of scores. */
export function binned(
  truth: Uint8Array,
  score: Float64Array,
  rows: Int32Array,
  bins: number,
): (weights: Uint16Array) => { n: Float64Array; positives: Float64Array; scores: Float64Array } {
  const bin = binOf(score, rows, bins);
  return (weights) => {
    const n = new Float64Array(bins);
    const positives = new Float64Array(bins);
    const scores = new Float64Array(bins);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const weight = weights[row]!;
      const at = bin[i]!;
      n[at]! += weight;
      positives[at]! += weight * truth[row]!;
      scores[at]! += weight * score[row]!;
    }
    return { n, positives, scores };
  };
}

/** Expected calibration error: Σ over bins of |share of positives − mean score|, weighted by the bin's share of passages. */
export function calibrationError(truth: Uint8Array, score: Float64Array, rows: Int32Array, bins: number): Measure {
  const bin = binOf(score, rows, bins);
  const gap = Float64Array.from(rows, (row) => truth[row]! - score[row]!);
  return (weights) => {
    const gaps = new Float64Array(bins);
    let total = 0;
    for (let i = 0; i < rows.length; i++) {
      const weight = weights[rows[i]!]!;
      total += weight;
      gaps[bin[i]!]! += weight * gap[i]!;
    }
    let apart = 0;
    for (let b = 0; b < bins; b++) apart += Math.abs(gaps[b]!);
    return apart / total;
  };
}

/** Confusion counts `[truth * size + guess]` of labels 0 … size − 1. */
export function confusion(
  truth: Uint8Array,
  guess: Uint8Array,
  rows: Int32Array,
  size: number,
): (weights: Uint16Array) => Float64Array {
  return (weights) => {
    const cells = new Float64Array(size * size);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      cells[truth[row]! * size + guess[row]!]! += weights[row]!;
    }
    return cells;
  };
}

/** Accuracy, and the mean F1 over the labels that occur as truth or guess (scikit-learn's `f1_score(average="macro")`). */
export function classes(
  truth: Uint8Array,
  guess: Uint8Array,
  rows: Int32Array,
  size: number,
): { accuracy: Measure; macroF1: Measure } {
  const count = confusion(truth, guess, rows, size);
  return {
    accuracy: (weights) => {
      const cells = count(weights);
      let right = 0;
      for (let k = 0; k < size; k++) right += cells[k * size + k]!;
      return right / cells.reduce((sum, n) => sum + n, 0);
    },
    macroF1: (weights) => {
      const cells = count(weights);
      let sum = 0;
      let met = 0;
      for (let k = 0; k < size; k++) {
        let both = 0; // true k and guessed k, each counted once
        for (let j = 0; j < size; j++) both += cells[k * size + j]! + cells[j * size + k]!;
        if (both === 0) continue;
        met++;
        sum += (2 * cells[k * size + k]!) / both;
      }
      return sum / met;
    },
  };
}

/** The mean of the measures that are defined. */
export function mean(measures: readonly Measure[]): Measure {
  return (weights) => {
    let sum = 0;
    let defined = 0;
    for (const measure of measures) {
      const value = measure(weights);
      if (Number.isNaN(value)) continue;
      sum += value;
      defined++;
    }
    return sum / defined;
  };
}

export function difference(a: Measure, b: Measure): Measure {
  return (weights) => a(weights) - b(weights);
}

/** A measure that remembers what it gave for each weights array, where several figures share it. */
export function remembered(measure: Measure): Measure {
  const values = new Map<Uint16Array, number>();
  return (weights) => {
    let value = values.get(weights);
    if (value === undefined) {
      value = measure(weights);
      values.set(weights, value);
    }
    return value;
  };
}

function binOf(score: Float64Array, rows: Int32Array, bins: number): Uint8Array {
  return Uint8Array.from(rows, (row) => Math.min(bins - 1, Math.floor(score[row]! * bins)));
}

/** Rows by falling score, and which of them end a group of equal scores. */
function ranked(score: Float64Array, rows: Int32Array): { order: Int32Array; last: Uint8Array } {
  const order = Int32Array.from(rows).sort((a, b) => score[b]! - score[a]! || a - b);
  const last = new Uint8Array(order.length);
  for (let i = 0; i < order.length; i++) {
    last[i] = i + 1 === order.length || score[order[i]!] !== score[order[i + 1]!] ? 1 : 0;
  }
  return { order, last };
}
