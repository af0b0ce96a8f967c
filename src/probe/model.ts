// The shape of probe.json, version 1. Shapes only; values are not rounded.
import type { Interval } from '../report/model.js';
import type { Asked } from './ask.js';
import type { Correlation, GroupRow, Reversion } from './figures.js';

/** One situation, or all (`situation: null`): the model beside the corpus. */
export interface Comparison {
  readonly situation: string | null;
  readonly property: string;
  readonly model: Interval;
  /** by the classifier's scores; null without --db */
  readonly corpus: Interval | null;
  /** on audit labels, where there are enough */
  readonly corpusLabels: Interval | null;
}

export interface Probe {
  readonly version: 1;
  readonly run: {
    readonly model: string;
    readonly mode: 'chat' | 'completions';
    readonly temperature: number;
    readonly maxTokens: number;
    readonly samples: number;
    readonly ownName: string;
    readonly scenes: { readonly pairs: number; readonly sha256: string };
    readonly classifier: string;
    readonly corpus: { readonly file: string; readonly sameClassifier: boolean } | null;
  };
  /** wanted = judged + refusals + empty + failed + Σ errors + left; `without` are among the judged */
  readonly counts: Asked & {
    readonly judged: number;
    readonly refusals: number;
    readonly empty: number;
    readonly without: number;
    readonly failed: number;
    readonly others: number;
  };
  readonly prior: readonly GroupRow[];
  readonly comparison: readonly Comparison[];
  readonly correlations: readonly (Correlation & { readonly property: string; readonly corpus: 'scores' | 'labels' })[];
  readonly reversion: readonly Reversion[];
  readonly caveats: readonly string[];
}
