// Opens one input: finds compression and format, and gives its records from a place on. Chooses no fields but Parquet's columns.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { PersonaPriorError } from '../errors.js';
import type { RecordBatch, SkipReason } from '../types.js';
import { readArchive } from './archive.js';
import { COMPRESSED, type Compression, decompress, detectCompression } from './compression.js';
import { withinLimits } from './expansion.js';
import { StreamFault } from './fault.js';
import { type FieldChoice, topLevelFields } from './fields.js';
import { detectFormat, type Format } from './format.js';
import type { InputFile } from './inputs.js';
import { readLines } from './jsonl.js';
import { openParquet, type ParquetFile } from './parquet.js';
import { from, readableFirst, readFormat } from './readers.js';
import { counted, readFile, skip, withHead } from './source.js';
import { tarMembers } from './tar.js';
import { readWarc } from './warc.js';
import { openZip } from './zip.js';

export interface OpenOptions extends FieldChoice {
  /** the only columns that are read of a Parquet file; default: those that could be text, id or title */
  readonly columns?: readonly string[];
  /** bytes that one record may have */
  readonly recordLimit?: number;
  /** where to go on: the number of the next record, and for JSONL its uncompressed offset (-1: unknown) */
  readonly skipRecords?: number;
  readonly skipBytes?: number;
  /** fields that are chosen anew for every member of an archive; default: these options */
  readonly members?: FieldChoice;
  /** no limits on how far a compressed stream may expand */
  readonly trustCompression?: boolean;
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
  /** SHA-256 (hex) of the first 64 KiB of a stream; null for a regular file, whose hash stands in its `InputFile` */
  readonly headHash: string | null;
  /** Batches in file order, to be read once. Never throws for a broken stream: see `outcome`. */
  readonly batches: AsyncIterable<RecordBatch>;
  /** After the last batch: whether the file was read to its end, and if not, why. */
  outcome(): StreamOutcome;
}

export const RECORD_LIMIT = 256 * 1024 * 1024;
const HEAD = 64 * 1024;

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
  const compression = detectCompression(raw.head, file.name);
  let close = raw.close;
  try {
    const plain = compression === 'none' ? detectFormat(raw.head, file.name) : null;
    if (plain === 'parquet' || plain === 'zip') {
      await raw.close();
      return plain === 'parquet' ? await openParquetInput(file, options) : await openZipInput(file, options);
    }
    // a corrupt place is decoded a second time, which a pipe does not allow
    const reopen = file.size === null ? undefined : () => readFile(file.path, file.name);
    const decompressed = decompress(raw.all, compression, reopen);
    const free = compression === 'none' || options.trustCompression;
    const bytes = await withHead(free ? decompressed : withinLimits(decompressed, () => compressedBytes), HEAD);
    close = bytes.close;
    const format = detectFormat(bytes.head, file.name);
    if (format === 'parquet' || format === 'zip') throw unseekable(file, format);

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
    const warc = async function* (firstByte: number): AsyncGenerator<RecordBatch> {
      await bytes.close();
      yield* readWarc(bytesOf(firstByte), { ...common, firstByte, firstNumber: firstRecord });
    };
    const read = (): AsyncGenerator<RecordBatch> => {
      if (format === 'jsonl') return lines();
      if (format === 'tar') return readArchive(tarMembers(bytes.all), archiveOptions(options, common.compressedBytes));
      const seekable = compression === 'none' && file.size !== null;
      const { skipBytes = 0 } = options;
      if (format === 'warc' && seekable && firstRecord > 0 && skipBytes > 0) return warc(skipBytes);
      const id = (file.inside ?? basename(file.name)).replace(COMPRESSED, '');
      return readFormat(format, { ...common, id, head: bytes.head.subarray(0, HEAD), chunks: bytes.all });
    };
    const opened = guarded(format, compression, null, read, bytes.close);
    return file.size === null ? { ...opened, headHash: hashOf(raw.head.subarray(0, HEAD)) } : opened;
  } catch (error) {
    await close();
    throw error;
  }
}

function standardInput(): AsyncIterable<Uint8Array> {
  return createReadStream('', { fd: 0, autoClose: false });
}

function unseekable(file: InputFile, format: 'parquet' | 'zip'): PersonaPriorError {
  const what = format === 'zip' ? 'zip archive' : 'Parquet file';
  return new PersonaPriorError('unknown_format', `a ${what} that is compressed or comes through a pipe`, {
    place: { file: file.name },
    help: `${format === 'zip' ? 'a zip archive' : 'Parquet'} is read from its end: give the plain file by its path`,
  });
}

function archiveOptions(options: OpenOptions, compressedBytes: () => number): Parameters<typeof readArchive>[1] {
  return {
    recordLimit: options.recordLimit ?? RECORD_LIMIT,
    firstRecord: options.skipRecords ?? 0,
    compressedBytes,
    choice: options.members ?? options,
    trustCompression: options.trustCompression ?? false,
  };
}

async function openZipInput(file: InputFile, options: OpenOptions): Promise<OpenedInput> {
  if (file.size === null) throw unseekable(file, 'zip');
  try {
    const { members, compressedBytes, close } = await openZip(file.path);
    const read = (): AsyncGenerator<RecordBatch> => readArchive(members, archiveOptions(options, compressedBytes));
    return guarded('zip', 'none', null, read, close);
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    return guarded(
      'zip',
      'none',
      null,
      () => broken(error),
      async () => {},
    );
  }
}

async function openParquetInput(file: InputFile, options: OpenOptions): Promise<OpenedInput> {
  if (file.size === null) throw unseekable(file, 'parquet');
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
  return { format, compression, rows, headHash: null, batches: batches(), outcome: () => outcome };
}

function hashOf(head: Uint8Array): string {
  return createHash('sha256').update(head).digest('hex');
}

async function* broken(fault: StreamFault): AsyncGenerator<RecordBatch> {
  yield* [];
  throw fault;
}
