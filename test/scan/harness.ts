// Runs the built command line in a fresh folder, and reads a database as sorted logical rows.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';

export const ROOT = join(fileURLToPath(import.meta.url), '..', '..', '..');
export const CLI = join(ROOT, 'dist', 'cli.js');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** a worker was killed while the program ran */
  readonly workerKilled: boolean;
}

export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), 'persona-prior-test-'));
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Record<string, string>;
  /** sends a signal after so many milliseconds */
  readonly signal?: { readonly name: NodeJS.Signals; readonly after: number };
  /** kills one worker process after so many milliseconds (Linux) */
  readonly killWorker?: number;
}

export function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    const { signal } = options;
    const timer = signal === undefined ? undefined : setTimeout(() => child.kill(signal.name), signal.after);
    let workerKilled = false;
    const killing =
      options.killWorker === undefined
        ? undefined
        : setTimeout(() => {
            workerKilled = killOneWorker(child.pid!);
          }, options.killWorker);
    child.on('close', (code) => {
      clearTimeout(timer);
      clearTimeout(killing);
      resolve({ code, stdout, stderr, workerKilled });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

function killOneWorker(parent: number): boolean {
  try {
    const [worker] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
    return worker !== undefined && worker !== '' && process.kill(Number(worker), 'SIGKILL');
  } catch {
    return false;
  }
}

/**
 * Hits, tallies and samples of a database as sorted lines: equal lines are equal results (DESIGN's "identical").
 * With `faults` also the stored faults, and how each file stands.
 */
export function logicalRows(path: string, faults = false): string[] {
  const db = new Database(path, { readonly: true });
  sqliteVec.load(db);
  const hex = (value: unknown): unknown => (Buffer.isBuffer(value) ? value.toString('hex') : value);
  const dump = (name: string, sql: string): string[] =>
    (db.prepare(sql).raw().all() as unknown[][]).map((row) => `${name} ${JSON.stringify(row.map(hex))}`);
  const rows = [
    ...dump(
      'hit',
      `select s.name, h.record, h.document, h.title, h.start, h.end, h.words, h.passage, h.passages, h.text, h.text_hash, h.names,
       h.tropes, h.linear, h.persona, h.malevolent, h.scores, v.embedding
       from hits h join sources s on s.id = h.source_id join hit_vectors v on v.hit_id = h.id`,
    ),
    ...dump(
      'tally',
      `select s.name, t.stage, t.kind, t.reason, sum(t.n) from tallies t join shards h on h.id = t.shard_id
       join sources s on s.id = h.source_id group by 1, 2, 3, 4`,
    ),
    ...(faults
      ? [
          ...dump(
            'fault',
            'select h.name, f.stage, f.reason, f.record, f.byte_offset, f.message from faults f join shards h on h.id = f.shard_id',
          ),
          ...dump('file', 'select name, format, compression, fields, status, next_record, fault from shards'),
        ]
      : []),
    ...dump('sample', 'select s.name, x.* from samples x join sources s on s.id = x.source_id').map((line) =>
      line.replace(/^(sample \["[^"]*"),\d+/, '$1'),
    ),
  ];
  db.close();
  return rows.sort();
}

export function query<T>(path: string, sql: string): T[] {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare(sql).all() as T[];
  db.close();
  return rows;
}
