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
import { withoutQuery } from './remote/address.js';
import { type Connection, connect } from './remote/connection.js';
import { RemoteZip, remoteHandle } from './remote/random-access.js';
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
  /** ends the waiting for a remote input */
  readonly signal?: AbortSignal;
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
  /** rows of every row group, of Parquet */
  readonly groups?: readonly number[];
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
  const { remote } = file;
  const connection = remote === undefined ? null : connect({ ...file, remote }, options.signal);
  const name = remote === undefined ? file.name : withoutQuery(file.name);
  const seekable = file.size !== null && remote?.ranges !== false;
  const fileBytes = (start: number): AsyncIterable<Uint8Array> =>
    connection?.read(start) ?? readFile(file.path, file.name, start);
  const bytesOf = (start: number): AsyncIterable<Uint8Array> => {
    compressedBytes = start;
    const source = file.path === '-' ? (options.stdin ?? standardInput()) : fileBytes(start);
    return counted(source, (n) => {
      compressedBytes += n;
    });
  };
  const raw = await withHead(bytesOf(0), HEAD);
  const compression = detectCompression(raw.head, name);
  let close = raw.close;
  try {
    if (connection?.lost !== undefined) throw connection.lost;
    const plain = compression === 'none' ? detectFormat(raw.head, name) : null;
    if (plain === 'parquet' || plain === 'zip') {
      await raw.close();
      if (!seekable) throw unseekable(file, plain);
      return plain === 'parquet'
        ? await openParquetInput(file, options, connection)
        : await openZipInput(file, options, connection);
    }
    // a corrupt place is decoded a second time, which a pipe does not allow
    const reopen = file.size === null ? undefined : fileBytes;
    const decompressed = decompress(raw.all, compression, reopen);
    const free = compression === 'none' || options.trustCompression;
    const bytes = await withHead(free ? decompressed : withinLimits(decompressed, () => compressedBytes), HEAD);
    close = bytes.close;
    if (connection?.lost !== undefined) throw connection.lost;
    const format = detectFormat(bytes.head, name);
    if (format === 'parquet' || format === 'zip') throw unseekable(file, format);

    const recordLimit = options.recordLimit ?? RECORD_LIMIT;
    const firstRecord = options.skipRecords ?? 0;
    const common = { recordLimit, firstRecord, compressedBytes: () => compressedBytes };
    const lines = async function* (): AsyncGenerator<RecordBatch> {
      const firstByte = options.skipBytes ?? (firstRecord > 0 ? -1 : 0);
      if (firstByte < 0) {
        yield* from(firstRecord, readLines(bytes.all, { ...common, firstRecord: 0, firstByte: 0 }));
      } else if (compression === 'none' && seekable && firstByte > 0) {
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
      const { skipBytes = 0 } = options;
      if (format === 'warc' && compression === 'none' && seekable && firstRecord > 0 && skipBytes > 0) {
        return warc(skipBytes);
      }
      const id = (file.inside ?? basename(name)).replace(COMPRESSED, '');
      return readFormat(format, { ...common, id, head: bytes.head.subarray(0, HEAD), chunks: bytes.all });
    };
    const opened = guarded(format, compression, null, read, bytes.close, connection);
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
  const how = file.remote === undefined ? 'is compressed or comes through a pipe' : 'is compressed or comes whole only';
  return new PersonaPriorError('unknown_format', `a ${what} that ${how}`, {
    place: { file: file.name },
    help: `${format === 'zip' ? 'a zip archive' : 'Parquet'} is read from its end: ${
      file.remote?.ranges === false ? 'this server gives no ranges, download it' : 'give the plain file by its path'
    }`,
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

async function openZipInput(
  { path, size }: InputFile,
  options: OpenOptions,
  connection: Connection | null,
): Promise<OpenedInput> {
  try {
    const source = connection === null ? path : { reader: new RemoteZip(connection, size ?? 0), size: size ?? 0 };
    const { members, compressedBytes, close } = await openZip(source);
    const read = (): AsyncGenerator<RecordBatch> => readArchive(members, archiveOptions(options, compressedBytes));
    return guarded('zip', 'none', null, read, close, connection);
  } catch (error) {
    return unopened('zip', error, connection);
  }
}

/** No directory or footer: nothing of the file can be read. */
function unopened(format: Format, error: unknown, connection: Connection | null): OpenedInput {
  const fault = connection?.lost ?? connection?.changed ?? error;
  if (!(fault instanceof StreamFault)) throw fault;
  return guarded(
    format,
    'none',
    null,
    () => broken(fault),
    async () => {},
    null,
  );
}

async function openParquetInput(
  { path, size }: InputFile,
  options: OpenOptions,
  connection: Connection | null,
): Promise<OpenedInput> {
  let parquet: ParquetFile;
  try {
    parquet = await openParquet(connection === null ? path : remoteHandle(connection, size ?? 0));
  } catch (error) {
    return unopened('parquet', error, connection);
  }
  const asked = options.columns ?? topLevelFields(parquet.columns, options);
  const columns = asked.filter((name) => parquet.columns.includes(name));
  const read = (): AsyncGenerator<RecordBatch> => parquet.batches(columns, options.skipRecords ?? 0);
  return { ...guarded('parquet', 'none', parquet.rows, read, parquet.close, connection), groups: parquet.groups };
}

function guarded(
  format: Format,
  compression: Compression,
  rows: number | null,
  read: () => AsyncGenerator<RecordBatch>,
  close: () => Promise<void>,
  connection: Connection | null,
): OpenedInput {
  let outcome: StreamOutcome = { complete: false };
  const fromEnd = format === 'parquet' || format === 'zip';
  // what a reader makes of a lost connection is no fault of the file: it is not handed on, and read by --resume
  const stood = (): PersonaPriorError | StreamFault | undefined =>
    connection?.lost ?? (fromEnd ? connection?.changed : undefined);
  const batches = async function* (): AsyncGenerator<RecordBatch> {
    try {
      for await (const batch of readableFirst(read())) {
        const fault = stood();
        if (fault !== undefined) throw fault;
        yield batch;
      }
      const fault = stood();
      if (fault !== undefined) throw fault;
      outcome = { complete: true };
    } catch (error) {
      const fault = stood() ?? error;
      if (!(fault instanceof StreamFault)) throw fault;
      const { reason, message, offset } = fault;
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
