// Parquet by hyparquet: row group by row group in bounded slices, only the columns that are asked for.
import { open } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from 'hyparquet';
import { compressors as plain } from 'hyparquet-compressors';
import type { RawRecord, RecordBatch } from '../types.js';
import { decodeMarked, holdsMark } from './decode.js';
import { messageOf, StreamFault } from './fault.js';
import { unsoundPage } from './parquet-pages.js';
import type { RandomAccess } from './source.js';
import { unzstdPage } from './zstd.js';

export interface ParquetFile {
  /** names of the top-level columns */
  readonly columns: readonly string[];
  readonly rows: number;
  /** rows of every row group, in their order */
  readonly groups: readonly number[];
  /** Rows from `firstRecord` on, with the given columns. Rows that cannot be decoded are faults `bad_record`. */
  batches(columns: readonly string[], firstRecord: number): AsyncGenerator<RecordBatch>;
  close(): Promise<void>;
}

/** What is decoded at once: bounds memory in huge row groups. Every slice costs its column's dictionary once more. */
const SLICE_ROWS = 4096;
const SLICE_BYTES = 16 * 1024 * 1024;
const BATCH = 512;
/** A slice that cannot be decoded is halved down to this, so that few sound rows are lost with a bad page. */
const LEAST_ROWS = 16;

/** Native codecs where there are any; the others in JavaScript. */
const compressors: Compressors = {
  ...plain,
  GZIP: (page, length) => gunzipSync(page, { maxOutputLength: length }),
  ...unzstdPage(),
};

/** Opens a Parquet file by its footer. Throws {@link StreamFault} `truncated` when the footer is not there or not sound. */
export async function openParquet(source: string | Uint8Array | RandomAccess): Promise<ParquetFile> {
  const handle =
    typeof source === 'string' ? await open(source, 'r') : source instanceof Uint8Array ? inMemory(source) : source;
  try {
    const { size } = await handle.stat();
    const metadata = await parquetMetadataAsync(asyncBuffer(handle, size, KEPT).buffer);
    const children = parquetSchema(metadata).children;
    return {
      columns: children.map((child) => child.element.name),
      rows: Number(metadata.num_rows),
      groups: metadata.row_groups.map((group) => Number(group.num_rows)),
      batches: (columns, first) => readRows(handle, size, metadata, columns, first),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw new StreamFault('truncated', `no sound Parquet footer: ${messageOf(error)}`);
  }
}

function inMemory(bytes: Uint8Array): RandomAccess {
  return {
    close: async () => {},
    stat: async () => ({ size: bytes.length }),
    read: async (buffer, offset, length, position) => {
      const part = bytes.subarray(position, position + length);
      buffer.set(part, offset);
      return { bytesRead: part.length };
    },
  };
}

type ReadColumn = (column: string, rowStart: number, rowEnd: number) => Promise<ArrayLike<unknown>>;

async function* readRows(
  handle: RandomAccess,
  size: number,
  metadata: FileMetaData,
  columns: readonly string[],
  firstRecord: number,
): AsyncGenerator<RecordBatch> {
  const file = asyncBuffer(handle, size, Math.max(KEPT, columns.length));
  let damaged = false;
  const stringFromBytes = (bytes: Uint8Array | undefined): string | undefined => {
    if (!bytes) return bytes;
    const decoded = decodeMarked(bytes);
    damaged ||= decoded.damaged;
    return decoded.text;
  };
  const scan = async (): Promise<ReadColumn> => {
    const options = { file: file.buffer, metadata, columns: [...columns], compressors, parsers: { stringFromBytes } };
    const { readColumn } = await parquetScan(options);
    return async (column, rowStart, rowEnd) => readColumn({ column, rowStart, rowEnd });
  };
  const nested = new Set(
    parquetSchema(metadata)
      .children.filter(isNested)
      .map((child) => child.element.name),
  );
  let rowStart = 0;
  let bytes = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const stored = group.columns.reduce((n, column) => n + Number(column.meta_data?.total_compressed_size ?? 0), 0);
    file.forget();
    if (rowEnd > firstRecord) {
      const unsound = await unsoundPage(file.buffer, group, columns);
      if (unsound !== null) {
        yield* faults(Math.max(rowStart, firstRecord), rowEnd, unsound, bytes + stored);
        bytes += stored;
        rowStart = rowEnd;
        continue;
      }
      const read = await scan();
      // hyparquet decodes all of a nested column for every slice of it: it is read once, and kept by the scan
      for (const column of columns) if (nested.has(column)) await read(column, rowStart, rowEnd).catch(() => {});
      const rows = sliceRows(group, columns);
      for (let from = Math.max(rowStart, firstRecord); from < rowEnd; from += rows) {
        const to = Math.min(rowEnd, from + rows);
        const records = await readSlice(read, scan, columns, from, to);
        const made = damaged ? records.map(flagged) : records;
        const done = bytes + Math.round((stored * (to - rowStart)) / (rowEnd - rowStart));
        for (let i = 0; i < made.length; i += BATCH) {
          yield { records: made.slice(i, i + BATCH), bytes: done, compressedBytes: done };
        }
      }
    }
    bytes += stored;
    rowStart = rowEnd;
  }
}

function* faults(from: number, to: number, why: string, bytes: number): Generator<RecordBatch> {
  const message = `the row group cannot be decoded: ${why}`;
  for (let at = from; at < to; at += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, to - at) }, (_, i): RawRecord => {
      return { kind: 'fault', record: at + i, offset: -1, reason: 'bad_record', message };
    });
    yield { records, bytes, compressedBytes: bytes };
  }
}

/** Rows of a slice by the size of their text when decoded, on average. */
function sliceRows(group: RowGroup, columns: readonly string[]): number {
  let size = 0;
  for (const { meta_data: column } of group.columns) {
    if (column !== undefined && columns.includes(column.path_in_schema[0]!))
      size += Number(column.total_uncompressed_size);
  }
  const perRow = size / Math.max(1, Number(group.num_rows));
  return Math.max(LEAST_ROWS, Math.min(SLICE_ROWS, Math.floor(SLICE_BYTES / Math.max(1, perRow))));
}

/** `again` gives a scan that remembers no failure. */
async function readSlice(
  read: ReadColumn,
  again: () => Promise<ReadColumn>,
  columns: readonly string[],
  from: number,
  to: number,
): Promise<RawRecord[]> {
  const rows = Array.from({ length: to - from }, (_, i) => i);
  try {
    const values = await Promise.all(columns.map((column) => read(column, from, to)));
    return rows.map((i) => {
      const fields = Object.fromEntries(columns.map((column, c) => [column, values[c]![i]]));
      return { kind: 'fields', record: from + i, offset: -1, fields };
    });
  } catch (error) {
    if (rows.length > LEAST_ROWS) {
      const middle = from + Math.ceil(rows.length / 2);
      const before = await readSlice(await again(), again, columns, from, middle);
      return [...before, ...(await readSlice(await again(), again, columns, middle, to))];
    }
    const message = `rows ${from} to ${to - 1} cannot be decoded: ${messageOf(error)}`;
    return rows.map((i) => ({ kind: 'fault', record: from + i, offset: -1, reason: 'bad_record', message }));
  }
}

function flagged(record: RawRecord): RawRecord {
  return record.kind === 'fields' && holdsMark(record.fields) ? { ...record, repaired: true } : record;
}

function isNested({ element, children }: SchemaTree): boolean {
  return children.length > 0 || element.repetition_type === 'REPEATED';
}

/** Parts of the file that are held at least; slices of one row group ask for the same column chunks again and again. */
const KEPT = 8;

function asyncBuffer(handle: RandomAccess, byteLength: number, most: number): { buffer: AsyncBuffer; forget(): void } {
  const kept = new Map<string, Promise<ArrayBuffer>>();
  const load = async (start: number, end: number): Promise<ArrayBuffer> => {
    const loaded = new ArrayBuffer(end - start);
    for (let at = 0; at < loaded.byteLength; ) {
      const { bytesRead } = await handle.read(new Uint8Array(loaded, at), 0, loaded.byteLength - at, start + at);
      if (bytesRead === 0) throw new Error('the file ends before the place that its footer names');
      at += bytesRead;
    }
    return loaded;
  };
  return {
    buffer: {
      byteLength,
      slice(start, end = byteLength) {
        const key = `${start}-${end}`;
        const found = kept.get(key);
        if (found !== undefined) return found;
        const loading = load(start, end);
        loading.catch(() => kept.delete(key));
        kept.set(key, loading);
        if (kept.size > most) kept.delete(kept.keys().next().value!);
        return loading;
      },
    },
    forget: () => kept.clear(),
  };
}
