// Scans that are killed over and over at seeded random moments, each resumed until it ends, and compared with an undisturbed one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logicalRows, type Ran, ROOT, run } from '../scan/harness.js';
import { type FaultFormat, makeInput } from './inputs.js';

/** Where a chain of kills is aimed: at a time, at a write statement of the database, or at a worker. */
export interface Tally {
  /** kills that hit a living scan: by the clock, and before a statement */
  kills: { clock: number; statement: number };
  /** workers killed under a scan that went on */
  workers: number;
  chains: number;
  /** chains whose end differed from the undisturbed scan */
  different: string[];
}

export interface Undisturbed {
  readonly input: string;
  readonly rows: readonly string[];
  readonly seconds: number;
  readonly statements: number;
}

const IMPORT = `--import=${join(ROOT, 'test', 'faults', 'sabotage.mjs')}`;

/** Hits, tallies, samples, faults, file states and the quarantine of a scan that has ended. */
export function everything(db: string, quarantine: string): string[] {
  const files = readdirSync(quarantine).sort();
  const lines = files.flatMap((name) => readFileSync(join(quarantine, name), 'utf8').trimEnd().split('\n'));
  return [...logicalRows(db, true), ...lines.map((line) => `quarantine ${line}`).sort()];
}

export async function undisturbed(folder: string, format: FaultFormat): Promise<Undisturbed> {
  const input = makeInput(folder, format);
  const db = join(folder, `${format}.db`);
  const count = join(folder, `${format}.count`);
  const started = Date.now();
  const env = { NODE_OPTIONS: IMPORT, SABOTAGE_COUNT: count };
  const ran = await run(args(input, db, 1), { env });
  if (ran.code !== 3) throw new Error(`expected exit 3 (skipped records), got ${ran.code}: ${ran.stderr}`);
  const seconds = (Date.now() - started) / 1000;
  return { input, rows: everything(db, `${db}.skipped`), seconds, statements: Number(readFileSync(count, 'utf8')) };
}

function args(input: string, db: string, workers: number): string[] {
  const skipped = ['--quarantine', `${db}.skipped`];
  return ['scan', input, '--db', db, '--source', 'same', '--resume', '--workers', String(workers), ...skipped];
}

/**
 * One database, killed `kills` times: by turns before a random statement and at a random time; the number of workers
 * changes from run to run. Then it is resumed to its end, while one worker is killed at a random time.
 */
export async function chain(
  name: string,
  reference: Undisturbed,
  db: string,
  kills: number,
  random: () => number,
  tally: Tally,
): Promise<void> {
  let ran: Ran | undefined;
  for (let k = 0; k < kills; k++) {
    const workers = 1 + Math.floor(random() * 2);
    const byClock = random() < 0.5;
    const at = 1 + Math.floor(random() * (byClock ? reference.seconds * 1000 : reference.statements / kills));
    ran = await run(args(reference.input, db, workers), {
      env: byClock ? {} : { NODE_OPTIONS: IMPORT, SABOTAGE_STATEMENT: String(at) },
      ...(byClock ? { signal: { name: 'SIGKILL', after: at } } : {}),
    });
    if (ran.code === null) tally.kills[byClock ? 'clock' : 'statement']++;
    else if (ran.code !== 3) tally.different.push(`${name}: exit ${ran.code} in the middle: ${ran.stderr}`);
    else break;
  }
  const env = { NODE_OPTIONS: IMPORT };
  ran = await run(args(reference.input, db, 2), { env, killWorker: random() * reference.seconds * 1000 });
  if (ran.workerKilled) tally.workers++;
  tally.chains++;
  if (ran.code !== 3) tally.different.push(`${name}: exit ${ran.code} at the end: ${ran.stderr}`);
  else if (everything(db, `${db}.skipped`).join('\n') !== reference.rows.join('\n')) tally.different.push(name);
}

/** A small seeded generator (mulberry32), numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
