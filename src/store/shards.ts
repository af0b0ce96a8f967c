// Runs, sources and shards: what was scanned, by what, how far, and whether an input or a model has changed since.
import { PersonaPriorError } from '../errors.js';
import type { FieldMapping } from '../read/fields.js';
import type { InputFile } from '../read/inputs.js';
import type { Db } from './database.js';

export interface RunRecord {
  readonly command: string;
  readonly versions: object;
  readonly hashes: object;
  readonly settings: object;
  readonly resume: boolean;
}

/** Ends a file of a folder or glob that cannot be scanned: it is counted as incomplete, with the reason. */
export function refuseShard(db: Db, id: number, reason: string, message: string): void {
  db.prepare("update shards set status = 'incomplete', fault = ? where id = ?").run(
    JSON.stringify({ reason, message }),
    id,
  );
}

/** Records that were skipped or repaired, and passages that failed, in these shards over all runs. */
export function troubles(db: Db, shards: readonly number[]): number {
  const sum = db.prepare(`select coalesce(sum(n), 0) as n from tallies where shard_id = ?
    and ((stage = 'read' and kind in ('dropped', 'repaired')) or kind = 'failed')`);
  return shards.reduce((n, id) => n + (sum.get(id) as { n: number }).n, 0);
}

/** One file (or part of it) of a scan, and where it stands. */
export interface ShardRow {
  readonly id: number;
  readonly sourceId: number;
  readonly status: 'pending' | 'running' | 'done' | 'incomplete';
  readonly nextRecord: number;
  readonly nextByte: number;
  readonly fields: FieldMapping | null;
  /** Stores what the file turned out to be, for the report and for a resumed scan. */
  remember(format: string, compression: string, fields: FieldMapping): void;
}

/**
 * Starts a run. A database holds the results of one set of models and settings: others are refused with `model_changed`,
 * since their hits could not be compared.
 */
export function registerRun(db: Db, run: RunRecord): number {
  const last = db.prepare('select hashes, settings from runs order by id desc limit 1').get() as
    | { hashes: string; settings: string }
    | undefined;
  const hashes = JSON.stringify(run.hashes);
  const settings = JSON.stringify(run.settings);
  if (last !== undefined && (last.hashes !== hashes || last.settings !== settings)) {
    const what = last.hashes === hashes ? 'settings (seed, thresholds or --exact-counts)' : 'models or lexicon';
    throw new PersonaPriorError('model_changed', `this database was made with other ${what}`, {
      help: 'give another --db, or use the same version and settings',
    });
  }
  const insert = db.prepare(`insert into runs (started, status, command, versions, hashes, settings)
    values (datetime('now'), 'running', ?, ?, ?, ?)`);
  return Number(insert.run(run.command, JSON.stringify(run.versions), hashes, settings).lastInsertRowid);
}

export function finishRun(db: Db, id: number, status: 'done' | 'interrupted' | 'failed'): void {
  db.prepare("update runs set finished = datetime('now'), status = ? where id = ?").run(status, id);
}

/** The id of a source, which is made when it is new. */
export function sourceId(db: Db, name: string): number {
  db.prepare('insert or ignore into sources (name) values (?)').run(name);
  return (db.prepare('select id from sources where name = ?').get(name) as { id: number }).id;
}

interface Stored {
  id: number;
  size: number | null;
  mtime_ms: number | null;
  head_hash: string | null;
  status: ShardRow['status'];
  next_record: number;
  next_byte: number;
  fields: string | null;
  fault: string | null;
}

/**
 * The shard of a file: a new one, or with `resume` the one that an earlier scan left. Throws `already_scanned` for a file
 * that the database holds (without `again` or `resume`), `input_changed` when the file is not what it was.
 */
export function shardFor(
  db: Db,
  run: number,
  source: number,
  file: InputFile,
  part: { index: number; of: number },
  options: { readonly resume?: boolean; readonly again?: boolean },
): ShardRow {
  const name = `${part.index}/${part.of}`;
  const same = db.prepare('select * from shards where path = ? order by id desc').all(file.path) as (Stored & {
    source_id: number;
    part: string;
  })[];
  const stored = same.find((row) => row.source_id === source && row.part === name);
  const place = { place: { file: file.name } };
  // nothing of it was read: an earlier command stopped before, and this one begins
  if (stored?.status === 'pending') {
    db.prepare('update shards set run_id = ?, size = ?, mtime_ms = ?, head_hash = ? where id = ?').run(
      run,
      file.size,
      file.mtimeMs,
      file.headHash,
      stored.id,
    );
    return shardRow(db, stored, source, 'pending');
  }
  if (stored !== undefined && options.resume) {
    if (stored.size !== file.size || stored.mtime_ms !== file.mtimeMs || stored.head_hash !== file.headHash) {
      throw new PersonaPriorError('input_changed', 'the file has changed since the scan that is resumed', {
        ...place,
        help: 'restore it, or scan it into a new --db',
      });
    }
    return shardRow(db, stored, source, resumable(stored) ? stored.status : 'done');
  }
  const other = same.find(
    (row) =>
      row.status !== 'pending' &&
      (row.source_id !== source || row.part === name || row.part === '1/1' || name === '1/1'),
  );
  if (file.path !== '-' && other !== undefined && !options.again) {
    throw new PersonaPriorError('already_scanned', 'this database already holds this file', {
      ...place,
      help: '--resume continues an unfinished scan, --again counts the file once more',
    });
  }
  if (!options.again && file.headHash !== null && (file.size ?? 0) > 0) {
    const twin = db
      .prepare("select name from shards where size = ? and head_hash = ? and path != ? and status != 'pending' limit 1")
      .get(file.size, file.headHash, file.path) as { name: string } | undefined;
    if (twin !== undefined) {
      throw new PersonaPriorError('already_scanned', `this database already holds the same bytes as ${twin.name}`, {
        ...place,
        help: '--again counts them once more',
      });
    }
  }
  const insert = db.prepare(`insert into shards (source_id, run_id, path, name, size, mtime_ms, head_hash, part, status)
    values (?, ?, ?, ?, ?, ?, ?, ?, 'pending')`);
  const id = Number(
    insert.run(source, run, file.path, file.name, file.size, file.mtimeMs, file.headHash, name).lastInsertRowid,
  );
  return shardRow(
    db,
    { id, status: 'pending', next_record: 0, next_byte: 0, fields: null } as Stored,
    source,
    'pending',
  );
}

/** A file that ended in a fault stays as it is; one that stopped at --limit or in the middle goes on. */
function resumable(stored: Stored): boolean {
  if (stored.status === 'done') return false;
  if (stored.status !== 'incomplete') return true;
  return stored.fault !== null && (JSON.parse(stored.fault) as { reason?: string }).reason === 'limit';
}

function shardRow(db: Db, stored: Stored, source: number, status: ShardRow['status']): ShardRow {
  return {
    id: stored.id,
    sourceId: source,
    status,
    nextRecord: stored.next_record,
    nextByte: stored.next_byte,
    fields: stored.fields === null ? null : (JSON.parse(stored.fields) as FieldMapping),
    remember(format, compression, fields) {
      db.prepare('update shards set format = ?, compression = ?, fields = ? where id = ?').run(
        format,
        compression,
        JSON.stringify(fields),
        stored.id,
      );
    },
  };
}
