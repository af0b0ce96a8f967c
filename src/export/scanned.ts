// The scanned files of a database, found again on the disk and checked to be what they were. Reads no records.
import { PersonaPriorError } from '../errors.js';
import type { FieldMapping } from '../read/fields.js';
import { findInputs, type InputFile } from '../read/inputs.js';
import type { Db } from '../store/database.js';

/** A file whose every record was scanned. */
export interface ScannedFile {
  readonly path: string;
  readonly name: string;
  readonly size: number | null;
  readonly headHash: string | null;
  readonly format: string | null;
  readonly fields: FieldMapping | null;
  /** several where parts of the file were scanned apart */
  readonly shards: readonly number[];
  /** the shard that holds a record */
  shardOf(record: number): number;
}

interface Row {
  readonly id: number;
  readonly path: string;
  readonly name: string;
  readonly size: number | null;
  readonly headHash: string | null;
  readonly part: string;
  readonly format: string | null;
  readonly fields: string | null;
  readonly status: string;
}

/**
 * The files of these sources (ids) in the order of their scans; of one that was scanned again, the newest scan. Throws `usage` for a file that
 * was not scanned to its end, or of which parts are missing.
 */
export function scannedFiles(db: Db, sources: readonly number[]): ScannedFile[] {
  const rows = db
    .prepare(`select id, path, name, size, head_hash as headHash, part, format, fields, status from shards
      where source_id in (select value from json_each(?)) order by id`)
    .all(JSON.stringify(sources)) as Row[];
  const byPath = new Map<string, Row[]>();
  for (const row of rows) byPath.set(row.path, [...(byPath.get(row.path) ?? []), row]);
  return [...byPath.values()].map(fileOf);
}

function fileOf(rows: readonly Row[]): ScannedFile {
  const newest = rows.at(-1)!;
  const of = Number(newest.part.split('/')[1]);
  const parts = new Map<number, Row>();
  for (const row of rows) {
    const [index, all] = row.part.split('/').map(Number) as [number, number];
    if (all === of) parts.set(index, row);
  }
  const place = { file: newest.name };
  if (parts.size < of) {
    throw new PersonaPriorError('usage', `only ${parts.size} of ${of} parts of this file are in the database`, {
      place,
      help: '`persona-prior merge` joins the databases of the parts',
    });
  }
  if ([...parts.values()].some((row) => row.status !== 'done')) {
    throw new PersonaPriorError('usage', 'the scan of this file did not reach its end', {
      place,
      help: 'finish it with `persona-prior scan --resume`',
    });
  }
  const { path, name, size, headHash, format, fields } = newest;
  return {
    ...{ path, name, size, headHash, format },
    fields: fields === null ? null : (JSON.parse(fields) as FieldMapping),
    shards: [...parts.values()].map((row) => row.id),
    shardOf: (record) => parts.get((record % of) + 1)!.id,
  };
}

/**
 * The file as it lies there now. Throws `missing_input` where it is gone, `input_changed` where its size or its first
 * 64 KiB are others, `usage` for what was no regular file.
 */
export async function findAgain(file: ScannedFile): Promise<InputFile> {
  const place = { file: file.name };
  if (file.path === '-' || file.size === null) {
    throw new PersonaPriorError('usage', 'this input was a stream, which cannot be read again', {
      place,
      help: 'scan a file, or export with --format ids',
    });
  }
  const { value: found } = await findInputs([file.path])
    .next()
    .catch((cause: unknown) => {
      throw new PersonaPriorError('missing_input', `the scanned file is not at ${file.path} any more`, {
        place,
        help: 'put it back, or export with --format ids, which needs no inputs',
        cause,
      });
    });
  const now = found as InputFile;
  if (now.size !== file.size) throw changed(file, `size ${file.size}, now ${now.size ?? 'unknown'}`);
  if (now.headHash !== file.headHash) throw changed(file, 'other bytes at its beginning');
  return { ...now, name: file.name };
}

export function changed(file: ScannedFile, what: string, record?: number): PersonaPriorError {
  const place = record === undefined ? { file: file.name } : { file: file.name, record };
  return new PersonaPriorError('input_changed', `the file has changed since the scan: ${what}`, {
    place,
    help: 'restore it, or scan it into a new --db',
  });
}
