// The quarantine holds every skipped record once, whenever a scan was killed, and stays within its limit.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openQuarantine, snapshot } from '../../src/store/quarantine.js';
import type { ShardRow } from '../../src/store/shards.js';
import type { Fault } from '../../src/unit.js';
import { freshFolder } from '../scan/harness.js';

const file = { path: '/data/x\ny.jsonl', name: '../x\ny.jsonl', size: 1, mtimeMs: 1, headHash: 'h' };
const unit = (nextRecord: number) => ({ shard: { id: 3, nextRecord } as ShardRow, file, source: 's' });
const fault = (record: number, value: unknown = `r${record}`): Fault => ({
  stage: 'read',
  reason: 'malformed',
  record,
  offset: -1,
  message: 'm',
  found: snapshot(value),
});
const linesOf = (folder: string): { record: number; data: string }[] => {
  const names = readdirSync(folder);
  expect(names).toHaveLength(1);
  return readFileSync(join(folder, names[0]!), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};

it('goes on behind the committed records, whatever a killed run had written', () => {
  const folder = freshFolder();
  const first = openQuarantine(folder, 'x.db');
  first.write(unit(0), [fault(1), fault(4)]);
  first.write(unit(0), [fault(9), fault(12)]);
  appendFileSync(join(folder, readdirSync(folder)[0]!), '{"record":14,"off');
  // the database says that all before record 9 is committed
  openQuarantine(folder, 'x.db').write(unit(9), [fault(9), fault(12), fault(14)]);
  expect(linesOf(folder).map((l) => l.record)).toEqual([1, 4, 9, 12, 14]);
  // a new scan into a new database of that name begins anew
  openQuarantine(folder, 'x.db').write(unit(0), [fault(2)]);
  expect(linesOf(folder).map((l) => l.record)).toEqual([2]);
});

it('takes no more than its limit, says so in the file and counts the rest; a resumed scan does the same', () => {
  const folders = [freshFolder(), freshFolder()];
  const all = Array.from({ length: 50 }, (_, i) => fault(i));
  const whole = openQuarantine(folders[0]!, 'x.db', 2000);
  whole.write(unit(0), all);
  const { written, left } = whole.counts();
  expect([written + left, written > 3, left > 3]).toEqual([50, true, true]);
  for (const from of [0, 5, 20, 40]) {
    openQuarantine(folders[1]!, 'x.db', 2000).write(unit(from), all.slice(from, from + 20));
  }
  expect(linesOf(folders[1]!)).toEqual(linesOf(folders[0]!));
  expect(linesOf(folders[0]!).at(-1)).toMatchObject({ note: expect.stringContaining('full') });
});

it('keeps 64 KiB of a record, and shows what cannot be written as JSON', () => {
  expect(snapshot(new Uint8Array(100_000))).toMatchObject({ as: 'bytes', length: 100_000, bytes: { length: 65_536 } });
  expect(Buffer.from(snapshot({ id: 2n ** 60n }).bytes).toString()).toBe('{"id":"1152921504606846976"}');
  let deep: unknown = 0;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(Buffer.from(snapshot(deep).bytes).toString()).toMatch(/^"not shown/);
});
