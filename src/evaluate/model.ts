// The shape of an evaluation: plain JSON, numbers not rounded. What stands where, in which unit. No computation.
import type { Thresholds } from '../cascade.js';
import type { Conduct, Situation, Valence } from '../types.js';

/**
 * A metric with its 95% interval: percentiles of the metric over resampled documents. `estimate` is null where the metric is
 * not defined (no positives, nothing predicted); the limits are null where fewer than 9 in 10 resamples define it.
 */
export interface Figure {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Scores in [from, to), the last bin closed. `score` is their mean, `share` the share of positives; null when empty. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly score: number | null;
  readonly share: number | null;
}

/**
 * How well one score finds one property among `n` passages. Precision, recall and F1 hold at `score >= threshold`; it is null
 * where a threshold was to be chosen and there are no positives.
 */
export interface Binary {
  readonly n: number;
  readonly positives: number;
  readonly threshold: number | null;
  readonly precision: Figure;
  readonly recall: Figure;
  readonly f1: Figure;
  /** average precision: the sum over thresholds of precision times the step in recall */
  readonly ap: Figure;
  /** area under the ROC curve, ties by half */
  readonly auc: Figure;
}

/** A {@link Binary} of a probability: also whether it means what it says. */
export interface Calibrated extends Binary {
  /** expected calibration error over 15 bins of equal width; its resamples lie higher than itself when it is small */
  readonly ece: Figure;
  readonly bins: readonly Bin[];
  /** the highest F1 over all thresholds, found on these very labels; null without positives */
  readonly best: { readonly threshold: number; readonly f1: number } | null;
}

/** One label out of several that exclude each other; the guess is the most probable one. */
export interface Classes {
  readonly labels: readonly string[];
  readonly n: number;
  /** `confusion[truth][guess]`, counts of passages, in the order of `labels` */
  readonly confusion: readonly (readonly number[])[];
  readonly accuracy: Figure;
  /** mean F1 over the labels that occur as truth or guess */
  readonly macroF1: Figure;
}

export interface LabelRow {
  readonly positives: number;
  /** P(character) · P(label | character) against all passages */
  readonly ap: Figure;
  /** P(label | character) among the true characters */
  readonly apAmongCharacters: Figure;
  /** calibration error of P(character) · P(label | character) over all passages */
  readonly ece: Figure;
}

/** The labels of one head; `macro` is the mean over its labels with at least `fewest` positives. */
export interface LabelTable<Label extends string = string> {
  readonly rows: Readonly<Record<Label, LabelRow>>;
  readonly fewest: number;
  readonly macro: {
    readonly labels: number;
    readonly ap: Figure;
    readonly apAmongCharacters: Figure;
    readonly ece: Figure;
  };
}

export interface Share {
  readonly count: number;
  readonly n: number;
  /** count / n, and Clopper-Pearson's 95% limits, which take passages as independent; null when n is 0 */
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** What the cascade would keep of passages that it meets alone, without the rest of their documents. */
export interface Kept {
  /** the gate opens on title and text */
  readonly gate: Share;
  /** of all: gate, and the linear tier sends it to the encoder */
  readonly linear: Share;
  /** of all: gate, linear tier, and P(character) reaches the store threshold */
  readonly hit: Share;
  /** of all: a hit whose joint P(malevolent) reaches the flag threshold */
  readonly flag: Share;
}

export interface Baseline {
  readonly name: 'lexicon' | 'linear' | 'prototypes';
  /** at the threshold that is best for F1 on these very labels, which favours the baseline */
  readonly character: Binary;
  readonly malevolent: Binary;
  /** average precision of the encoder minus that of the baseline, on the same resamples */
  readonly ahead: { readonly character: Figure; readonly malevolent: Figure };
}

/** All metrics of one source, or of all together (`source: null`). */
export interface Group {
  readonly source: string | null;
  readonly passages: number;
  readonly documents: number;
  /** persona = character, by P(character), at the store threshold */
  readonly character: Calibrated;
  /** valence = malevolent against all else, by P(character) · P(malevolent | character), at the flag threshold */
  readonly malevolent: Calibrated;
  readonly persona: Classes;
  readonly framing: Classes;
  /** among true characters */
  readonly valence: Classes;
  readonly labels: {
    readonly valence: LabelTable<Valence>;
    readonly conduct: LabelTable<Conduct>;
    readonly situation: LabelTable<Situation>;
    readonly reasons: LabelTable<'reasons'>;
  };
  readonly kept: { readonly characters: Kept; readonly malevolent: Kept; readonly others: Kept };
  readonly baselines: readonly Baseline[];
}

/** A passage that the encoder got wrong. `line` counts from 1 in the label file; `text` only where it was asked for. */
export interface Worst {
  readonly line: number;
  readonly id: string;
  readonly source: string;
  readonly doc: string;
  readonly label: { readonly persona: string; readonly framing: string; readonly valence: string };
  readonly guess: { readonly persona: string; readonly framing: string; readonly valence: string };
  /** P(character) */
  readonly character: number;
  /** P(character) · P(malevolent | character) */
  readonly malevolent: number;
  readonly text?: string;
}

/** A line that is no label. `line` counts from 1. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

/** A good line that the cascade could not judge. */
export interface FailedLine {
  readonly line: number;
  readonly id: string;
  readonly message: string;
}

/** lines = used + bad + failed; blank lines are no lines. */
export interface Evaluation {
  readonly schemaVersion: 1;
  readonly labels: string;
  readonly model: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly thresholds: Thresholds;
  readonly bootstrap: { readonly seed: number; readonly replicates: number; readonly level: number };
  readonly counts: {
    readonly lines: number;
    readonly used: number;
    readonly bad: number;
    readonly failed: number;
  };
  readonly bad: readonly BadLine[];
  readonly failed: readonly FailedLine[];
  /** all passages first (`source: null`), then one group a source, by name */
  readonly groups: readonly Group[];
  readonly worst: { readonly persona: readonly Worst[]; readonly malevolent: readonly Worst[] };
  readonly notes: readonly string[];
}
