// `scan`: wires reading, gate, workers and store. Bounded memory; units are committed in file order with their cursor.

import { availableParallelism } from 'node:os';
import type { Readable } from 'node:stream';
import { type Cascade, loadCascade } from './cascade.js';
import { drain, newState, type Progress, type ScanSummary, type State, summary } from './commit.js';
import { PersonaPriorError } from './errors.js';
import { compileGate } from './gate/gate.js';
import { loadLexicon } from './gate/lexicon.js';
import { modelsFolder, versions } from './installed.js';
import { type Planned, planInputs } from './plan.js';
import { type Pool, startPool } from './pool.js';
import { chooseMapping, type FieldChoice, type FieldMapping } from './read/fields.js';
import type { InputFile } from './read/inputs.js';
import { type OpenedInput, type OpenOptions, openInput } from './read/open.js';
import { createSift, type Sifted } from './sift.js';
import { type Db, openDatabase } from './store/database.js';
import { finishRun, refuseShard, registerRun, type ShardRow, shardFor, sourceId, troubles } from './store/shards.js';
import { type Cursor, openWriter, type ShardEnd } from './store/writer.js';
import type { RawRecord } from './types.js';
import { samplingKeys, tally, type Unit, type UnitResult } from './unit.js';

export interface ScanOptions {
  readonly inputs: readonly string[];
  readonly db: string;
  readonly source?: string;
  readonly preset?: string;
  readonly textField?: string;
  readonly idField?: string;
  /** worker threads; default: the number of cores */
  readonly workers?: number;
  readonly resume?: boolean;
  readonly again?: boolean;
  /** stop after so many records in all */
  readonly limit?: number;
  /** part I of N, counted from 1: whole files where there are at least N, else every Nth record */
  readonly shard?: { readonly index: number; readonly of: number };
  readonly strict?: boolean;
  readonly exactCounts?: boolean;
  readonly seed?: number;
  readonly models?: string;
  /** as typed, for the run's record */
  readonly command?: string;
  readonly signal?: AbortSignal;
  /** standard input, for the input `-` */
  readonly stdin?: Readable;
  readonly onProgress?: (progress: Progress) => void;
}

/** A unit is sent to a worker when it holds so many bytes of candidates, or so many records were sifted. */
const UNIT_BYTES = 256 * 1024;
const UNIT_RECORDS = 8192;

/**
 * Scans the inputs into the database. Resolves when all is committed, or when `signal` aborts (status `interrupted`).
 * Throws a `PersonaPriorError` for usage, inputs, models and database; what was committed before stays and can be resumed.
 */
export async function scan(options: ScanOptions): Promise<ScanSummary> {
  const started = Date.now();
  const models = options.models ?? modelsFolder();
  const plan = await planInputs(options);
  const lexicon = loadLexicon(models);
  const gate = compileGate(lexicon);
  const db = openDatabase(options.db);
  let pool: Pool | undefined;
  try {
    const cascade = await loadCascade(models);
    const settings = settingsOf(options, cascade);
    const run = registerRun(db, {
      command: options.command ?? 'scan',
      versions: versions(),
      hashes: cascade.hashes,
      settings,
      resume: options.resume ?? false,
    });
    await cascade.dispose();
    pool = await startPool(options.workers ?? availableParallelism(), models);
    const todo = db.transaction(() =>
      plan.map((planned) => ({
        planned,
        shard: shardFor(db, run, sourceId(db, planned.source), planned.file, planned.part, options),
      })),
    )();
    const state = newState(
      options,
      plan.map((p) => p.file),
      openWriter(db, options.db),
      cascade.thresholds.flag,
      started,
    );
    try {
      for (const { planned, shard } of todo) {
        if (shard.status === 'done') {
          state.filesDone++;
          continue;
        }
        await scanOrRefuse(planned, shard, { db, pool, gate, options, state, seed: settings.seed });
        if (options.signal?.aborted || state.recordsLeft <= 0) break;
      }
      await drain(state, 0);
    } catch (error) {
      // what was read before the fault is kept
      await drain(state, 0).catch(() => {});
      finishRun(db, run, 'failed');
      throw error;
    }
    const interrupted = options.signal?.aborted ?? false;
    finishRun(db, run, interrupted ? 'interrupted' : 'done');
    const shards = todo.map(({ shard }) => shard.id);
    return summary(state, interrupted, troubles(db, shards));
  } finally {
    await pool?.close();
    db.close();
  }
}

function settingsOf(
  options: ScanOptions,
  cascade: Cascade,
): { seed: number; exactCounts: boolean; thresholds: object } {
  return { seed: options.seed ?? 1, exactCounts: options.exactCounts ?? false, thresholds: cascade.thresholds };
}

interface Context {
  readonly db: Db;
  readonly pool: Pool;
  readonly gate: ReturnType<typeof compileGate>;
  readonly options: ScanOptions;
  readonly state: State;
  readonly seed: number;
}

/** A member of a folder that is no readable dump is counted and passed over; a file that was named is an error. */
async function scanOrRefuse(planned: Planned, shard: ShardRow, context: Context): Promise<void> {
  try {
    await scanFile(planned, shard, context);
  } catch (error) {
    const unreadable = error instanceof PersonaPriorError && ['unknown_format', 'no_text_field'].includes(error.code);
    if (!unreadable || !planned.member) throw error;
    refuseShard(context.db, shard.id, error.code, error.message);
    context.state.incomplete.push(`${planned.file.name} (${error.message})`);
  }
}

async function scanFile(planned: Planned, shard: ShardRow, context: Context): Promise<void> {
  const { options, state } = context;
  const { file, source, part } = planned;
  state.file = file.name;
  const opened = await openInput(file, openOptions(shard, options));
  const keys = samplingKeys(context.seed, source);
  let sift: ReturnType<typeof createSift> | undefined;
  let mapping: FieldMapping | undefined;
  let records = 0;
  let cursor: Cursor = { nextRecord: shard.nextRecord, nextByte: shard.nextByte, compressedBytes: 0 };
  let limited = false;
  // looked up once a unit: asking for every record would cost more than the gate
  let gateLimit = 0;

  for await (const batch of opened.batches) {
    if (options.signal?.aborted) return;
    if (mapping === undefined && batch.records.length > 0) {
      mapping = mappingFor(shard, batch.records, opened, options, file);
      shard.remember(opened.format, opened.compression, mapping);
      gateLimit = gateLimitOf(state, shard);
      sift = createSift({
        gate: context.gate,
        mapping,
        file: file.name,
        keys,
        gateLimit: () => gateLimit,
        exactCounts: options.exactCounts ?? false,
      });
    }
    let lastRecord = cursor.nextRecord - 1;
    for (const record of batch.records) {
      if (state.recordsLeft <= 0) {
        limited = true;
        break;
      }
      if (sift!.pending() >= UNIT_BYTES) {
        const nextByte = record.kind === 'json' ? record.offset : -1;
        cursor = { nextRecord: record.record, nextByte, compressedBytes: cursor.compressedBytes };
        launch(sift!.take(), mapping!, shard, planned, cursor, null, context);
        records = 0;
        await drain(state, state.workers * 3);
        if (options.signal?.aborted) return;
        gateLimit = gateLimitOf(state, shard);
      }
      lastRecord = record.record;
      records++;
      if (part.of > 1 && record.record % part.of !== part.index - 1) continue;
      state.recordsLeft--;
      sift!.add(record);
    }
    // inside a batch there is no byte position: a scan that stops at --limit goes on by record number
    cursor = limited
      ? { nextRecord: lastRecord + 1, nextByte: -1, compressedBytes: batch.compressedBytes }
      : { nextRecord: lastRecord + 1, nextByte: batch.bytes, compressedBytes: batch.compressedBytes };
    if (limited) break;
    if (sift !== undefined && (sift.pending() >= UNIT_BYTES || records >= UNIT_RECORDS)) {
      launch(sift.take(), mapping!, shard, planned, cursor, null, context);
      records = 0;
      await drain(state, state.workers * 3);
      gateLimit = gateLimitOf(state, shard);
    }
  }
  if (options.signal?.aborted) return;
  const outcome = opened.outcome();
  if (options.strict && outcome.fault !== undefined) {
    throw new PersonaPriorError('strict', outcome.fault.message, { place: { file: file.name } });
  }
  const fault = limited ? { reason: 'limit', message: '--limit reached' } : (outcome.fault ?? null);
  const end: ShardEnd = { status: fault === null && outcome.complete ? 'done' : 'incomplete', fault };
  if (end.status === 'incomplete' && !limited) state.incomplete.push(file.name);
  launch(sift?.take() ?? empty(), mapping, shard, planned, cursor, end, context);
  await drain(state, state.workers * 3);
  state.filesDone++;
  state.bytesBefore += file.size ?? 0;
}

/** A resumed file is read with the fields that it was begun with. */
function openOptions(shard: ShardRow, options: ScanOptions): OpenOptions {
  const place = { skipRecords: shard.nextRecord, skipBytes: shard.nextByte };
  const stdin = options.stdin === undefined ? {} : { stdin: options.stdin };
  if (shard.fields !== null) {
    const { text, id } = shard.fields;
    return { ...place, ...stdin, textField: text, ...(id === null ? {} : { idField: id }) };
  }
  return { ...place, ...stdin, ...choiceOf(options) };
}

function choiceOf(options: ScanOptions): FieldChoice {
  return {
    ...(options.preset === undefined ? {} : { preset: options.preset }),
    ...(options.textField === undefined ? {} : { textField: options.textField }),
    ...(options.idField === undefined ? {} : { idField: options.idField }),
  };
}

function gateLimitOf(state: State, shard: ShardRow): number {
  return state.writer.limits(shard.sourceId)['gate'] ?? Number.MAX_SAFE_INTEGER;
}

function mappingFor(
  shard: ShardRow,
  records: readonly RawRecord[],
  opened: OpenedInput,
  options: ScanOptions,
  file: InputFile,
): FieldMapping {
  if (shard.fields !== null) return shard.fields;
  return chooseMapping(records, opened.format, { file: file.name, ...choiceOf(options) });
}

function empty(): Sifted {
  return { tallies: new Map(), samples: [], faults: [], candidates: [], chunks: [], bytes: 0, characters: 0 };
}

function launch(
  sifted: Sifted,
  mapping: FieldMapping | undefined,
  shard: ShardRow,
  planned: Planned,
  cursor: Cursor,
  end: ShardEnd | null,
  context: Context,
): void {
  const { state, options } = context;
  let work: Promise<UnitResult> = Promise.resolve({ tallies: new Map(), hits: [], samples: [], faults: [] });
  let bytes = 0;
  if (sifted.candidates.length > 0 && mapping !== undefined) {
    const joined = new Uint8Array(sifted.bytes);
    let at = 0;
    for (const chunk of sifted.chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    bytes = sifted.bytes + sifted.characters;
    const unit: Unit = {
      buffer: joined.buffer,
      candidates: sifted.candidates,
      mapping,
      file: planned.file.name,
      source: planned.source,
      seed: context.seed,
      sampleLimits: state.writer.limits(shard.sourceId),
      exactCounts: options.exactCounts ?? false,
    };
    work = context.pool.run(unit);
  }
  const result = work.then((found) => merge(sifted, found));
  result.catch(() => {}); // seen when its turn to commit comes
  state.flyingBytes += bytes;
  state.flights.push({ shard, result, cursor, end, bytes, file: planned.file.name });
}

function merge(sifted: Sifted, found: UnitResult): UnitResult {
  for (const [key, n] of found.tallies) {
    const [stage, kind, reason] = key.split('|');
    tally(sifted.tallies, stage!, kind!, reason, n);
  }
  return {
    tallies: sifted.tallies,
    hits: found.hits,
    samples: [...sifted.samples, ...found.samples],
    faults: [...sifted.faults, ...found.faults].sort((a, b) => a.record - b.record),
  };
}
