// The lines that `classify --tallies` reads and writes, and the form of a hit and a sample in them. See docs/scale.md.
import type { FieldChoice, FieldMapping } from '../read/fields.js';
import type { InputFile } from '../read/inputs.js';
import type { Fault, Hit, Sample } from '../unit.js';

/** Of the lines here and of the rows that spark/scan.py writes. Rows of another version are refused. */
export const SCHEMA_VERSION = 1;

/** Field names, and which limits hold, for the files of a request. */
export interface ReadChoice extends FieldChoice {
  readonly trustCompression?: boolean;
}

/** Asks which files the inputs are. Answered by `planned` lines in the order of a scan, and `end`. */
export interface PlanRequest {
  readonly inputs: readonly string[];
  readonly source?: string;
  readonly choice?: ReadChoice;
  /** Parquet files over so many bytes come with their row groups */
  readonly split: number;
}

export interface PlannedFile {
  readonly file: InputFile;
  readonly source: string;
  readonly member: boolean;
  /** of a Parquet file over `split`: rows of each group, and the fields of the file */
  readonly groups?: readonly number[];
  readonly fields?: FieldMapping;
}

/** Asks for the scan of a file, of every Nth record of it, or of the records `from` to `until`. */
export interface ScanRequest {
  readonly file: InputFile;
  readonly source: string;
  readonly member: boolean;
  readonly part?: { readonly index: number; readonly of: number };
  readonly from?: number;
  readonly until?: number;
  /** of the whole file, where the request begins inside it */
  readonly fields?: FieldMapping;
  readonly choice?: ReadChoice;
}

/** What a scan stores of a file besides its finds: a row of the table `shards`. */
export interface FileEnd {
  readonly file: InputFile;
  readonly format: string | null;
  readonly compression: string | null;
  readonly fields: FieldMapping | null;
  readonly status: 'done' | 'incomplete';
  readonly fault: unknown;
  readonly nextRecord: number;
  readonly nextByte: number;
  readonly compressedBytes: number;
}

/** What a scan stores of a run. */
export interface Hello {
  readonly schema: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly hashes: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

export type HitLine = Omit<Hit, 'scores' | 'embedding'> & { readonly scores: string; readonly embedding: string };
export type SampleLine = Omit<Sample, 'scores'> & { readonly scores: string | null };
export type FaultLine = Omit<Fault, 'found'>;

/** One line of output has one of these keys; lines of documents are those of `classify`. */
export type TallyLine =
  | { readonly hello: Hello }
  | { readonly planned: PlannedFile }
  | { readonly hit: HitLine }
  | { readonly sample: SampleLine }
  | { readonly fault: FaultLine }
  | { readonly tally: { readonly stage: string; readonly kind: string; readonly reason: string; readonly n: number } }
  | { readonly progress: { readonly documents: number; readonly passages: number; readonly hits: number } }
  | { readonly end: FileEnd | null }
  | { readonly failed: { readonly code: string; readonly message: string; readonly help?: string } };

export function hitLine(hit: Hit): HitLine {
  return { ...hit, scores: base64(hit.scores), embedding: base64(hit.embedding) };
}

export function sampleLine(sample: Sample): SampleLine {
  return { ...sample, scores: sample.scores === null ? null : base64(sample.scores) };
}

/** float32, little-endian: the bits that the database holds. */
function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}
