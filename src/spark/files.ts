// Scans the file of a request by the code of `scan`; its writer hands lines on instead of writing a database.
import { drain, newState } from '../commit.js';
import { PersonaPriorError } from '../errors.js';
import type { Gate } from '../gate/gate.js';
import type { Pool } from '../pool.js';
import type { FieldMapping } from '../read/fields.js';
import { findInputs, type InputFile } from '../read/inputs.js';
import { isRemote } from '../read/remote/address.js';
import type { ScanOptions } from '../scan.js';
import { type Context, scanFile, unreadable } from '../scan-file.js';
import type { ShardRow } from '../store/shards.js';
import type { Cursor, ShardEnd, Writer } from '../store/writer.js';
import { gather } from './found.js';
import type { FileEnd, ScanRequest, TallyLine } from './records.js';

export interface ScanMeans {
  readonly pool: Pool;
  readonly gate: Gate;
  readonly workers: number;
  readonly seed: number;
  readonly exactCounts: boolean;
  readonly flagThreshold: number;
  readonly signal: AbortSignal;
}

/** Milliseconds between two lines of progress. They also tell a worker whose reader is gone. */
const PROGRESS = 1000;

/**
 * Scans, and writes the hits as they come, then tallies, faults, samples and `end`. Throws `input_changed` where the file is
 * not the one that was planned, and what `scan` throws for a file that was named and cannot be read.
 */
export async function scanRequest(
  request: ScanRequest,
  means: ScanMeans,
  write: (line: TallyLine) => void,
): Promise<void> {
  const file = await sameFile(request.file, means.signal);
  const { source, member, part = { index: 1, of: 1 }, from = 0, until } = request;
  const found = gather(write);
  let format: string | null = null;
  let compression: string | null = null;
  let fields: FieldMapping | null = request.fields ?? null;
  let last: Cursor = { nextRecord: 0, nextByte: 0, compressedBytes: 0 };
  let ended: ShardEnd = { status: 'incomplete', fault: null };
  const writer: Writer = {
    commit(_shard, _source, result, cursor, end) {
      found.add(result);
      last = cursor;
      ended = end ?? ended;
    },
    limits: () => found.limits(),
  };
  const shard: ShardRow = {
    id: 0,
    sourceId: 0,
    status: 'pending',
    ended: false,
    nextRecord: from,
    nextByte: 0,
    fields,
    remember(itsFormat, itsCompression, mapping) {
      format = itsFormat;
      compression = itsCompression;
      fields = mapping;
    },
    sameStream: () => {},
  };
  const options: ScanOptions = {
    inputs: [],
    db: '',
    workers: means.workers,
    exactCounts: means.exactCounts,
    seed: means.seed,
    signal: means.signal,
    ...request.choice,
  };
  let told = 0;
  const onProgress = ({ documents, passages, hits }: { documents: number; passages: number; hits: number }): void => {
    if (Date.now() - told < PROGRESS) return;
    told = Date.now();
    write({ progress: { documents, passages, hits } });
  };
  const totals = { files: 1, bytes: file.size ?? 0 };
  const state = newState({ ...options, onProgress }, totals, writer, null, means.flagThreshold, Date.now());
  const context: Context = { pool: means.pool, gate: means.gate, options, state, seed: means.seed };
  const planned = { file, source, part, member, ...(until === undefined ? {} : { until }) };
  try {
    await scanFile(planned, shard, context);
    await drain(state, 0);
  } catch (error) {
    if (!unreadable(error) || !member) throw error;
    // a remote one may be lost in its middle: what was read of it comes before the refusal, as in a scan
    await drain(state, 0);
    ended = { status: 'incomplete', fault: { reason: error.code, message: error.message } };
  }
  if (means.signal.aborted) throw new PersonaPriorError('worker', 'interrupted', { place: { file: file.name } });
  found.flush();
  const { remote: _, ...itself } = file;
  const end: FileEnd = { file: itself, format, compression, fields, ...ended, ...last };
  write({ end });
}

/** The file as it stands, when its size and first bytes are those that were planned. */
async function sameFile(planned: InputFile, signal: AbortSignal): Promise<InputFile> {
  // it could not be looked at then: the reader says what is wrong with it
  if (planned.size === null && !isRemote(planned.path)) return planned;
  const help = 'every worker must see the same files at the same paths; if they were changed, give a new --output';
  const changed = (what: string): PersonaPriorError =>
    new PersonaPriorError('input_changed', `not the file that was planned: ${what}`, {
      place: { file: planned.name },
      help,
    });
  let now: InputFile | undefined;
  try {
    for await (const file of findInputs([planned.path], signal)) now = file;
  } catch (error) {
    // what keeps an address from being read is no change of it
    if (isRemote(planned.path)) throw error;
    throw changed('it is not there');
  }
  if (now === undefined || (planned.size !== null && now.size !== planned.size)) {
    throw changed(`${planned.size} bytes were expected, it has ${now?.size ?? 'none'}`);
  }
  if (planned.headHash !== null && now.headHash !== planned.headHash) throw changed('other bytes at its beginning');
  return { ...planned, headHash: now.headHash, ...(now.remote === undefined ? {} : { remote: now.remote }) };
}
