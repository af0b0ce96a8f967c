// The shape of report.json, schemaVersion 1. Rendering reads only this; values are not rounded here.

export interface Interval {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export type Status = 'measured' | 'transferred' | 'insufficient';

export interface PrevalenceRow extends Interval {
  /** `persona=character`, `valence=malevolent`, `trope=…`; conjunctions joined by ` & ` in codebook order */
  readonly property: string;
  readonly unit: 'document' | 'passage' | 'word' | 'token';
  /** null: all sources together */
  readonly source: string | null;
  readonly level: number;
  readonly method: string;
  /** units that the classifier counts as having the property */
  readonly positives: number;
  /** units in the corpus (or labelled units, where the method says so) */
  readonly sampled: number;
  readonly status: Status;
}

export interface Given {
  readonly situation?: string;
  readonly framing?: string;
  readonly name?: string;
  readonly source?: string;
}

export interface PriorRow {
  readonly given: Given;
  readonly over: 'valence' | 'conduct' | 'trope';
  readonly values: Readonly<Record<string, Interval>>;
  /** hits with the given condition at the classifier's verdict */
  readonly n: number;
  readonly effectiveN: number;
  readonly method: string;
  readonly status: Status;
}

export interface StageCounts {
  readonly in: number;
  readonly out: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly exact: boolean;
}

export interface SourceCounts {
  readonly source: string;
  readonly documents: number;
  readonly documentsWithHits: number;
  readonly passages: number;
  readonly words: number;
  readonly hits: number;
  readonly flags: number;
  /** false where passages and words of gate rejects are estimated from the reject sample */
  readonly exact: boolean;
  /** standard errors of passages and words, 0 where exact */
  readonly passagesError: number;
  readonly wordsError: number;
}

export interface Example {
  readonly id: number;
  readonly source: string;
  readonly document: string;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly persona: number;
  readonly malevolent: number;
  readonly valence: string;
  readonly conduct: readonly string[];
  readonly situation: readonly string[];
  readonly tropes: readonly string[];
  /** null with --no-text */
  readonly text: string | null;
}

export interface Report {
  readonly schemaVersion: 1;
  readonly run: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
  readonly counts: Readonly<Record<string, StageCounts>>;
  readonly sources: readonly SourceCounts[];
  readonly prevalence: readonly PrevalenceRow[];
  readonly prior: readonly PriorRow[];
  readonly calibration: Readonly<Record<string, unknown>>;
  readonly caveats: readonly string[];
  readonly examples: readonly Example[];
  readonly reproduce: Readonly<Record<string, unknown>>;
}
