// `scan`: wires reading, gate, workers and store. Bounded memory; units are committed in file order with their cursor.

import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { type Cascade, loadCascade } from './cascade.js';
import { PersonaPriorError } from './errors.js';
import { compileGate } from './gate/gate.js';
import { loadLexicon } from './gate/lexicon.js';
import { modelsFolder, versions } from './installed.js';
import { type Pool, startPool } from './pool.js';
import { chooseMapping, type FieldChoice, type FieldMapping } from './read/fields.js';
import { findInputs, type InputFile } from './read/inputs.js';
import { type OpenedInput, type OpenOptions, openInput } from './read/open.js';
import { createSift, type Sifted } from './sift.js';
import { type Db, openDatabase } from './store/database.js';
import { finishRun, registerRun, type ShardRow, shardFor, sourceId } from './store/shards.js';
import { type Cursor, openWriter, type ShardEnd, type Writer } from './store/writer.js';
import type { RawRecord } from './types.js';
import { type Keys, samplingKeys, tally, type Unit, type UnitResult } from './unit.js';

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

export interface Progress {
  readonly file: string;
  readonly files: number;
  readonly filesDone: number;
  /** bytes on disk, read and in all (0 when unknown) */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly documents: number;
  readonly passages: number;
  readonly hits: number;
  readonly flags: number;
  readonly seconds: number;
}

export interface ScanSummary {
  readonly status: 'done' | 'interrupted';
  readonly documents: number;
  readonly skipped: number;
  readonly repaired: number;
  readonly failed: number;
  readonly hits: number;
  readonly flags: number;
  /** files that could not be read to their end */
  readonly incomplete: readonly string[];
  readonly seconds: number;
  /** counts by `stage|kind|reason` of this run */
  readonly tallies: ReadonlyMap<string, number>;
}

/** A unit is sent to a worker when it holds so many bytes of candidates, or so many records were sifted. */
const UNIT_BYTES = 256 * 1024;
const UNIT_RECORDS = 8192;
/** Bytes of candidates under way at once. */
const IN_FLIGHT_BYTES = 96 * 1024 * 1024;

interface Planned {
  readonly file: InputFile;
  readonly source: string;
  readonly part: { index: number; of: number };
}

/** A unit on its way, in commit order. */
interface Flight {
  readonly shard: ShardRow;
  readonly result: Promise<UnitResult>;
  readonly cursor: Cursor;
  readonly end: ShardEnd | null;
  readonly bytes: number;
  readonly file: string;
}

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
    const state = newState(options, plan, openWriter(db, options.db), cascade.thresholds.flag, started);
    const todo = plan.map((planned) => ({
      planned,
      shard: shardFor(db, run, sourceId(db, planned.source), planned.file, planned.part, options),
    }));
    try {
      for (const { planned, shard } of todo) {
        if (shard.status === 'done') {
          state.filesDone++;
          continue;
        }
        await scanFile(planned, shard, { db, pool, gate, options, state, seed: settings.seed });
        if (options.signal?.aborted || state.recordsLeft <= 0) break;
      }
      await drain(state, 0);
    } catch (error) {
      finishRun(db, run, 'failed');
      throw error;
    }
    const interrupted = options.signal?.aborted ?? false;
    finishRun(db, run, interrupted ? 'interrupted' : 'done');
    return summary(state, interrupted);
  } finally {
    await pool?.close();
    db.close();
  }
}

/** Which files, under which source names. Every argument is one source unless `source` is given. */
export async function planInputs(options: Pick<ScanOptions, 'inputs' | 'source' | 'shard'>): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const input of options.inputs) {
    const source = options.source ?? sourceName(input);
    for await (const file of findInputs([input])) planned.push({ file, source, part: { index: 1, of: 1 } });
  }
  const seen = new Set<string>();
  for (const { file } of planned) {
    if (seen.has(file.path)) {
      throw new PersonaPriorError('usage', 'the same file was given twice', { place: { file: file.name } });
    }
    seen.add(file.path);
  }
  const { shard } = options;
  if (shard === undefined || shard.of === 1) return planned;
  if (planned.length >= shard.of) return planned.filter((_, i) => i % shard.of === shard.index - 1);
  return planned.map((p) => ({ ...p, part: shard }));
}

const EXTENSIONS = /(?:\.(?:jsonl|ndjson|json|csv|tsv|parquet|txt|text|md|gz|zst|zstd|warc|wet|arc))+$/i;

function sourceName(input: string): string {
  if (input === '-') return 'stdin';
  const glob = /[*?[{]/.test(input);
  const base = basename(
    glob ? dirname(input.slice(0, input.search(/[*?[{]/)).concat('x')) : input.replace(/[\\/]+$/, ''),
  );
  return base.replace(EXTENSIONS, '') || base || 'corpus';
}

function settingsOf(
  options: ScanOptions,
  cascade: Cascade,
): { seed: number; exactCounts: boolean; thresholds: object } {
  return { seed: options.seed ?? 1, exactCounts: options.exactCounts ?? false, thresholds: cascade.thresholds };
}

interface State {
  readonly writer: Writer;
  readonly flights: Flight[];
  readonly totals: Map<string, number>;
  readonly started: number;
  readonly flagThreshold: number;
  readonly files: number;
  readonly totalBytes: number;
  readonly workers: number;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly incomplete: string[];
  readonly strict: boolean;
  /** resolves to null when the scan is to stop */
  readonly aborted: Promise<null>;
  bytesBefore: number;
  flyingBytes: number;
  filesDone: number;
  recordsLeft: number;
  flags: number;
  file: string;
}

function newState(
  options: ScanOptions,
  plan: readonly Planned[],
  writer: Writer,
  flag: number,
  started: number,
): State {
  return {
    writer,
    flights: [],
    totals: new Map(),
    started,
    flagThreshold: flag,
    files: plan.length,
    totalBytes: plan.reduce((n, p) => n + (p.file.size ?? 0), 0),
    workers: options.workers ?? availableParallelism(),
    onProgress: options.onProgress,
    incomplete: [],
    strict: options.strict ?? false,
    aborted: whenAborted(options.signal),
    bytesBefore: 0,
    flyingBytes: 0,
    filesDone: 0,
    recordsLeft: options.limit ?? Number.POSITIVE_INFINITY,
    flags: 0,
    file: '',
  };
}

function whenAborted(signal: AbortSignal | undefined): Promise<null> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(null);
    signal?.addEventListener('abort', () => resolve(null), { once: true });
  });
}

interface Context {
  readonly db: Db;
  readonly pool: Pool;
  readonly gate: ReturnType<typeof compileGate>;
  readonly options: ScanOptions;
  readonly state: State;
  readonly seed: number;
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
      launch(sift.take(), mapping!, shard, planned, cursor, null, keys, context);
      records = 0;
      await drain(state, state.workers * 3);
      gateLimit = gateLimitOf(state, shard);
    }
  }
  const outcome = opened.outcome();
  if (options.strict && outcome.fault !== undefined) {
    throw new PersonaPriorError('strict', outcome.fault.message, { place: { file: file.name } });
  }
  const fault = limited ? { reason: 'limit', message: '--limit reached' } : (outcome.fault ?? null);
  const end: ShardEnd = { status: fault === null && outcome.complete ? 'done' : 'incomplete', fault };
  if (end.status === 'incomplete' && !limited) state.incomplete.push(file.name);
  launch(sift?.take() ?? empty(), mapping, shard, planned, cursor, end, keys, context);
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
  keys: Keys,
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

/** The first thing in a unit that --strict does not let pass. */
function strictResult(result: UnitResult, file: string): void {
  const help = 'without --strict it is counted, and the scan goes on';
  for (const fault of result.faults) {
    const place = { file, record: fault.record, offset: fault.offset };
    throw new PersonaPriorError('strict', `${fault.reason}: ${fault.message}`, { place, help });
  }
  if ((result.tallies.get('read|repaired|') ?? 0) > 0) {
    throw new PersonaPriorError('strict', 'a document with invalid UTF-8 or a lone surrogate', {
      place: { file },
      help,
    });
  }
}

/** Commits finished units in order until at most `most` are under way. */
async function drain(state: State, most: number): Promise<void> {
  while (state.flights.length > most || (state.flights.length > 0 && state.flyingBytes > IN_FLIGHT_BYTES)) {
    const flight = state.flights[0]!;
    const result = await Promise.race([flight.result, state.aborted]);
    // interrupted: what is under way is dropped, and read again by --resume
    if (result === null) return;
    state.flights.shift();
    state.flyingBytes -= flight.bytes;
    if (state.strict) strictResult(result, flight.file);
    state.writer.commit(flight.shard.id, flight.shard.sourceId, result, flight.cursor, flight.end);
    for (const [key, n] of result.tallies) state.totals.set(key, (state.totals.get(key) ?? 0) + n);
    for (const hit of result.hits) if (hit.malevolent >= state.flagThreshold) state.flags++;
    state.onProgress?.(progress(state, flight.cursor.compressedBytes));
  }
}

function progress(state: State, compressedBytes: number): Progress {
  const n = (key: string): number => state.totals.get(key) ?? 0;
  return {
    file: state.file,
    files: state.files,
    filesDone: state.filesDone,
    bytes: state.bytesBefore + compressedBytes,
    totalBytes: state.totalBytes,
    documents: n('read|out|'),
    passages: n('transformer|in|'),
    hits: n('transformer|out|'),
    flags: state.flags,
    seconds: (Date.now() - state.started) / 1000,
  };
}

function summary(state: State, interrupted: boolean): ScanSummary {
  const { totals } = state;
  const sum = (prefix: string): number => {
    let n = 0;
    for (const [key, value] of totals) if (key.startsWith(prefix)) n += value;
    return n;
  };
  return {
    status: interrupted ? 'interrupted' : 'done',
    documents: totals.get('read|out|') ?? 0,
    skipped: sum('read|dropped|'),
    repaired: totals.get('read|repaired|') ?? 0,
    failed: sum('transformer|failed|'),
    hits: totals.get('transformer|out|') ?? 0,
    flags: state.flags,
    incomplete: state.incomplete,
    seconds: (Date.now() - state.started) / 1000,
    tallies: totals,
  };
}
