import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { mergeDatabases } from '../../src/store/merge.js';
import { freshFolder, logicalRows, ROOT, run } from '../scan/harness.js';

const dir = freshFolder();
const at = (name: string): string => join(dir, name);
const input = join(ROOT, 'corpora', 'sample');

beforeAll(async () => {
  const one = await run(['scan', input, '--db', at('one.db'), '--source', 'x', '--seed', '3']);
  expect(one.code).toBe(0);
  for (const i of [1, 2, 3]) {
    const part = await run([
      'scan',
      input,
      '--db',
      at(`p${i}.db`),
      '--source',
      'x',
      '--seed',
      '3',
      '--shard',
      `${i}/3`,
    ]);
    expect(part.code).toBe(0);
  }
}, 240_000);

/** All rows of all tables in their order, ids and all, but the time of the migrations. */
function everything(path: string): string {
  const db = new Database(path, { readonly: true });
  sqliteVec.load(db);
  const rows = ['sources', 'runs', 'shards', 'tallies', 'faults', 'hits', 'samples', 'labels', 'hit_vectors'].map(
    (table) => JSON.stringify(db.prepare(`select * from ${table}`).all()),
  );
  db.close();
  return rows.join('\n');
}

const merge = (out: string, ...parts: string[]): string => {
  mergeDatabases(at(out), parts.map(at));
  return at(out);
};

describe('merge', () => {
  it('of the parts of a scan is the scan', () => {
    expect(logicalRows(merge('m.db', 'p1.db', 'p2.db', 'p3.db'))).toEqual(logicalRows(at('one.db')));
  });
  it('gives the same rows with the same ids in any order and grouping', () => {
    const straight = everything(merge('a.db', 'p1.db', 'p2.db', 'p3.db'));
    expect(everything(merge('b.db', 'p3.db', 'p1.db', 'p2.db'))).toBe(straight);
    merge('c12.db', 'p2.db', 'p1.db');
    expect(everything(merge('c.db', 'p3.db', 'c12.db'))).toBe(straight);
    expect(everything(merge('d.db', 'a.db'))).toBe(straight);
  });
  it('keeps what search needs', () => {
    const db = openDatabase(at('a.db'), { readonly: true });
    const n = (sql: string): unknown => db.prepare(sql).pluck().get();
    expect(n('select count(*) from hit_vectors')).toBe(n('select count(*) from hits'));
    expect(n("select count(*) from hit_text where hit_text match 'machine OR robot OR computer'")).toBeGreaterThan(0);
    db.close();
  });
  it('refuses the same file twice, other settings, and a file that exists', async () => {
    expect(() => merge('x.db', 'p1.db', 'one.db')).toThrow(/also scanned/);
    expect(() => merge('y.db', 'p1.db', 'a.db')).toThrow(/also scanned/);
    const other = await run(['scan', input, '--db', at('other.db'), '--limit', '3', '--seed', '4']);
    expect(other.code).toBe(0);
    expect(() => merge('z.db', 'p1.db', 'other.db')).toThrow(/other settings/);
    expect(() => merge('a.db', 'p1.db')).toThrow(/already exists/);
    expect(existsSync(at('y.db'))).toBe(false);
    expect(readdirSync(dir).filter((name) => name.includes('.part'))).toEqual([]);
  });
  it('runs from the command line', async () => {
    const done = await run(['merge', at('cli.db'), at('p1.db'), at('p2.db'), '--json']);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ databases: 2, sources: 1, incomplete: 0 });
    expect((await run(['merge', at('cli.db'), at('p1.db')])).code).toBe(2);
    expect((await run(['merge', at('no.db'), at('missing.db')])).code).toBe(2);
  });
});
