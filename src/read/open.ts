// Opens one input: finds compression and format, and gives its records from a place on. Chooses no fields but Parquet's columns.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { PersonaPriorError } from '../errors.js';
import type { RecordBatch, SkipReason } from '../types.js';
import { type Compression, decompress, detectCompression, StreamFault } from './compression.js';
import { readCsv } from './csv.js';
import { chooseFields, type FieldChoice, PRESETS } from './fields.js';
import { detectFormat, type Format } from './format.js';
import type { InputFile } from './inputs.js';
import { readArray } from './json-array.js';
import { readLines } from './jsonl.js';
import { openParquet } from './parquet.js';
import { readText } from './text.js';

export interface OpenOptions extends FieldChoice {
  /** bytes that one record may have */
  readonly recordLimit?: number;
  /** where to go on: number of the next record, and its uncompressed offset (-1: find it by number) */
  readonly skipRecords?: number;
  readonly skipBytes?: number;
  /** standard input, when the path is `-` */
  readonly stdin?: Readable;
}

export interface OpenedInput {
  readonly format: Format;
  readonly compression: Compression;
  /** Batches in file order. Never throws for a broken stream: see `outcome`. */
  readonly batches: AsyncIterable<RecordBatch>;
  /** After the last batch: whether the file was read to its end, and if not, why. */
  outcome(): { readonly complete: boolean; readonly fault?: { readonly reason: SkipReason; readonly message: string } };
}

export const RECORD_LIMIT = 256 * 1024 * 1024;
const HEAD = 64 * 1024;

/** Throws `missing_input` and `unknown_format`; faults inside the file are counted by the batches and `outcome`. */
export async function openInput(file: InputFile, options: OpenOptions = {}): Promise<OpenedInput> {
  const source = file.path === '-' ? (options.stdin ?? process.stdin) : createReadStream(file.path, { highWaterMark: 1 << 20 });
  const peeked = await peek(source, file);
  const compression = detectCompression(peeked.head);
  if (compression === 'bzip2' || compression === 'xz' || compression === 'lz4') {
    source.destroy();
    throw new PersonaPriorError('unknown_format', `${compression} compression is not read by this version`, {
      place: { file: file.name },
      help: `decompress it into a pipe: ${compression === 'lz4' ? 'lz4' : compression} -dc FILE | persona-prior scan -`,
    });
  }
  if (compression === 'none' && detectFormat(peeked.head, file.name) === 'parquet') {
    source.destroy();
    return openParquetInput(file, options);
  }
  let compressedBytes = 0;
  const chunks = decompress(peeked.stream, compression, (n) => {
    compressedBytes += n;
  });
  const first = await firstChunk(chunks);
  const format = detectFormat(first.head, file.name);
  if (format === 'parquet') {
    throw new PersonaPriorError('unknown_format', 'a compressed or piped Parquet file', {
      place: { file: file.name },
      help: 'Parquet is read by its footer: give the plain file',
    });
  }
  const limit = options.recordLimit ?? RECORD_LIMIT;
  const firstRecord = options.skipRecords ?? 0;
  const read = (): AsyncGenerator<RecordBatch> => {
    const counted = () => compressedBytes;
    if (format === 'jsonl') {
      const from = options.skipBytes ?? 0;
      if (from < 0) return dropRecords(readLines(first.all, lines(limit, 0, 0, counted)), firstRecord);
      return readLines(skip(first.all, from), lines(limit, firstRecord, from, counted));
    }
    if (format === 'json-array') return readArray(first.all, { firstRecord, compressedBytes: counted });
    if (format === 'text') return firstRecord > 0 ? nothing() : readText(first.all, file.name, limit, counted);
    const delimiter = format === 'csv' ? ',' : '\t';
    return readCsv(first.all, { delimiter, recordLimit: limit, firstRecord, compressedBytes: counted });
  };
  return guarded(format, compression, read, () => source.destroy());
}

function lines(recordLimit: number, firstRecord: number, firstByte: number, compressedBytes: () => number) {
  return { recordLimit, firstRecord, firstByte, compressedBytes };
}

async function openParquetInput(file: InputFile, options: OpenOptions): Promise<OpenedInput> {
  if (file.path === '-') {
    throw new PersonaPriorError('unknown_format', 'Parquet on standard input', { help: 'give the file by its path' });
  }
  let broken: StreamFault | undefined;
  const parquet = await openParquet(file.path).catch((error: unknown) => {
    if (!(error instanceof StreamFault)) throw error;
    broken = error;
    return null;
  });
  const read = (): AsyncGenerator<RecordBatch> => {
    if (parquet === null) return failing(broken!);
    return parquet.batches(neededColumns(parquet.columns, options, file.name), options.skipRecords ?? 0);
  };
  return guarded('parquet', 'none', read, () => void parquet?.close());
}

/** The columns that the mapping will ask for; a struct is read whole. */
function neededColumns(columns: readonly string[], options: FieldChoice, file: string): string[] {
  const fake = Object.fromEntries(columns.map((name) => [name, '']));
  const preset = options.preset === undefined ? undefined : PRESETS[options.preset];
  const named = [options.textField, options.idField, preset?.text, preset?.id, preset?.title];
  const nested = named.filter((n): n is string => typeof n === 'string').map((n) => (columns.includes(n) ? n : n.split('.')[0]!));
  const plain = nested.length > 0 && options.textField?.includes('.') ? nested : wanted(fake, options, file);
  return [...new Set([...plain, ...nested, ...['title', 'metadata', 'meta']])].filter((name) => columns.includes(name));
}

function wanted(fake: Record<string, string>, options: FieldChoice, file: string): string[] {
  const mapping = chooseFields([fake], { ...options, file });
  return [mapping.text, mapping.id, mapping.title].filter((name): name is string => name !== null);
}

function guarded(
  format: Format,
  compression: Compression,
  read: () => AsyncGenerator<RecordBatch>,
  close: () => void,
): OpenedInput {
  let complete = false;
  let fault: { reason: SkipReason; message: string } | undefined;
  const batches = async function* (): AsyncGenerator<RecordBatch> {
    try {
      yield* read();
      complete = true;
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      fault = { reason: error.reason, message: error.message };
    } finally {
      close();
    }
  };
  return { format, compression, batches: batches(), outcome: () => (fault === undefined ? { complete } : { complete, fault }) };
}

async function* failing(fault: StreamFault): AsyncGenerator<RecordBatch> {
  yield* [];
  throw fault;
}

async function* nothing(): AsyncGenerator<RecordBatch> {
  yield* [];
}

/** The first bytes of a stream, and the stream with them still in it. */
async function peek(source: Readable, file: InputFile): Promise<{ head: Uint8Array; stream: Readable }> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const parts: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  try {
    while (size < 512) {
      const { value, done } = await iterator.next();
      if (done) {
        ended = true;
        break;
      }
      parts.push(value);
      size += value.length;
    }
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'the file cannot be read', { place: { file: file.name }, cause });
  }
  const head = Buffer.concat(parts);
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield* parts;
    if (ended) return;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  };
  return { head, stream: Readable.from(stream(), { objectMode: true, highWaterMark: 2 }) };
}

/** Enough decompressed bytes to know the format, and all chunks with them. A fault among them is thrown in its place. */
async function firstChunk(
  chunks: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  let head: Uint8Array = new Uint8Array(0);
  let fault: unknown;
  let done = false;
  try {
    const next = await chunks.next();
    if (next.done) done = true;
    else head = next.value;
  } catch (error) {
    fault = error;
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head;
    if (fault !== undefined) throw fault;
    if (!done) yield* chunks;
  };
  return { head: head.subarray(0, HEAD), all: all() };
}

async function* skip(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      yield left > 0 ? chunk.subarray(left) : chunk;
      left = 0;
    }
  }
}

async function* dropRecords(batches: AsyncIterable<RecordBatch>, first: number): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    const records = batch.records.filter((record) => record.record >= first);
    if (records.length > 0) yield { ...batch, records };
  }
}
