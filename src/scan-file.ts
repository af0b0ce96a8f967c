// One file of a scan: its records through the sift into units, each with the cursor where a resumed scan goes on.
import { drain, incomplete, type State } from './commit.js';
import { PersonaPriorError } from './errors.js';
import type { Gate } from './gate/gate.js';
import type { Planned } from './plan.js';
import type { Pool } from './pool.js';
import { chooseMapping, type FieldChoice, type FieldMapping } from './read/fields.js';
import type { InputFile } from './read/inputs.js';
import { type OpenedInput, type OpenOptions, openInput } from './read/open.js';
import type { ScanOptions } from './scan.js';
import { createSift, type Sift, type Sifted } from './sift.js';
import { snapshot } from './store/quarantine.js';
import type { ShardRow } from './store/shards.js';
import type { Cursor, ShardEnd } from './store/writer.js';
import type { RawRecord } from './types.js';
import { mergeResults, samplingKeys, type UnitResult } from './unit.js';

export interface Context {
  readonly pool: Pool;
  readonly gate: Gate;
  readonly options: ScanOptions;
  readonly state: State;
  readonly seed: number;
}

/** A unit is sent to a worker when it holds so many bytes of candidates, or so many records were sifted. */
const UNIT_BYTES = 256 * 1024;
const UNIT_RECORDS = 8192;

/** Reads a file from where its shard stands to its end, to `--limit` or to an abort; hands its units to `drain`. */
export async function scanFile(planned: Planned, shard: ShardRow, context: Context): Promise<void> {
  const { options, state } = context;
  const { file, source, part } = planned;
  state.file = file.name;
  const named = file.path === '-' && options.stdinName !== undefined ? { ...file, name: options.stdinName } : file;
  const opened = await openInput(named, openOptions(shard, options));
  if (opened.headHash !== null) shard.sameStream(opened.headHash);
  const keys = samplingKeys(context.seed, source);
  let sift: Sift | undefined;
  let mapping: FieldMapping | undefined;
  let records = 0;
  let cursor: Cursor = { nextRecord: shard.nextRecord, nextByte: shard.nextByte, compressedBytes: 0 };
  let limited = false;
  // what follows is not of this scan: the file ended as far as it goes
  let past = false;
  const until = planned.until ?? Number.POSITIVE_INFINITY;
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
        keepSkipped: state.quarantine !== null,
      });
    }
    let lastRecord = cursor.nextRecord - 1;
    for (const record of batch.records) {
      if (state.recordsLeft <= 0) {
        limited = true;
        break;
      }
      if (record.record >= until) {
        past = true;
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
    if (limited || past || lastRecord + 1 >= until) {
      past = !limited;
      break;
    }
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
    // a fault of a record before it comes first
    await drain(state, 0);
    const { reason, message, offset } = outcome.fault;
    const place = offset < 0 ? { file: file.name } : { file: file.name, offset };
    throw new PersonaPriorError('strict', `${reason}: ${message}`, { place });
  }
  const fault = limited ? { reason: 'limit', message: '--limit reached' } : (outcome.fault ?? null);
  const end: ShardEnd = { status: fault === null && (outcome.complete || past) ? 'done' : 'incomplete', fault };
  if (end.status === 'incomplete' && !limited) incomplete(state, file.name);
  launch(sift?.take() ?? empty(), mapping, shard, planned, cursor, end, context);
  await drain(state, state.workers * 3);
  state.filesDone++;
  state.bytesBefore += file.size ?? 0;
}

/** Whether it is the file that is no readable dump, and not the scan that fails: passed over where it was not named itself. */
export function unreadable(error: unknown): error is PersonaPriorError {
  return (
    error instanceof PersonaPriorError && ['unknown_format', 'no_text_field', 'missing_input'].includes(error.code)
  );
}

/** A resumed file is read with the fields that it was begun with. */
function openOptions(shard: ShardRow, options: ScanOptions): OpenOptions {
  const place = { skipRecords: shard.nextRecord, skipBytes: shard.nextByte };
  const stdin = options.stdin === undefined ? {} : { stdin: options.stdin };
  const members = choiceOf(options);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const common = { ...place, ...stdin, ...signal, members, trustCompression: options.trustCompression ?? false };
  if (shard.fields !== null) {
    const { text, id, title } = shard.fields;
    // a dotted name is a column of that name, or lies inside the column before its first dot
    const columns = [text, id, title].flatMap((field) => (field === null ? [] : [field, field.split('.')[0]!]));
    return { ...common, columns: [...new Set(columns)], textField: text, ...(id === null ? {} : { idField: id }) };
  }
  return { ...common, ...choiceOf(options) };
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
  return { tallies: new Map(), samples: [], faults: [], candidates: [], chunks: [], bytes: 0, characters: 0, held: 0 };
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
  let result: Promise<UnitResult> = Promise.resolve(mergeResults([sifted]));
  let bytes = sifted.held;
  if (sifted.candidates.length > 0 && mapping !== undefined) {
    const joined = new Uint8Array(sifted.bytes);
    let at = 0;
    for (const chunk of sifted.chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    bytes += sifted.bytes + sifted.characters;
    const work = context.pool.run({
      buffer: joined.buffer,
      candidates: sifted.candidates,
      mapping,
      file: planned.file.name,
      source: planned.source,
      seed: context.seed,
      sampleLimits: state.writer.limits(shard.sourceId),
      exactCounts: options.exactCounts ?? false,
    });
    const { tallies, samples, faults, candidates } = sifted;
    const keep = state.quarantine !== null;
    result = work.then((found) => {
      const all = mergeResults([{ tallies, samples, faults }, found]);
      return keep && found.faults.length > 0 ? withRecords(all, candidates, joined) : all;
    });
  }
  result.catch(() => {}); // seen when its turn to commit comes
  state.flyingBytes += bytes;
  state.flights.push({ shard, result, cursor, end, bytes, file: planned.file, source: planned.source });
}

/** Faults that a worker found, with what it was given. */
function withRecords(result: UnitResult, candidates: Sifted['candidates'], bytes: Uint8Array): UnitResult {
  const given = new Map(candidates.map((candidate) => [candidate.record, candidate]));
  const faults = result.faults.map((fault) => {
    const candidate = given.get(fault.record);
    if (fault.found !== undefined || candidate === undefined) return fault;
    const found = 'document' in candidate ? candidate.document : bytes.subarray(candidate.from, candidate.to);
    return { ...fault, found: snapshot(found) };
  });
  return { ...result, faults };
}
