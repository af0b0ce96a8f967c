// The committing end of a scan: finished units in file order into the database, totals, progress, summary.
import { availableParallelism } from 'node:os';
import { PersonaPriorError } from './errors.js';
import type { InputFile } from './read/inputs.js';
import type { Quarantine } from './store/quarantine.js';
import type { ShardRow } from './store/shards.js';
import type { Cursor, ShardEnd, Writer } from './store/writer.js';
import { LEFT_OUT } from './types.js';
import type { UnitResult } from './unit.js';

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
  /** passages whose scoring failed, and documents that no worker came to an end with */
  readonly failed: number;
  readonly hits: number;
  readonly flags: number;
  /** whether any input of the scan, in this run or an earlier one, was skipped, repaired or left unread */
  readonly partial: boolean;
  /** files that could not be read to their end: the first names, and how many there are */
  readonly incomplete: readonly string[];
  readonly incompleteFiles: number;
  /** with --quarantine: records of this run that were written there, and those for which its limit left no room */
  readonly quarantined: { readonly written: number; readonly left: number } | null;
  readonly seconds: number;
  /** counts by `stage|kind|reason` of this run */
  readonly tallies: ReadonlyMap<string, number>;
}

/** Bytes of candidates under way at once. */
const IN_FLIGHT_BYTES = 96 * 1024 * 1024;

/** A unit on its way, in commit order. */
export interface Flight {
  readonly shard: ShardRow;
  readonly result: Promise<UnitResult>;
  readonly cursor: Cursor;
  readonly end: ShardEnd | null;
  readonly bytes: number;
  readonly file: InputFile;
  readonly source: string;
}

export interface State {
  readonly writer: Writer;
  readonly quarantine: Quarantine | null;
  readonly flights: Flight[];
  readonly totals: Map<string, number>;
  readonly started: number;
  readonly flagThreshold: number;
  readonly files: number;
  readonly totalBytes: number;
  readonly workers: number;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly incomplete: string[];
  incompleteFiles: number;
  /** records skipped or repaired and passages failed, in earlier runs and this one */
  troubles: number;
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

export interface StateOptions {
  readonly workers?: number;
  readonly limit?: number;
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export function newState(
  options: StateOptions,
  found: { readonly files: number; readonly bytes: number },
  writer: Writer,
  quarantine: Quarantine | null,
  flag: number,
  started: number,
): State {
  return {
    writer,
    quarantine,
    flights: [],
    totals: new Map(),
    started,
    flagThreshold: flag,
    files: found.files,
    totalBytes: found.bytes,
    workers: options.workers ?? availableParallelism(),
    onProgress: options.onProgress,
    incomplete: [],
    incompleteFiles: 0,
    troubles: 0,
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

/** Names that are kept for the summary; all are counted. */
const NAMED = 100;

/** A file that is not read to its end. */
export function incomplete(state: State, name: string): void {
  state.incompleteFiles++;
  if (state.incomplete.length < NAMED) state.incomplete.push(name);
}

/**
 * Commits finished units in order until at most `most` are under way. After a unit that could not be committed none that
 * follows it may be: its records would be passed over by a resumed scan.
 */
export async function drain(state: State, most: number): Promise<void> {
  while (state.flights.length > most || (state.flights.length > 0 && state.flyingBytes > IN_FLIGHT_BYTES)) {
    const flight = state.flights[0]!;
    try {
      const result = await Promise.race([flight.result, state.aborted]);
      // interrupted: what is under way is dropped, and read again by --resume
      if (result === null) return;
      commit(state, flight, result);
    } catch (error) {
      state.flights.length = 0;
      throw error;
    }
    state.flights.shift();
    state.flyingBytes -= flight.bytes;
    state.onProgress?.(progress(state, flight.cursor.compressedBytes));
  }
}

function commit(state: State, flight: Flight, result: UnitResult): void {
  const { shard, cursor, end } = flight;
  if (state.strict) strictResult(result, flight.file.name);
  // first the records, then the cursor that stands behind them: a kill in between writes them once more in the same place
  state.quarantine?.write(flight, result.faults);
  state.writer.commit(shard.id, shard.sourceId, result, cursor, end);
  for (const [key, n] of result.tallies) {
    state.totals.set(key, (state.totals.get(key) ?? 0) + n);
    if (isTrouble(key)) state.troubles += n;
  }
  for (const hit of result.hits) if (hit.malevolent >= state.flagThreshold) state.flags++;
}

/** As `troubles` of store/shards.ts counts them in the database. */
function isTrouble(key: string): boolean {
  const [stage, kind, reason] = key.split('|');
  if (kind === 'failed') return true;
  return stage === 'read' && (kind === 'repaired' || (kind === 'dropped' && !LEFT_OUT.has(reason!)));
}

function progress(state: State, compressedBytes: number): Progress {
  const n = (key: string): number => state.totals.get(key) ?? 0;
  return {
    file: state.file,
    files: state.files,
    filesDone: state.filesDone,
    bytes: Math.min(state.totalBytes || Number.POSITIVE_INFINITY, state.bytesBefore + compressedBytes),
    totalBytes: state.totalBytes,
    documents: n('read|out|'),
    passages: n('transformer|in|'),
    hits: n('transformer|out|'),
    flags: state.flags,
    seconds: (Date.now() - state.started) / 1000,
  };
}

export function summary(state: State, interrupted: boolean): ScanSummary {
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
    failed: sum('transformer|failed|') + sum('gate|failed|'),
    hits: totals.get('transformer|out|') ?? 0,
    flags: state.flags,
    incomplete: state.incomplete,
    incompleteFiles: state.incompleteFiles,
    quarantined: state.quarantine?.counts() ?? null,
    partial: state.troubles > 0 || state.incompleteFiles > 0,
    seconds: (Date.now() - state.started) / 1000,
    tallies: totals,
  };
}
