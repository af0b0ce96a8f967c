// `scan`: wires plan, reading, workers and store. One scan a database; units are committed in file order with their cursor.
import { availableParallelism } from 'node:os';
import type { Readable } from 'node:stream';
import { cascadeFacts } from './cascade.js';
import { drain, incomplete, newState, type Progress, type ScanSummary, summary } from './commit.js';
import { compileGate } from './gate/gate.js';
import { loadLexicon } from './gate/lexicon.js';
import { modelsFolder, versions } from './installed.js';
import { checkInputs, type Planned, planInputs } from './plan.js';
import { type Pool, startPool } from './pool.js';
import { type Context, scanFile, unreadable } from './scan-file.js';
import { scanSettings } from './scan-settings.js';
import { type Db, openDatabase } from './store/database.js';
import { lockDatabase } from './store/lock.js';
import { openQuarantine } from './store/quarantine.js';
import {
  finishRun,
  forgetPlanned,
  refuseShard,
  registerRun,
  type ShardRow,
  shardFor,
  sourceId,
  troubles,
} from './store/shards.js';
import { openWriter } from './store/writer.js';

export interface ScanOptions {
  readonly inputs: readonly string[];
  readonly db: string;
  readonly source?: string;
  readonly preset?: string;
  readonly textField?: string;
  readonly idField?: string;
  /** worker processes; default: the number of cores */
  readonly workers?: number;
  readonly resume?: boolean;
  readonly again?: boolean;
  /** stop after so many records in all */
  readonly limit?: number;
  /** part I of N, counted from 1: whole files where there are at least N, else every Nth record */
  readonly shard?: { readonly index: number; readonly of: number };
  readonly strict?: boolean;
  /** a folder for what was skipped, see store/quarantine.ts */
  readonly quarantine?: string;
  /** no limits on how far a compressed file may expand */
  readonly trustCompression?: boolean;
  /** seconds that one passage may take before its document is given up */
  readonly patience?: number;
  readonly exactCounts?: boolean;
  readonly seed?: number;
  readonly models?: string;
  /** as typed, for the run's record */
  readonly command?: string;
  readonly signal?: AbortSignal;
  /** standard input, for the input `-` */
  readonly stdin?: Readable;
  /** what standard input would be called as a file: its extension tells the format where the first bytes do not */
  readonly stdinName?: string;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Scans the inputs into the database. Resolves when all is committed, or when `signal` aborts (status `interrupted`).
 * Throws a `PersonaPriorError` for usage, inputs, models and database; what was committed before stays and can be resumed.
 */
export async function scan(options: ScanOptions): Promise<ScanSummary> {
  const started = Date.now();
  const models = options.models ?? modelsFolder();
  await checkInputs(options.inputs, options.signal);
  const facts = cascadeFacts(models);
  const unlock = lockDatabase(options.db);
  let db: Db | undefined;
  let pool: Pool | undefined;
  try {
    db = openDatabase(options.db);
    const quarantine = options.quarantine === undefined ? null : openQuarantine(options.quarantine, options.db);
    const settings = scanSettings(options, facts.thresholds);
    const run = registerRun(db, {
      command: options.command ?? 'scan',
      versions: versions(),
      hashes: facts.hashes,
      settings,
      resume: options.resume ?? false,
    });
    const found = await plan(db, run, options);
    const state = newState(options, found, openWriter(db, options.db), quarantine, facts.thresholds.flag, started);
    if (options.signal?.aborted) {
      settle(db, run, 'interrupted');
      return summary(state, true);
    }
    pool = await startPool(options.workers ?? availableParallelism(), models, {
      ...(options.patience === undefined ? {} : { patience: options.patience * 1000 }),
    });
    const gate = compileGate(loadLexicon(models));
    const context = { db, run, pool, gate, options, state, seed: settings.seed };
    try {
      for await (const planned of planInputs(options)) {
        await scanPlanned(planned, context);
        if (options.signal?.aborted || state.recordsLeft <= 0) break;
      }
      await drain(state, 0);
    } catch (error) {
      // what was read before the fault is kept
      await drain(state, 0).catch(() => {});
      settle(db, run, 'failed');
      throw error;
    }
    const interrupted = options.signal?.aborted ?? false;
    settle(db, run, interrupted ? 'interrupted' : 'done');
    return summary(state, interrupted);
  } finally {
    await pool?.close();
    db?.close();
    unlock();
  }
}

/** How a run ended is a remark: a database that takes no more writes has told its own error already. */
function settle(db: Db, run: number, status: 'done' | 'interrupted' | 'failed'): void {
  try {
    finishRun(db, run, status);
  } catch {
    // it stays `running`, as a killed one does
  }
}

/** Rows written at once while the inputs are listed. */
const BATCH = 1000;

/** Registers every file, so that what cannot be scanned is refused before anything is; the totals are for the progress. */
async function plan(db: Db, run: number, options: ScanOptions): Promise<{ files: number; bytes: number }> {
  let files = 0;
  let bytes = 0;
  let batch: Planned[] = [];
  const register = db.transaction(() => {
    for (const { source, file, part } of batch) {
      shardFor(db, run, sourceId(db, source), file, part, { ...options, planning: true });
    }
    batch = [];
  });
  try {
    for await (const planned of planInputs(options)) {
      files++;
      bytes += planned.file.size ?? 0;
      if (batch.push(planned) >= BATCH) register();
    }
    register();
  } catch (error) {
    forgetPlanned(db, run);
    throw error;
  }
  return { files, bytes };
}

interface PlannedContext extends Context {
  readonly db: Db;
  readonly run: number;
}

async function scanPlanned(planned: Planned, context: PlannedContext): Promise<void> {
  const { db, run, options, state } = context;
  const shard = shardFor(db, run, sourceId(db, planned.source), planned.file, planned.part, options);
  if (shard.ended) {
    if (shard.status === 'incomplete') incomplete(state, planned.file.name);
    state.troubles += troubles(db, shard.id);
    state.filesDone++;
    return;
  }
  // of this run what is committed is counted as it comes; here what earlier runs left
  state.troubles += troubles(db, shard.id);
  await scanOrRefuse(planned, shard, context);
}

/** A member of a folder that is no readable dump is counted and passed over; a file that was named is an error. */
async function scanOrRefuse(planned: Planned, shard: ShardRow, context: PlannedContext): Promise<void> {
  try {
    await scanFile(planned, shard, context);
  } catch (error) {
    if (!unreadable(error) || !planned.member) throw error;
    // a remote one may be lost in its middle: what was read of it comes before the refusal
    await drain(context.state, 0);
    refuseShard(context.db, shard.id, error.code, error.message);
    incomplete(context.state, `${planned.file.name} (${error.message})`);
  }
}
