// `classify --tallies` as a process: documents and requests in one stream, and what the worker of Spark says when things lack.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents } from '../scan/documents.js';
import { freshFolder, query, ROOT, run } from '../scan/harness.js';
import { PYTHON } from './harness.js';

type Line = Record<string, Record<string, unknown> | null>;
const dir = freshFolder();
const linesOf = (stdout: string): Line[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('classify --tallies', () => {
  it('answers documents as classify does, and adds what a scan of them stores', async () => {
    const docs = documents().slice(0, 8);
    const input = `${docs.map((d) => JSON.stringify(d)).join('\n')}\n{"id": "x"}\nnothing\n`;
    const plain = await run(['classify'], { input });
    const told = await run(['classify', '--tallies', '--source', 's'], { input });
    const lines = linesOf(told.stdout);
    expect(lines.filter((line) => 'id' in line)).toEqual(linesOf(plain.stdout));
    const db = join(dir, 'stdin.db');
    await run(['scan', '-', '--db', db, '--source', 's'], { input });
    const counts = query<{ stage: string; kind: string; reason: string; n: number }>(
      db,
      'select stage, kind, reason, n from tallies',
    );
    const by = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
    expect(lines.flatMap((line) => line['tally'] ?? []).sort(by)).toEqual(counts.sort(by));
    expect(lines.filter((line) => 'hit' in line).length).toBe(
      query<{ n: number }>(db, 'select count(*) as n from hits')[0]!.n,
    );
    const keys = lines
      .flatMap((line) => (line['sample'] == null ? [] : [Number(line['sample']['key'])]))
      .sort((a, b) => a - b);
    expect(keys).toEqual(query<{ key: number }>(db, 'select key from samples order by key').map((row) => row.key));
  });

  it('says why a request fails, and goes on', async () => {
    const file = { path: join(dir, 'gone.jsonl'), name: 'gone.jsonl', size: 3, mtimeMs: 1, headHash: 'x' };
    const requests = [{ scan: { file, source: 's', member: true } }, { plan: { inputs: ['-'], split: 1 } }, { end: 1 }];
    const done = await run(['classify', '--tallies'], {
      input: requests.map((r) => `${JSON.stringify(r)}\n`).join(''),
    });
    expect(linesOf(done.stdout).flatMap((line) => line['failed']?.['code'] ?? [])).toEqual(['input_changed', 'usage']);
    expect(done.code).toBe(3);
    expect((await run(['classify', '--tallies', '--all'], { input: '' })).code).toBe(2);
  });

  it.skipIf(spawnSync(PYTHON, ['--version']).status !== 0)(
    'a worker of Spark names what is not there, and where',
    () => {
      const ask = (code: string): string => {
        const script = `import sys; sys.path.insert(0, ${JSON.stringify(join(ROOT, 'spark'))})\nimport persona_prior_worker as w\n${code}`;
        return spawnSync(PYTHON, ['-c', script], {
          encoding: 'utf8',
          env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
        }).stderr;
      };
      const old = join(dir, 'old-node');
      writeFileSync(old, '#!/bin/sh\necho v16.1.0\n', { mode: 0o755 });
      mkdirSync(join(dir, 'empty'));
      const root = JSON.stringify(ROOT);
      expect(ask(`w.find_package(${JSON.stringify(join(dir, 'empty'))})`)).toMatch(
        /on \S+: the package is not there.*--archives/,
      );
      expect(ask(`w.find_node(${root}, "/nowhere/node")`)).toMatch(/Node cannot be run: \/nowhere\/node/);
      expect(ask(`w.find_node(${root}, ${JSON.stringify(old)})`)).toMatch(
        /Node 20.19 or newer is needed, .* is v16.1.0/,
      );
      expect(ask(`w.Worker({"package": ${root}, "models": "/nowhere"})`)).toMatch(
        /the models are not there: \/nowhere/,
      );
    },
  );
});
