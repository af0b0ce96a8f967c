// Makes one database of several that were scanned apart: the same rows, with the same ids, in whatever order they are given.
import { PersonaPriorError } from '../errors.js';
import { type Db, openDatabase } from './database.js';
import { newDatabase } from './new-database.js';
import { SAMPLE_SIZE } from './writer.js';

export interface Merged {
  readonly databases: number;
  readonly sources: number;
  readonly shards: number;
  readonly hits: number;
  readonly labels: number;
  /** labels of the same passage by the same reader that differed: the newest was kept */
  readonly labelConflicts: number;
  /** files that were not read to their end */
  readonly incomplete: number;
}

type Row = Record<string, unknown>;

interface Part {
  readonly path: string;
  readonly db: Db;
}

/**
 * Writes `out` from the databases `paths`, one shard a transaction, into a file beside it that is renamed at the end.
 * Associative and commutative: ids are given in an order of the content, and bottom-k samples are cut again.
 * Throws `usage` when `out` exists, `model_changed` when the databases were made with different models or settings, and
 * `already_scanned` when two of them hold the same file.
 */
export function mergeDatabases(out: string, paths: readonly string[]): Merged {
  const made = newDatabase(out, 'give a new file; to add an existing database, name it among the inputs');
  const parts: Part[] = [];
  try {
    for (const path of paths) parts.push({ path, db: openDatabase(path, { readonly: true }) });
    sameModels(parts);
    const merged = copy(made.db, parts);
    made.keep();
    return merged;
  } catch (cause) {
    throw made.drop(cause);
  } finally {
    for (const part of parts) part.db.close();
  }
}

function sameModels(parts: readonly Part[]): void {
  let first: { path: string; hashes: unknown; settings: unknown } | undefined;
  for (const { path, db } of parts) {
    const rows = db.prepare('select distinct hashes, settings from runs').all() as {
      hashes: string;
      settings: string;
    }[];
    for (const { hashes, settings } of rows) {
      first ??= { path, hashes, settings };
      if (hashes !== first.hashes || settings !== first.settings) {
        const what = hashes === first.hashes ? 'settings (seed, thresholds or --exact-counts)' : 'models or lexicon';
        throw new PersonaPriorError('model_changed', `it was made with other ${what} than ${first.path}`, {
          place: { file: path },
          help: 'scan it again with the same version and options',
        });
      }
    }
  }
}

function copy(db: Db, parts: readonly Part[]): Merged {
  const counts = {
    databases: parts.length,
    sources: 0,
    shards: 0,
    hits: 0,
    labels: 0,
    labelConflicts: 0,
    incomplete: 0,
  };
  const runs = copyRuns(db, parts);
  const sources = new Map<string, number>();
  const names = parts.flatMap((part) => part.db.prepare('select name from sources').pluck().all() as string[]);
  for (const name of [...new Set(names)].sort()) {
    sources.set(name, Number(db.prepare('insert into sources (name) values (?)').run(name).lastInsertRowid));
  }
  counts.sources = sources.size;
  for (const { part, row, source } of orderedShards(parts)) {
    const hits = db.transaction(() => copyShard(db, part, row, sources.get(source)!, runs))();
    counts.shards++;
    counts.hits += hits;
    if (row['status'] !== 'done') counts.incomplete++;
  }
  db.transaction(() => {
    copySamples(db, parts, sources);
    Object.assign(counts, copyLabels(db, parts, sources));
  })();
  return counts;
}

/** Every run once, oldest first. */
function copyRuns(db: Db, parts: readonly Part[]): Map<string, number> {
  const ids = new Map<string, number>();
  const all = parts.flatMap((part) => part.db.prepare('select * from runs').all() as Row[]);
  const keyed = all
    .map((row) => ({ key: runKey(row), row }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const { key, row } of keyed) {
    if (!ids.has(key)) ids.set(key, insert(db, 'runs', { ...row, id: undefined }));
  }
  return ids;
}

function runKey(row: Row): string {
  const { id: _, ...rest } = row;
  return JSON.stringify([rest['started'], rest['command'], Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function orderedShards(parts: readonly Part[]): { part: Part; row: Row; source: string }[] {
  const found = parts.flatMap((part) =>
    (
      part.db
        .prepare('select h.*, s.name as source_name from shards h join sources s on s.id = h.source_id')
        .all() as Row[]
    ).map(({ source_name, ...row }) => ({
      part,
      row,
      source: source_name as string,
      file: JSON.stringify([source_name, row['name'], row['path'], row['part'], row['size'], row['head_hash']]),
    })),
  );
  const holders = new Map<string, { part: Part; piece: unknown }[]>();
  for (const { part, row, source } of found) {
    const file = JSON.stringify([source, row['name'], row['path'], row['size'], row['head_hash']]);
    const held = holders.get(file) ?? [];
    const other = held.find(
      (one) => one.part !== part && (one.piece === row['part'] || one.piece === '1/1' || row['part'] === '1/1'),
    );
    if (other !== undefined && row['path'] !== '-') {
      throw new PersonaPriorError(
        'already_scanned',
        `${String(row['name'])} was also scanned into ${other.part.path}`,
        {
          place: { file: part.path },
          help: 'merge each file once',
        },
      );
    }
    holders.set(file, [...held, { part, piece: row['part'] }]);
  }
  const order = (x: (typeof found)[number]): string =>
    `${x.file}${JSON.stringify([runStarted(x.part, x.row), x.row['next_record']])}`;
  return found.sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
}

function runStarted(part: Part, row: Row): string {
  return part.db.prepare('select started from runs where id = ?').pluck().get(row['run_id']) as string;
}

function copyShard(db: Db, part: Part, row: Row, source: number, runs: ReadonlyMap<string, number>): number {
  const run = part.db.prepare('select * from runs where id = ?').get(row['run_id']) as Row;
  const shard = insert(db, 'shards', { ...row, id: undefined, source_id: source, run_id: runs.get(runKey(run))! });
  const of = (table: string, order: string): IterableIterator<Row> =>
    part.db
      .prepare(`select * from ${table} where shard_id = ? order by ${order}`)
      .iterate(row['id']) as IterableIterator<Row>;
  for (const tally of of('tallies', 'stage, kind, reason')) insert(db, 'tallies', { ...tally, shard_id: shard });
  for (const fault of of('faults', 'id')) insert(db, 'faults', { ...fault, id: undefined, shard_id: shard });
  const vector = part.db.prepare('select embedding from hit_vectors where hit_id = ?').pluck();
  const addVector = db.prepare('insert into hit_vectors (hit_id, embedding) values (?, ?)');
  let hits = 0;
  for (const hit of of('hits', 'record, start')) {
    const id = insert(db, 'hits', { ...hit, id: undefined, source_id: source, shard_id: shard });
    addVector.run(BigInt(id), vector.get(hit['id']));
    hits++;
  }
  return hits;
}

/** The union of bottom-k samples, cut to k again: the bottom k of the union (Cohen & Kaplan 2007). */
function copySamples(db: Db, parts: readonly Part[], sources: ReadonlyMap<string, number>): void {
  for (const { db: from } of parts) {
    const rows = from
      .prepare('select m.*, s.name as source_name from samples m join sources s on s.id = m.source_id')
      .iterate();
    for (const row of rows as IterableIterator<Row>) {
      const { source_name, ...sample } = row;
      insert(db, 'samples', { ...sample, source_id: sources.get(source_name as string)! }, 'or ignore');
    }
  }
  const strata = db.prepare('select distinct source_id, stratum from samples').raw().all() as [number, string][];
  const last = db
    .prepare('select key from samples where source_id = ? and stratum = ? order by key limit 1 offset ?')
    .pluck();
  const cut = db.prepare('delete from samples where source_id = ? and stratum = ? and key > ?');
  for (const [source, stratum] of strata) {
    const key = last.get(source, stratum, SAMPLE_SIZE - 1);
    if (key !== undefined) cut.run(source, stratum, key);
  }
}

function copyLabels(
  db: Db,
  parts: readonly Part[],
  sources: ReadonlyMap<string, number>,
): { labels: number; labelConflicts: number } {
  const rows = parts.flatMap((part) =>
    (
      part.db
        .prepare('select l.*, s.name as source_name from labels l left join sources s on s.id = l.source_id')
        .all() as Row[]
    ).map(
      ({ source_name, id: _, ...row }): Row => ({
        ...row,
        source_id: source_name === null ? null : sources.get(source_name as string)!,
      }),
    ),
  );
  const place = (row: Row): string =>
    JSON.stringify([row['source_id'], row['document'], row['start'], row['end'], row['reader']]);
  const order = (row: Row): string => JSON.stringify([row['created'], row['label'], row['sample'], row['inclusion']]);
  const kept = new Map<string, Row>();
  let labelConflicts = 0;
  for (const row of rows) {
    const other = kept.get(place(row));
    if (other !== undefined && other['label'] !== row['label']) labelConflicts++;
    if (other === undefined || order(other) < order(row)) kept.set(place(row), row);
  }
  for (const key of [...kept.keys()].sort()) insert(db, 'labels', kept.get(key)!);
  return { labels: kept.size, labelConflicts };
}

const statements = new WeakMap<Db, Map<string, import('better-sqlite3').Statement>>();

/** Inserts a row by its column names; `undefined` columns are left to the database. */
function insert(db: Db, table: string, row: Row, how = ''): number {
  const columns = Object.keys(row).filter((name) => row[name] !== undefined);
  const sql = `insert ${how} into ${table} (${columns.map((c) => `"${c}"`).join(', ')}) values (${columns.map(() => '?').join(', ')})`;
  let prepared = statements.get(db);
  if (prepared === undefined) {
    prepared = new Map();
    statements.set(db, prepared);
  }
  let statement = prepared.get(sql);
  if (statement === undefined) {
    statement = db.prepare(sql);
    prepared.set(sql, statement);
  }
  return Number(statement.run(...columns.map((name) => row[name])).lastInsertRowid);
}
