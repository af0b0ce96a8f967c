// Parquet, row group by row group and in slices of it, only the columns that are needed, by hyparquet.
import { type FileHandle, open } from 'node:fs/promises';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { RecordBatch } from '../types.js';
import { StreamFault } from './compression.js';

export interface ParquetFile {
  /** top-level column names */
  readonly columns: readonly string[];
  readonly rows: number;
  /** Rows from `firstRecord` on, with the given columns. Throws {@link StreamFault} where the file is broken. */
  batches(columns: readonly string[], firstRecord: number): AsyncGenerator<RecordBatch>;
  close(): Promise<void>;
}

/** Rows decoded at once: bounds memory in huge row groups. */
const SLICE = 2048;

/** Opens a Parquet file by its footer. Throws {@link StreamFault} `truncated` when there is none. */
export async function openParquet(path: string): Promise<ParquetFile> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  const file = asyncBuffer(handle, size);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (error) {
    await handle.close();
    throw new StreamFault('truncated', error instanceof Error ? error.message : String(error));
  }
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  return {
    columns,
    rows: Number(metadata.num_rows),
    batches: (wanted, first) => readRows(file, size, metadata, wanted, first),
    close: () => handle.close(),
  };
}

async function* readRows(
  file: AsyncBuffer,
  size: number,
  metadata: FileMetaData,
  columns: readonly string[],
  firstRecord: number,
): AsyncGenerator<RecordBatch> {
  const rows = Number(metadata.num_rows);
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    for (let start = Math.max(groupStart, firstRecord); start < groupEnd; ) {
      const end = Math.min(groupEnd, start + SLICE);
      let objects: Record<string, unknown>[];
      try {
        objects = await parquetReadObjects({ file, metadata, columns: [...columns], rowStart: start, rowEnd: end, compressors });
      } catch (error) {
        throw new StreamFault('decompression', `rows ${start}-${end}: ${error instanceof Error ? error.message : String(error)}`);
      }
      const records = objects.map((fields, i) => ({ kind: 'fields' as const, record: start + i, offset: -1, fields }));
      const read = Math.round((end / Math.max(1, rows)) * size);
      yield { records, bytes: read, compressedBytes: read };
      start = end;
    }
    groupStart = groupEnd;
  }
}

function asyncBuffer(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const length = end - start;
      const buffer = new ArrayBuffer(length);
      let at = 0;
      while (at < length) {
        const { bytesRead } = await handle.read(new Uint8Array(buffer, at), 0, length - at, start + at);
        if (bytesRead === 0) throw new Error('the file ends before the place that its footer names');
        at += bytesRead;
      }
      return buffer;
    },
  };
}
