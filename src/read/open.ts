// Opens one input: finds compression and format, and gives its records from a place on. Chooses no fields but Parquet's columns.
import { createReadStream } from 'node:fs';
import { PersonaPriorError } from '../errors.js';
import type { RecordBatch, SkipReason } from '../types.js';
import { type Compression, decompress, detectCompression } from './compression.js';
import { readCsv, usesQuotes } from './csv.js';
import { StreamFault } from './fault.js';
import { type FieldChoice, topLevelFields } from './fields.js';
import { detectFormat, type Format } from './format.js';
import type { InputFile } from './inputs.js';
import { readArray } from './json-array.js';
import { readLines } from './jsonl.js';
import { openParquet, type ParquetFile } from './parquet.js';
import { counted, readFile, skip, withHead } from './source.js';
import { readText } from './text.js';

export interface OpenOptions extends FieldChoice {
  /** the only columns that are read of a Parquet file; default: those that could be text, id or title */
  readonly columns?: readonly string[];
  /** bytes that one record may have */
  readonly recordLimit?: number;
  /** where to go on: the number of the next record, and for JSONL its uncompressed offset (-1: unknown) */
  readonly skipRecords?: number;
  readonly skipBytes?: number;
  /** standard input, when the path is `-` */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

export interface StreamOutcome {
  readonly complete: boolean;
  /** `offset`: uncompressed bytes that were read before, -1 where unknown */
  readonly fault?: { readonly reason: SkipReason; readonly message: string; readonly offset: number };
}

export interface OpenedInput {
  readonly format: Format;
  readonly compression: Compression;
  /** how many records there are, where the file itself says it (Parquet) */
  readonly rows: number | null;
  /** Batches in file order, to be read once. Never throws for a broken stream: see `outcome`. */
  readonly batches: AsyncIterable<RecordBatch>;
  /** After the last batch: whether the file was read to its end, and if not, why. */
  outcome(): StreamOutcome;
}

export const RECORD_LIMIT = 256 * 1024 * 1024;
const HEAD = 64 * 1024;
/** Faults that wait for a readable record. */
const MOST_HELD = 10_000;

/**
 * Throws `missing_input` and `unknown_format`. Faults inside the file are counted by the batches and `outcome`. With
 * `skipRecords` the records from that number on come as a full read gives them: plain JSONL starts at `skipBytes`, Parquet
 * passes over whole row groups, everything else is read again and let go.
 */
export async function openInput(file: InputFile, options: OpenOptions = {}): Promise<OpenedInput> {
  let compressedBytes = 0;
  const bytesOf = (start: number): AsyncIterable<Uint8Array> => {
    compressedBytes = start;
    const source = file.path === '-' ? (options.stdin ?? standardInput()) : readFile(file.path, file.name, start);
    return counted(source, (n) => {
      compressedBytes += n;
    });
  };
  const raw = await withHead(bytesOf(0), HEAD);
  const compression = detectCompression(raw.head);
  let close = raw.close;
  try {
    if (compression === 'bzip2' || compression === 'xz' || compression === 'lz4') {
      throw new PersonaPriorError('unknown_format', `${compression} compression is not supported yet`, {
        place: { file: file.name },
        help: `${compression} -dc FILE | persona-prior scan -`,
      });
    }
    if (compression === 'none' && detectFormat(raw.head, file.name) === 'parquet') {
      await raw.close();
      return await openParquetInput(file, options);
    }
    // a corrupt place is decoded a second time, which a pipe does not allow
    const reopen = file.size === null ? undefined : () => readFile(file.path, file.name);
    const bytes = await withHead(decompress(raw.all, compression, reopen), HEAD);
    close = bytes.close;
    const format = detectFormat(bytes.head, file.name);
    if (format === 'parquet') throw unseekable(file);

    const recordLimit = options.recordLimit ?? RECORD_LIMIT;
    const firstRecord = options.skipRecords ?? 0;
    const common = { recordLimit, firstRecord, compressedBytes: () => compressedBytes };
    const lines = async function* (): AsyncGenerator<RecordBatch> {
      const firstByte = options.skipBytes ?? (firstRecord > 0 ? -1 : 0);
      if (firstByte < 0) {
        yield* from(firstRecord, readLines(bytes.all, { ...common, firstRecord: 0, firstByte: 0 }));
      } else if (compression === 'none' && file.size !== null && firstByte > 0) {
        await bytes.close();
        yield* readLines(bytesOf(firstByte), { ...common, firstByte });
      } else yield* readLines(skip(bytes.all, firstByte), { ...common, firstByte });
    };
    const read = (): AsyncGenerator<RecordBatch> => {
      if (format === 'jsonl') return lines();
      if (format === 'json-array') return readArray(bytes.all, common);
      if (format === 'text')
        return from(firstRecord, readText(bytes.all, file.name, recordLimit, common.compressedBytes));
      const delimiter = format === 'csv' ? ',' : '\t';
      return readCsv(bytes.all, {
        ...common,
        delimiter,
        quotes: format === 'csv' || usesQuotes(bytes.head.subarray(0, HEAD)),
      });
    };
    return guarded(format, compression, null, read, bytes.close);
  } catch (error) {
    await close();
    throw error;
  }
}

function standardInput(): AsyncIterable<Uint8Array> {
  return createReadStream('', { fd: 0, autoClose: false });
}

function unseekable(file: InputFile): PersonaPriorError {
  return new PersonaPriorError('unknown_format', 'a Parquet file that is compressed or comes through a pipe', {
    place: { file: file.name },
    help: 'Parquet is read from its end: give the plain file by its path',
  });
}

async function openParquetInput(file: InputFile, options: OpenOptions): Promise<OpenedInput> {
  if (file.size === null) throw unseekable(file);
  let parquet: ParquetFile;
  try {
    parquet = await openParquet(file.path);
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    return guarded(
      'parquet',
      'none',
      null,
      () => broken(error),
      async () => {},
    );
  }
  const asked = options.columns ?? topLevelFields(parquet.columns, options);
  const columns = asked.filter((name) => parquet.columns.includes(name));
  const read = (): AsyncGenerator<RecordBatch> => parquet.batches(columns, options.skipRecords ?? 0);
  return guarded('parquet', 'none', parquet.rows, read, parquet.close);
}

function guarded(
  format: Format,
  compression: Compression,
  rows: number | null,
  read: () => AsyncGenerator<RecordBatch>,
  close: () => Promise<void>,
): OpenedInput {
  let outcome: StreamOutcome = { complete: false };
  const batches = async function* (): AsyncGenerator<RecordBatch> {
    try {
      yield* readableFirst(read());
      outcome = { complete: true };
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      const { reason, message, offset } = error;
      outcome = { complete: false, fault: { reason, message, offset } };
    } finally {
      await close();
    }
  };
  return { format, compression, rows, batches: batches(), outcome: () => outcome };
}

/** Joins the faults before the first readable record to its batch: the fields are chosen from the first batch. */
async function* readableFirst(batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  let held: RecordBatch | undefined;
  let found = false;
  try {
    for await (const batch of batches) {
      const joined: RecordBatch =
        held === undefined ? batch : { ...batch, records: [...held.records, ...batch.records] };
      found ||= joined.records.some((record) => record.kind !== 'fault') || joined.records.length > MOST_HELD;
      held = found ? undefined : joined;
      if (found) yield joined;
    }
  } catch (error) {
    if (held !== undefined) yield held;
    throw error;
  }
  if (held !== undefined) yield held;
}

async function* broken(fault: StreamFault): AsyncGenerator<RecordBatch> {
  yield* [];
  throw fault;
}

/** Records from a number on. */
async function* from(first: number, batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    const records = batch.records.filter((record) => record.record >= first);
    if (records.length > 0) yield { ...batch, records };
  }
}
