import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { keyedHash, murmur3 } from '../../src/hash.js';
import { openDatabase } from '../../src/store/database.js';
import { MIGRATIONS } from '../../src/store/migrations.js';
import { registerRun, shardFor, sourceId } from '../../src/store/shards.js';
import { openWriter, SAMPLE_SIZE } from '../../src/store/writer.js';
import { EMBEDDING, SCORES } from '../../src/types.js';
import type { Hit, Sample, UnitResult } from '../../src/unit.js';
import { freshFolder } from '../scan/harness.js';

const dir = freshFolder();
const run = { command: 'x', versions: {}, hashes: { encoder: 'a' }, settings: { seed: 1 }, resume: false };
const file = { path: '/x.jsonl', name: 'x.jsonl', size: 1, mtimeMs: 1, headHash: 'h' };
const part = { index: 1, of: 1 };
const cursor = { nextRecord: 1, nextByte: 10, compressedBytes: 10 };

const sample = (stratum: string, key: number): Sample => ({
  stratum,
  key,
  document: `d${key}`,
  start: 0,
  end: 4,
  title: null,
  text: 'text',
  words: 1,
  unitWords: 1,
  unitPassages: 1,
  linear: null,
  scores: null,
});
const hit = (record: number): Hit => ({
  record,
  document: `d${record}`,
  title: "Robert'); drop table hits;--",
  start: 0,
  end: 4,
  words: 1,
  passage: 0,
  passages: 1,
  text: 'AI 🤖',
  textHash: 'h',
  names: ['Ulla'],
  tropes: [],
  linear: 0.5,
  persona: 0.9,
  malevolent: 0.1,
  scores: new Float32Array(SCORES).fill(0.25),
  embedding: new Float32Array(EMBEDDING).fill(0.05),
});
const result = (more: Partial<UnitResult>): UnitResult => ({
  tallies: new Map(),
  hits: [],
  samples: [],
  faults: [],
  ...more,
});

describe('openDatabase', () => {
  it('records every migration, and opens again', () => {
    const path = join(dir, 'a.db');
    openDatabase(path).close();
    const db = openDatabase(path);
    expect(db.prepare('select name from migrations').pluck().all()).toEqual(MIGRATIONS.map((m) => m.name));
    db.close();
    openDatabase(path, { readonly: true }).close();
  });

  it('refuses what is no database of this tool, with a next step', () => {
    writeFileSync(join(dir, 'text.db'), 'this is not SQLite, it is text that goes on for more than sixteen bytes');
    expect(() => openDatabase(join(dir, 'text.db'))).toThrow(/not a database/);
    const other = new Database(join(dir, 'other.db'));
    other.exec('create table theirs (x)');
    other.close();
    expect(() => openDatabase(join(dir, 'other.db'))).toThrow(/another program/);
    expect(() => openDatabase(join(dir, 'nowhere.db'), { readonly: true })).toThrow(/can be opened/);
    expect(() => openDatabase(join(dir, 'no', 'such', 'folder.db'))).toThrow();
    const newer = openDatabase(join(dir, 'newer.db'));
    newer.exec("insert into migrations values ('999-future', '')");
    newer.close();
    expect(() => openDatabase(join(dir, 'newer.db'))).toThrow(/newer schema/);
  });

  it('says that another writer holds it', () => {
    const path = join(dir, 'busy.db');
    openDatabase(path).close();
    const holder = new Database(path);
    holder.exec('begin exclusive');
    const db = openDatabase(path);
    const writer = openWriter(db, path);
    expect(() => writer.commit(1, 1, result({}), cursor, null)).toThrow(
      expect.objectContaining({ code: 'database_busy' }),
    );
    holder.exec('rollback');
    holder.close();
    db.close();
  }, 20_000);
});

describe('the writer', () => {
  it('keeps hits with all their values, and adds tallies up', () => {
    const db = openDatabase(join(dir, 'w.db'));
    const id = registerRun(db, run);
    const source = sourceId(db, 's');
    const shard = shardFor(db, id, source, file, part, {});
    const writer = openWriter(db, 'w.db');
    for (const record of [0, 1]) {
      writer.commit(
        shard.id,
        source,
        result({ tallies: new Map([['read|in|', 2]]), hits: [hit(record)] }),
        cursor,
        null,
      );
    }
    expect(db.prepare('select n from tallies').pluck().all()).toEqual([4]);
    const row = db.prepare('select * from hits where record = 1').get() as Record<string, unknown>;
    expect(row).toMatchObject({
      title: "Robert'); drop table hits;--",
      text: 'AI 🤖',
      names: '["Ulla"]',
      persona: 0.9,
    });
    expect((row['scores'] as Buffer).length).toBe(SCORES * 4);
    expect(db.prepare('select count(*) from hit_vectors').pluck().get()).toBe(2);
    db.close();
  });

  it('a unit that fails leaves nothing behind, the cursor included', () => {
    const db = openDatabase(join(dir, 'f.db'));
    const id = registerRun(db, run);
    const source = sourceId(db, 's');
    const shard = shardFor(db, id, source, file, part, {});
    const writer = openWriter(db, 'f.db');
    // the same place twice breaks the unique index in the middle of the unit
    expect(() =>
      writer.commit(
        shard.id,
        source,
        result({ tallies: new Map([['read|in|', 2]]), hits: [hit(0), hit(0)] }),
        cursor,
        null,
      ),
    ).toThrow();
    expect(db.prepare('select count(*) from hits').pluck().get()).toBe(0);
    expect(db.prepare('select count(*) from tallies').pluck().get()).toBe(0);
    expect(db.prepare('select next_record from shards').pluck().get()).toBe(0);
    db.close();
  });

  it('keeps the bottom keys of each stratum, whatever the order and the units', () => {
    const keys = Array.from({ length: 3 * SAMPLE_SIZE }, (_, i) => (i * 7919) % 1_000_003);
    const kept = (name: string, order: number[], size: number): unknown => {
      const db = openDatabase(join(dir, name));
      const id = registerRun(db, run);
      const source = sourceId(db, 's');
      const shard = shardFor(db, id, source, file, part, {});
      for (let at = 0; at < order.length; at += size) {
        // a writer of its own for each unit: as after --resume
        const writer = openWriter(db, name);
        const limit = writer.limits(source)['linear'] ?? Number.MAX_SAFE_INTEGER;
        const samples = order
          .slice(at, at + size)
          .filter((k) => k <= limit)
          .map((k) => sample('linear', k));
        writer.commit(shard.id, source, result({ samples }), cursor, null);
      }
      const rows = db.prepare('select key from samples order by key').pluck().all();
      db.close();
      return rows;
    };
    const expected = [...keys].sort((a, b) => a - b).slice(0, SAMPLE_SIZE);
    expect(kept('s1.db', keys, 100)).toEqual(expected);
    expect(kept('s2.db', [...keys].reverse(), 377)).toEqual(expected);
  });

  it('refuses other models or settings, and the same file again', () => {
    const db = openDatabase(join(dir, 'm.db'));
    const id = registerRun(db, run);
    expect(() => registerRun(db, { ...run, hashes: { encoder: 'b' } })).toThrow(/other models or lexicon/);
    expect(() => registerRun(db, { ...run, settings: { seed: 2 } })).toThrow(/other settings/);
    const source = sourceId(db, 's');
    const first = shardFor(db, id, source, file, part, {});
    // nothing was read yet: a corrected command takes it over
    expect(shardFor(db, id, source, file, part, {}).id).toBe(first.id);
    openWriter(db, 'm.db').commit(first.id, source, result({}), cursor, null);
    expect(() => shardFor(db, id, source, file, part, {})).toThrow(
      expect.objectContaining({ code: 'already_scanned' }),
    );
    expect(() => shardFor(db, id, source, { ...file, path: '/copy.jsonl' }, part, {})).toThrow(
      /same bytes as x\.jsonl/,
    );
    expect(() => shardFor(db, id, source, { ...file, size: 2 }, part, { resume: true })).toThrow(/has changed/);
    expect(() => shardFor(db, id, sourceId(db, 'other'), file, part, {})).toThrow(/already holds/);
    expect(() => shardFor(db, id, source, file, { index: 1, of: 2 }, {})).toThrow(/already holds/);
    // a second scan that stands where the first one stood cannot count the same records
    const late = openWriter(db, 'm.db');
    openWriter(db, 'm.db').commit(first.id, source, result({}), { ...cursor, nextRecord: 2 }, null);
    expect(() => late.commit(first.id, source, result({}), { ...cursor, nextRecord: 2 }, null)).toThrow(/another scan/);
    expect(shardFor(db, id, source, file, part, { again: true }).status).toBe('pending');
    db.close();
  });
});

describe('the sampling hash', () => {
  it('is MurmurHash3 (reference values of the x86 32-bit version)', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    expect(murmur3(bytes(''), 0)).toBe(0);
    expect(murmur3(bytes(''), 1)).toBe(0x514e28b7);
    expect(murmur3(bytes('test'), 0)).toBe(0xba6bd213);
    expect(murmur3(bytes('Hello, world!'), 0x9747b28c)).toBe(0x24884cba);
    expect(murmur3(bytes('The quick brown fox jumps over the lazy dog'), 0)).toBe(0x2e4ff723);
  });

  it('depends on seed, stratum, source, id and start, and spreads evenly', () => {
    const id = new TextEncoder().encode('doc');
    const base = keyedHash(1, 'gate', 's').unit(id, 0);
    expect(keyedHash(1, 'gate', 's').unit(id, 0)).toBe(base);
    for (const other of [keyedHash(2, 'gate', 's'), keyedHash(1, 'linear', 's'), keyedHash(1, 'gate', 't')]) {
      expect(other.unit(id, 0)).not.toBe(base);
    }
    expect(keyedHash(1, 'gate', 's').unit(id, 7)).not.toBe(base);
    const hash = keyedHash(1, 'gate', 's');
    const bins = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) {
      const at = Math.floor((hash.unit(new TextEncoder().encode(`doc-${i}`), 0) / 2 ** 53) * 16);
      bins[at] = bins[at]! + 1;
    }
    for (const n of bins) expect(Math.abs(n - 1000)).toBeLessThan(150);
  });
});
