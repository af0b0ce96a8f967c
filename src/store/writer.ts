// Writes what a scan finds. One transaction holds a unit's hits, tallies, samples and the shard's cursor.
import { PersonaPriorError } from '../errors.js';
import type { Fault, Hit, Sample, UnitResult } from '../unit.js';
import { asDatabaseError, type Db } from './database.js';

/** Sampled units a stratum and source: enough for the audits that docs/estimates.md describes. */
export const SAMPLE_SIZE = 500;

/** Stored faults per shard, stage and reason; all are counted. */
export const FAULTS_KEPT = 1000;

/** Where a shard stands after a unit. */
export interface Cursor {
  readonly nextRecord: number;
  readonly nextByte: number;
  readonly compressedBytes: number;
}

export interface ShardEnd {
  readonly status: 'done' | 'incomplete';
  readonly fault: unknown;
}

export interface Writer {
  /** Commits one unit of a shard. Throws `database` or `database_busy`. */
  commit(shard: number, source: number, result: UnitResult, cursor: Cursor, end: ShardEnd | null): void;
  /** Largest sampling keys that can still enter each stratum of a source. */
  limits(source: number): Record<string, number>;
}

/** Prepares the statements; loads the samples' keys, so that a resumed scan goes on with them. */
export function openWriter(db: Db, path: string): Writer {
  const addTally = db.prepare(`insert into tallies values (?, ?, ?, ?, ?)
    on conflict do update set n = n + excluded.n`);
  const addFault = db.prepare(`insert into faults (shard_id, stage, reason, record, byte_offset, message)
    values (?, ?, ?, ?, ?, ?)`);
  const addHit = db.prepare(`insert into hits (source_id, shard_id, record, document, title, start, end, words, passage,
    passages, text, text_hash, names, tropes, linear, persona, malevolent, scores)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const addVector = db.prepare('insert into hit_vectors (hit_id, embedding) values (?, ?)');
  const addSample = db.prepare(`insert or ignore into samples values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const dropSamples = db.prepare('delete from samples where source_id = ? and stratum = ? and key > ?');
  const setCursor =
    db.prepare(`update shards set status = 'running', next_record = ?, next_byte = ?, compressed_bytes = ?
    where id = ? and next_record = ?`);
  const endShard = db.prepare('update shards set status = ?, fault = ? where id = ?');
  const countFaults = db.prepare('select count(*) as n from faults where shard_id = ? and stage = ? and reason = ?');
  const keptFaults = new Map<string, number>();
  // where each open shard stood when this writer last wrote to it (0 for those not begun): two writers cannot both count it
  const begun = db.prepare("select id, next_record from shards where next_record > 0 and status != 'done'");
  const expected = new Map(begun.raw().all() as [number, number][]);

  // sorted keys per source and stratum: the in-memory image of the samples table
  const kept = new Map<string, number[]>();
  const rows = db.prepare('select source_id, stratum, key from samples order by key').all() as {
    source_id: number;
    stratum: string;
    key: number;
  }[];
  for (const row of rows) keysOf(row.source_id, row.stratum).push(row.key);

  function keysOf(source: number, stratum: string): number[] {
    const name = `${source}|${stratum}`;
    let keys = kept.get(name);
    if (keys === undefined) {
      keys = [];
      kept.set(name, keys);
    }
    return keys;
  }

  const storeHit = (shard: number, source: number, hit: Hit): void => {
    const { lastInsertRowid } = addHit.run(
      source,
      shard,
      hit.record,
      hit.document,
      hit.title,
      hit.start,
      hit.end,
      hit.words,
      hit.passage,
      hit.passages,
      hit.text,
      hit.textHash,
      JSON.stringify(hit.names),
      JSON.stringify(hit.tropes),
      hit.linear,
      hit.persona,
      hit.malevolent,
      blob(hit.scores),
    );
    addVector.run(BigInt(lastInsertRowid), blob(hit.embedding));
  };

  const storeSample = (source: number, sample: Sample): void => {
    const keys = keysOf(source, sample.stratum);
    if (keys.length >= SAMPLE_SIZE && sample.key > keys[SAMPLE_SIZE - 1]!) return;
    const scores = sample.scores === null ? null : blob(sample.scores);
    const { changes } = addSample.run(
      source,
      sample.stratum,
      sample.key,
      sample.document,
      sample.start,
      sample.end,
      sample.title,
      sample.text,
      sample.words,
      sample.unitWords,
      sample.unitPassages,
      sample.linear,
      scores,
    );
    if (changes === 0) return;
    keys.splice(place(keys, sample.key), 0, sample.key);
    if (keys.length > SAMPLE_SIZE) {
      keys.length = SAMPLE_SIZE;
      dropSamples.run(source, sample.stratum, keys[SAMPLE_SIZE - 1]!);
    }
  };

  const storeFault = (shard: number, fault: Fault): void => {
    const key = `${shard}|${fault.stage}|${fault.reason}`;
    const n = keptFaults.get(key) ?? (countFaults.get(shard, fault.stage, fault.reason) as { n: number }).n;
    keptFaults.set(key, n + 1);
    if (n < FAULTS_KEPT) addFault.run(shard, fault.stage, fault.reason, fault.record, fault.offset, fault.message);
  };

  const transaction = db.transaction(
    (shard: number, source: number, result: UnitResult, cursor: Cursor, end: ShardEnd | null) => {
      for (const [key, n] of result.tallies) {
        const [stage, kind, reason] = key.split('|');
        addTally.run(shard, stage, kind, reason, n);
      }
      for (const fault of result.faults) storeFault(shard, fault);
      for (const hit of result.hits) storeHit(shard, source, hit);
      for (const sample of result.samples) storeSample(source, sample);
      const { nextRecord, nextByte, compressedBytes } = cursor;
      const { changes } = setCursor.run(nextRecord, nextByte, compressedBytes, shard, expected.get(shard) ?? 0);
      if (changes !== 1) {
        throw new PersonaPriorError('database_busy', 'another scan has gone on with this file in the same database', {
          help: 'let one of them finish',
        });
      }
      if (end !== null) endShard.run(end.status, end.fault === null ? null : JSON.stringify(end.fault), shard);
    },
  );

  const forget = (shard: number): void => {
    expected.delete(shard);
    for (const key of keptFaults.keys()) if (key.startsWith(`${shard}|`)) keptFaults.delete(key);
  };

  return {
    commit(shard, source, result, cursor, end) {
      try {
        transaction(shard, source, result, cursor, end);
        if (end === null) expected.set(shard, cursor.nextRecord);
        else forget(shard);
      } catch (cause) {
        throw asDatabaseError(cause, path);
      }
    },
    limits(source) {
      const limits: Record<string, number> = {};
      for (const [name, keys] of kept) {
        const [id, ...stratum] = name.split('|');
        if (Number(id) === source && keys.length >= SAMPLE_SIZE) limits[stratum.join('|')] = keys[SAMPLE_SIZE - 1]!;
      }
      return limits;
    },
  };
}

function blob(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** First index whose key is not below `key`. */
function place(keys: readonly number[], key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
