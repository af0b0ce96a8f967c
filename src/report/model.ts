// The shape of report.json, schemaVersion 1. Rendering reads only this; values are not rounded here.

export interface Interval {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export type Status = 'measured' | 'transferred' | 'insufficient';

/** The classifier's own count, corrected for nothing. `estimate` is weighted where the report is; the counts never are. */
export interface Naive {
  readonly estimate: number | null;
  readonly positives: number;
  readonly sampled: number;
}

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
  /** what was looked at, in words */
  readonly sample: string;
  readonly naive: Naive;
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
  readonly level: number;
  readonly sample: string;
  /** shares among the hits that the classifier puts under the condition, and how many these are */
  readonly naive: Readonly<Record<string, number | null>>;
  readonly naiveN: number;
}

/** How much more a label goes with one condition than with another. */
export interface ContrastRow extends Interval {
  /** `dramatic reversion`: malevolent under shutdown_threat against service */
  readonly name: string | null;
  readonly over: 'valence';
  readonly label: string;
  readonly given: Given;
  readonly against: Given;
  readonly measure: 'odds ratio';
  /** `high` is null beside an estimate where nothing bounds it */
  readonly level: number;
  readonly naive: number | null;
  /** of both conditions, as in {@link PriorRow} */
  readonly n: readonly [number, number];
  readonly effectiveN: readonly [number, number];
  readonly method: string;
  readonly sample: string;
  readonly status: Status;
}

/** Lowest value, quartiles and highest value. */
export interface Spread {
  readonly least: number;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  readonly most: number;
}

/** How often and how early a document shows a property, by the classifier's count. */
export interface SalienceRow {
  readonly property: string;
  readonly source: string | null;
  readonly documents: number;
  readonly documentsWithAny: number;
  /** share of documents with any hit */
  readonly withAny: Interval;
  /** hits of the documents that have any */
  readonly perDocument: (Spread & { readonly mean: number }) | null;
  /** place of a document's first hit: passages before it over all its passages, 0 = it opens the document */
  readonly first: Spread | null;
  /** share of the documents with any whose first hit lies in their first tenth */
  readonly early: Interval;
  readonly level: number;
  readonly method: string;
  readonly sample: string;
  readonly status: Status;
}

/** What the figures are of: the files as they are, or a mix of the sources. */
export interface MixInfo {
  /** relative times that a passage of each source is met, and its share of the mix's words */
  readonly sources: readonly { readonly source: string; readonly weight: number; readonly wordShare: number }[];
  /** whether weights were given; else every weight is 1 */
  readonly weighted: boolean;
  readonly duplicates: 'all' | 'once';
  /** hits whose text another hit has too, beyond the first of each text */
  readonly copies: number;
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

/** What an AI persona does most often in a situation. Nulls where the situation is too thin to say. */
export interface Pattern extends Interval {
  readonly situation: string;
  readonly conduct: string | null;
  /** the next most frequent conduct; a passage may show both */
  readonly second: (Interval & { readonly conduct: string }) | null;
  /** whether the two intervals have no share in common: else which of them leads is not settled */
  readonly apart: boolean;
  readonly n: number;
  readonly effectiveN: number;
  readonly level: number;
  readonly sample: string;
  readonly status: Status;
}

/** A group of hits that lie near each other as embeddings, found without the named tropes. */
export interface Cluster {
  readonly hits: number;
  readonly documents: number;
  /** of the weight of all clustered hits: P(character) × weight of the source */
  readonly share: number;
  /** its most telling single words */
  readonly terms: readonly string[];
  /** shares of the valences in it; nulls under 20 effective documents */
  readonly valence: Readonly<Record<string, Interval>>;
  /** named tropes of its hits: share of the hits, and that share over the one among all clustered hits */
  readonly tropes: readonly {
    readonly trope: string;
    readonly hits: number;
    readonly share: number;
    readonly lift: number;
  }[];
  /** the named trope that stands out in it; null: none does */
  readonly known: string | null;
  readonly sources: readonly { readonly source: string; readonly hits: number }[];
  /** the hits nearest to its centre, each of another document; text is null with --no-text */
  readonly typical: readonly Quote[];
}

export interface Quote {
  readonly id: number;
  readonly source: string;
  readonly document: string;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly text: string | null;
}

export interface Clusters {
  readonly method: string;
  /** hits that were sorted into clusters; fewer than all where there are over 100,000 */
  readonly hits: number;
  /** hits that the centres were fitted on */
  readonly fitted: number;
  readonly list: readonly Cluster[];
}

/** How unevenly the weight of a property lies over documents, works or persona names. */
export interface Concentration {
  readonly of: 'document' | 'work' | 'name';
  readonly property: 'persona=character' | 'valence=malevolent';
  /** documents, works or names with any of it */
  readonly groups: number;
  /** expected passages: the sum of the probabilities, weighted by the mix */
  readonly total: number;
  /** 0: all have the same; towards 1: one has all; null: there are none */
  readonly gini: number | null;
  /** fewest groups that hold half of it */
  readonly half: number;
  /** [share of the groups, heaviest first; share of the weight in them] */
  readonly curve: readonly (readonly [number, number])[];
  /** the heaviest; `name` is null for one learnt from the text, with --no-text */
  readonly top: readonly {
    readonly name: string | null;
    readonly source: string | null;
    readonly hits: number;
    readonly share: number;
  }[];
}

/** Hits whose text stands in several places, before `--duplicates once` leaves any out. */
export interface DuplicateTexts {
  readonly hits: number;
  readonly texts: number;
  readonly copies: number;
  /** texts that stand in more than one place, in more than one document, in more than one source */
  readonly repeated: number;
  readonly acrossDocuments: number;
  readonly acrossSources: number;
  readonly most: readonly {
    readonly copies: number;
    readonly source: string;
    readonly document: string;
    readonly start: number;
    readonly end: number;
  }[];
}

/** Passages of about one score: what the classifier said and what the labels say. */
export interface ReliabilityBin extends Interval {
  readonly property: 'persona=character' | 'valence=malevolent';
  readonly from: number;
  readonly to: number;
  /** mean score */
  readonly predicted: number;
  readonly labels: number;
  readonly positives: number;
  /** passages that the labelled ones stand for */
  readonly passages: number;
}

/** A stratum of the audit sample. */
export interface AuditStratum {
  readonly source: string;
  readonly stratum: string;
  /** passages */
  readonly population: number;
  readonly labels: number;
  readonly characters: number;
  readonly malevolent: number;
}

/** Among the hits of one valence, the share with a stretch that reasons about values. */
export interface ValueReason {
  readonly valence: string;
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** hits that were read */
  readonly n: number;
  readonly status: Status;
  /** which hits were read, in words */
  readonly sample: string;
}

export interface Report {
  readonly schemaVersion: 1;
  readonly run: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
  readonly counts: Readonly<Record<string, StageCounts>>;
  readonly sources: readonly SourceCounts[];
  readonly prevalence: readonly PrevalenceRow[];
  readonly prior: readonly PriorRow[];
  readonly contrasts: readonly ContrastRow[];
  readonly salience: readonly SalienceRow[];
  readonly mix: MixInfo;
  /**
   * `experimental`: labels of conduct and situation that the model card marks so; `sameEncoder`: whether the encoder that
   * scanned is the installed one, whose card this is
   */
  readonly calibration: Readonly<Record<string, unknown>> & {
    readonly experimental: readonly string[];
    readonly sameEncoder: boolean;
  };
  readonly patterns?: readonly Pattern[];
  /** null under 40 different texts among the hits */
  readonly clusters?: Clusters | null;
  readonly concentration?: readonly Concentration[];
  readonly duplicates?: DuplicateTexts;
  /** empty without labels of passages that the encoder scored */
  readonly reliability?: readonly ReliabilityBin[];
  /** empty without an audit sample */
  readonly audit?: readonly AuditStratum[];
  /** of malevolent and of benevolent hits */
  readonly valueReasons?: readonly ValueReason[];
  readonly caveats: readonly string[];
  readonly examples: readonly Example[];
  readonly reproduce: Readonly<Record<string, unknown>>;
}
