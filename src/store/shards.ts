// Runs, sources and shards: what was scanned, by what, how far, and whether an input or a model has changed since.
import { PersonaPriorError } from '../errors.js';
import type { FieldMapping } from '../read/fields.js';
import type { InputFile } from '../read/inputs.js';
import { LEFT_OUT } from '../types.js';
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

const LEFT = [...LEFT_OUT].map((reason) => `'${reason}'`).join(', ');

/** Records that were skipped or repaired, and passages and documents that failed, in a shard over all runs. */
export function troubles(db: Db, shard: number): number {
  const sum = db.prepare(`select coalesce(sum(n), 0) as n from tallies where shard_id = ?
    and ((stage = 'read' and kind in ('dropped', 'repaired') and reason not in (${LEFT})) or kind = 'failed')`);
  return (sum.get(shard) as { n: number }).n;
}

/** One file (or part of it) of a scan, and where it stands. */
export interface ShardRow {
  readonly id: number;
  readonly sourceId: number;
  readonly status: 'pending' | 'running' | 'done' | 'incomplete';
  /** nothing is left to read: it is done, or ended in a fault */
  readonly ended: boolean;
  readonly nextRecord: number;
  readonly nextByte: number;
  readonly fields: FieldMapping | null;
  /** Stores what the file turned out to be, for the report and for a resumed scan. */
  remember(format: string, compression: string, fields: FieldMapping): void;
  /** For what is no regular file: throws `input_changed` when it begins otherwise than in the scan that is resumed. */
  sameStream(headHash: string): void;
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
    const changed = [...differing(last.hashes, hashes), ...differing(last.settings, settings)].join(', ');
    throw new PersonaPriorError('model_changed', `this database was made with other ${what}: ${changed}`, {
      help: 'give another --db, or use the same version and settings',
    });
  }
  const insert = db.prepare(`insert into runs (started, status, command, versions, hashes, settings)
    values (datetime('now'), 'running', ?, ?, ?, ?)`);
  return Number(insert.run(run.command, JSON.stringify(run.versions), hashes, settings).lastInsertRowid);
}

/** Names of the entries that two JSON objects do not share. */
function differing(before: string, now: string): string[] {
  const a = JSON.parse(before) as Record<string, unknown>;
  const b = JSON.parse(now) as Record<string, unknown>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]),
  );
}

export function finishRun(db: Db, id: number, status: 'done' | 'interrupted' | 'failed'): void {
  db.prepare("update runs set finished = datetime('now'), status = ? where id = ?").run(status, id);
}

/** The id of a source, which is made when it is new. */
export function sourceId(db: Db, name: string): number {
  db.prepare('insert or ignore into sources (name) values (?)').run(name);
  return (db.prepare('select id from sources where name = ?').get(name) as { id: number }).id;
}

/** Takes back what a run has registered and not begun. */
export function forgetPlanned(db: Db, run: number): void {
  db.prepare("delete from shards where run_id = ? and status = 'pending'").run(run);
  db.prepare(`delete from sources where id not in (select source_id from shards)
    and id not in (select source_id from labels where source_id is not null)`).run();
}

interface Stored {
  id: number;
  run_id: number;
  name: string;
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
 * that the database holds (without `again` or `resume`), `input_changed` when the file is not what it was, and while
 * `planning` `usage` for a file that the same command names twice.
 */
export function shardFor(
  db: Db,
  run: number,
  source: number,
  file: InputFile,
  part: { index: number; of: number },
  options: { readonly resume?: boolean; readonly again?: boolean; readonly planning?: boolean },
): ShardRow {
  const name = `${part.index}/${part.of}`;
  const same = db.prepare('select * from shards where path = ? order by id desc').all(file.path) as (Stored & {
    source_id: number;
    part: string;
  })[];
  const stored = same.find((row) => row.source_id === source && row.part === name);
  const place = { place: { file: file.name } };
  if (options.planning && same.some((row) => row.status === 'pending' && row.run_id === run)) {
    throw new PersonaPriorError('usage', 'the same file was given twice', place);
  }
  // nothing of it was read: an earlier command stopped before, and this one begins
  if (stored !== undefined && (stored.status === 'pending' || wasMissing(stored))) {
    db.prepare(`update shards set run_id = ?, size = ?, mtime_ms = ?, head_hash = ?, status = 'pending', fault = null
      where id = ?`).run(run, file.size, file.mtimeMs, file.headHash, stored.id);
    return shardRow(db, { ...stored, head_hash: file.headHash, fields: null }, source, 'pending');
  }
  if (stored !== undefined && options.resume) {
    const changed = changes(stored, file);
    if (changed !== '') {
      throw new PersonaPriorError('input_changed', `the file has changed since the scan that is resumed: ${changed}`, {
        ...place,
        help: CHANGED,
      });
    }
    return shardRow(db, stored, source, stored.status);
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
    {
      id,
      status: 'pending',
      next_record: 0,
      next_byte: 0,
      fields: null,
      fault: null,
      head_hash: file.headHash,
    } as Stored,
    source,
    'pending',
  );
}

/** A file of a folder that could not be opened: it may be there now. */
function wasMissing(stored: Stored): boolean {
  return stored.status === 'incomplete' && stored.next_record === 0 && reasonOf(stored) === 'missing_input';
}

function reasonOf({ fault }: Stored): string | undefined {
  return fault === null ? undefined : (JSON.parse(fault) as { reason?: string }).reason;
}

const CHANGED = 'restore it, or scan it into a new --db';

/** What is other about a file than it was; '' for nothing. */
function changes(stored: Stored, file: InputFile): string {
  const time = (ms: number | null): string => (ms === null ? 'none' : new Date(ms).toISOString());
  if (stored.size !== file.size) return `size ${stored.size ?? 'unknown'}, now ${file.size ?? 'unknown'}`;
  // a stream is looked at when it is opened
  if (file.headHash !== null && stored.head_hash !== file.headHash) {
    return file.remote === undefined ? 'other bytes at its beginning' : 'another ETag, or other bytes at its beginning';
  }
  if (stored.mtime_ms !== file.mtimeMs) return `modified ${time(stored.mtime_ms)}, now ${time(file.mtimeMs)}`;
  return '';
}

/** A file that ended in a fault stays as it is; one that stopped at --limit, in the middle or was away goes on. */
function resumable(stored: Stored): boolean {
  if (stored.status === 'done') return false;
  if (stored.status !== 'incomplete') return true;
  return ['limit', 'missing_input'].includes(reasonOf(stored) ?? '');
}

function shardRow(db: Db, stored: Stored, source: number, status: ShardRow['status']): ShardRow {
  return {
    id: stored.id,
    sourceId: source,
    status,
    ended: status !== 'pending' && !resumable(stored),
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
    sameStream(headHash) {
      if (stored.next_record > 0 && stored.head_hash !== null && stored.head_hash !== headHash) {
        throw new PersonaPriorError('input_changed', 'the stream begins otherwise than in the scan that is resumed', {
          place: { file: stored.name },
          help: 'give the same bytes again, or scan them into a new --db',
        });
      }
      db.prepare('update shards set head_hash = ? where id = ?').run(headHash, stored.id);
    },
  };
}
