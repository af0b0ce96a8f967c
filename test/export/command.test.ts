// `export` from the command line: paths on stdout, the summary on stderr, exit codes.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { freshFolder, run } from '../scan/harness.js';
import { type Built, build } from './fixture.js';

let folder: string;
let built: Built;
beforeAll(() => {
  folder = freshFolder();
  built = build(folder);
});

const exported = (...more: string[]) => run(['export', '--db', built.db, '--out', join(folder, 'out'), ...more]);

describe('export', () => {
  it('prints the files, and what a removal would do', async () => {
    const ran = await exported(
      '--format',
      'ids',
      '--property',
      'conduct=harms & valence=malevolent',
      '--threshold',
      '0.4',
    );
    expect(ran.stderr).toContain('valence=malevolent & conduct=harms from 0.4 on: 4 of 6 hits, in 3 documents');
    expect(ran.stderr).toContain('50% of documents');
    expect(ran.stderr).toMatch(/collateral: [0-9.]+% \(transferred/);
    expect(ran).toMatchObject({ code: 0, stdout: `${join(folder, 'out', 'ids.jsonl')}\n` });
    const summary = JSON.parse(readFileSync(join(folder, 'out', 'summary.json'), 'utf8')) as Record<string, unknown>;
    expect(summary).toMatchObject({ schemaVersion: 1, format: 'ids', threshold: 0.4 });
  });

  it('refuses what it does not know, and writes nothing', async () => {
    for (const bad of [
      ['--format', 'csv'],
      ['--format', 'ids', '--property', 'conduct=nice'],
      ['--format', 'ids', '--threshold', '1.2'],
      ['--format', 'ids', '--source', 'novels'],
      [],
    ]) {
      const ran = await run(['export', '--db', built.db, '--out', join(folder, 'none'), ...bad]);
      expect(ran.code, bad.join(' ')).toBe(2);
      expect(ran.stderr).not.toBe('');
      expect(ran.stdout).toBe('');
    }
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('exits 3 when an input was not scanned to its end', async () => {
    const db = openDatabase(built.db);
    db.prepare("update shards set status = 'incomplete' where path = ?").run(built.files.letters);
    db.close();
    const ran = await exported('--format', 'jsonl', '--no-text');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('not scanned to their end: 1');
  });
});
