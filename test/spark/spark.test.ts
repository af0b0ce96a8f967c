// spark/scan.py and `import-spark` against `scan`: the same rows, and what is done stays done.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder, logicalRows, query, run } from '../scan/harness.js';
import { findSpark, submit } from './harness.js';
import { writeInputs } from './inputs.js';

const spark = findSpark();
const dir = freshFolder();
const at = (name: string): string => join(dir, name);

describe.skipIf(spark === null)('a scan by Spark', () => {
  const out = at('out');
  let inputs: string[] = [];
  let partitions = 0;
  const scanPy = (...more: string[]) =>
    submit(spark!, 'local[2]', ['--input', ...inputs, '--output', out, '--seed', '5', ...more]);
  const imported = async (): Promise<string> => {
    const db = join(mkdtempSync(at('db-')), 'spark.db');
    const done = await run(['import-spark', out, '--db', db]);
    expect(done.code, done.stderr).toBe(3);
    return db;
  };

  it('makes the database of a local scan: hits, tallies, samples, faults and files', async () => {
    inputs = writeInputs(dir);
    const local = await run(['scan', ...inputs, '--db', at('local.db'), '--seed', '5', '--workers', '2']);
    expect(local.code, local.stderr).toBe(3);
    const done = await scanPy('--partition-bytes', '6000');
    expect(done.code, done.output).toBe(3);
    const plan = JSON.parse(readFileSync(join(out, '_persona-prior', 'plan.json'), 'utf8')) as {
      partitions: { items: { part?: object; from?: number }[] }[];
    };
    partitions = plan.partitions.length;
    const items = plan.partitions.flatMap((p) => p.items);
    expect(items.filter((i) => i.part !== undefined).length).toBeGreaterThan(1);
    expect(items.filter((i) => i.from !== undefined).length).toBeGreaterThan(1);
    const db = await imported();
    expect(logicalRows(db, true)).toEqual(logicalRows(at('local.db'), true));
    const settings = 'select settings, hashes from runs';
    expect(query(db, settings)).toEqual(query(at('local.db'), settings));
    expect(query<{ settings: string }>(db, settings)[0]!.settings).toContain('"blockBytes":4096');
  }, 300_000);

  it('passes over a partition that was written twice, and does again only what is missing', async () => {
    const [first, second] = readdirSync(out).filter((name) => name.endsWith('.parquet'));
    copyFileSync(join(out, first!), join(out, 'part-99999-of-a-lost-executor.parquet'));
    expect(logicalRows(await imported(), true)).toEqual(logicalRows(at('local.db'), true));
    rmSync(join(out, second!));
    const refused = await run(['import-spark', out, '--db', at('no.db')]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('1 of ');
    const rest = readdirSync(out).filter((name) => name.endsWith('.parquet'));
    const again = await scanPy();
    expect(again.code, again.output).toBeLessThan(4);
    expect(again.output).toContain(`${partitions} partitions, ${partitions - 1} already done`);
    expect(again.output).toMatch(/1 partitions, [\d,]+ documents/);
    const after = readdirSync(out).filter((name) => name.endsWith('.parquet'));
    expect(after).toEqual(expect.arrayContaining(rest));
    expect(after.length).toBe(rest.length + 1);
    expect(logicalRows(await imported(), true)).toEqual(logicalRows(at('local.db'), true));
  }, 300_000);
});
