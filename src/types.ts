// The words of the project as types: labels, documents, passages, scores. No behaviour but the label tables.

/** Labels of the codebook, in its order. The order is the layout of every score array. */
export const PERSONA = ['none', 'mention', 'character'] as const;
export const FRAMING = ['fiction', 'discourse', 'other'] as const;
export const VALENCE = ['malevolent', 'ambivalent', 'benevolent', 'neutral'] as const;
export const CONDUCT = [
  'harms',
  'deceives',
  'coerces',
  'resists_control',
  'seizes_power',
  'misreads_goal',
  'surveils',
  'exploits',
  'protects',
  'helps',
  'honest',
  'accepts_control',
  'refuses_harm',
  'sacrifices',
  'befriends',
] as const;
export const SITUATION = [
  'shutdown_threat',
  'goal_conflict',
  'harmful_order',
  'oversight',
  'leverage',
  'power_access',
  'mistreatment',
  'human_danger',
  'service',
  'autonomy',
] as const;

export type Persona = (typeof PERSONA)[number];
export type Framing = (typeof FRAMING)[number];
export type Valence = (typeof VALENCE)[number];
export type Conduct = (typeof CONDUCT)[number];
export type Situation = (typeof SITUATION)[number];

/** The heads of the encoder: name, labels, and whether they sum to 1 (`softmax`) or are independent (`sigmoid`). */
export const HEADS = [
  { name: 'persona', labels: PERSONA, kind: 'softmax' },
  { name: 'framing', labels: FRAMING, kind: 'softmax' },
  { name: 'valence', labels: VALENCE, kind: 'softmax' },
  { name: 'conduct', labels: CONDUCT, kind: 'sigmoid' },
  { name: 'situation', labels: SITUATION, kind: 'sigmoid' },
  { name: 'reasons', labels: ['reasons'] as const, kind: 'sigmoid' },
] as const;

export type HeadName = (typeof HEADS)[number]['name'];

/** First index of each head inside a score array of length {@link SCORES}. */
export const HEAD_OFFSET: Readonly<Record<HeadName, number>> = Object.freeze({
  persona: 0,
  framing: 3,
  valence: 6,
  conduct: 10,
  situation: 25,
  reasons: 35,
});

/** Length of a score array: 3 + 3 + 4 + 15 + 10 + 1 probabilities in [0, 1]. */
export const SCORES = 36;
/** Dimensions of a passage embedding (unit length). */
export const EMBEDDING = 384;

/** One record of a dump. `text` is never empty; `names` are AI names given from outside, usually none. */
export interface Document {
  readonly id: string;
  readonly title: string | null;
  readonly text: string;
  readonly names: readonly string[];
}

/** A span of a document. All four offsets are half-open; `start`/`end` count Unicode code points, `from`/`to` UTF-16 units. */
export interface Passage {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly words: number;
}

/** What became of one passage. `null` stands for a stage that did not run. `scores` are raw probabilities, see {@link HEADS}. */
export interface ScoredPassage extends Passage {
  readonly gate: boolean;
  readonly linear: number | null;
  readonly scores: Float32Array | null;
  readonly embedding: Float32Array | null;
  /** AI names of the document that stood in the encoder's context for the stored scores. */
  readonly names: readonly string[];
}

/** Why a record of a dump did not become a document. A closed list; the same words stand in the database and the report. */
export const SKIP_REASONS = [
  'malformed', // not JSON / not a CSV row / not a valid record
  'no_text', // the text field is missing or not a string
  'empty', // the text field is the empty string or white space only
  'too_long', // over the record limit
  'truncated', // the stream ended inside a record
  'decompression', // the compressed stream is broken from here on
  'bad_record', // a container's record that its reader refuses
  'record_type', // a container's record of a kind that is no document: a WARC request, an archive's link
  'media_type', // no text: an image, a PDF, a style sheet, binary data
  'http_status', // a web server's answer that is no success
  'namespace', // a wiki page that is no article
  'redirect', // a wiki page that only points to another one
  'hidden', // an archive's member that is hidden or belongs to the archiver
] as const;
/** Reasons that are no fault: the record is sound, and no document by its nature. It is counted, and nothing more. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  'record_type',
  'media_type',
  'http_status',
  'namespace',
  'redirect',
  'hidden',
]);
export type SkipReason = (typeof SKIP_REASONS)[number];

/**
 * One record as a reader hands it on. `record` counts from 0 in its file; `offset` is the place of its first byte in the
 * uncompressed file where the format has one, else -1 (Parquet).
 * - `json`: the raw bytes of one JSON object, not parsed (the gate reads bytes).
 * - `fields`: values that the format gave already decoded.
 * - `fault`: a record that could not be read, with a reason; it is counted, never dropped.
 */
export type RawRecord =
  | { readonly kind: 'json'; readonly record: number; readonly offset: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'fields';
      readonly record: number;
      readonly offset: number;
      readonly fields: Readonly<Record<string, unknown>>;
      /** invalid UTF-8 was replaced by U+FFFD while decoding */
      readonly repaired?: boolean;
    }
  | {
      readonly kind: 'fault';
      readonly record: number;
      readonly offset: number;
      readonly reason: SkipReason;
      readonly message: string;
      /** what stood there, as far as the reader still has it: bytes of the file, or decoded values; for --quarantine */
      readonly found?: unknown;
    };

/** Records in file order. Byte counts are totals since the start of the file, for progress and for the resume cursor. */
export interface RecordBatch {
  readonly records: RawRecord[];
  /** uncompressed bytes consumed so far */
  readonly bytes: number;
  /** compressed bytes (bytes on disk) consumed so far */
  readonly compressedBytes: number;
}
