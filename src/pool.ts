// A fixed set of worker processes that answer units. Order is the caller's business. Processes, not threads: what crashes in
// native code, runs out of memory or never comes back takes one passage with it and not the scan.
import { type ChildProcess, fork } from 'node:child_process';
import type { Failure } from './cascade.js';
import { PersonaPriorError } from './errors.js';
import { type Candidate, mergeResults, tally, type Unit, type UnitResult } from './unit.js';

export interface Pool {
  /**
   * Resolves when a worker has finished the unit. A passage that its worker fails at twice is a counted fault of the stage
   * `transformer` in the result, a document that fails outside its passages or at too many of them one of the stage `gate`.
   * Rejects with `worker` when no worker can be started, or when nothing but failures comes back.
   */
  run(unit: Unit): Promise<UnitResult>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** milliseconds that a worker may be silent on one passage; long documents get more, see {@link BYTES_PER_MS} */
  readonly patience?: number;
}

/** What a worker sends: it has loaded its models; it is at work; at which passage (-1: none); it has finished; it could not. */
export type Answer =
  | { ready: true }
  | { alive: true }
  | { passage: number }
  | { result: UnitResult }
  | { failed: string };

interface Job {
  readonly unit: Unit;
  readonly resolve: (result: UnitResult) => void;
  readonly reject: (error: Error) => void;
  /** how often it failed since a passage was last given up */
  failures: number;
  /** what its worker told last */
  passage: number;
  readonly givenUp: Failure[];
  /** milliseconds since the worker last spoke, in ticks: a machine that slept did not make it late */
  silent: number;
}

const PATIENCE = 60_000;
/** Before its first passage a long document is searched and cut in one go: it is allowed this pace. */
const BYTES_PER_MS = 200;
/** Passages of a document that may be given up, each at the cost of two workers; then it is the document. */
const MOST_PASSAGES = 3;
/** Documents with something given up, one after another: then it is not the documents. */
const MOST_LOST = 20;

/** Starts `size` workers; resolves when all have loaded their models, rejects with `worker` if one cannot. */
export async function startPool(size: number, models: string, options: PoolOptions = {}): Promise<Pool> {
  const patience = options.patience ?? PATIENCE;
  const queue: Job[] = [];
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  const busy = new Map<ChildProcess, Job>();
  let lost = 0;
  let stopped: PersonaPriorError | undefined;

  const pump = (): void => {
    while (queue.length > 0 && idle.length > 0) {
      const worker = idle.pop()!;
      const job = queue.shift()!;
      job.silent = 0;
      job.passage = -1;
      busy.set(worker, job);
      const { givenUp } = job;
      // one that cannot be reached any more has died, and is seen to there
      worker.send(givenUp.length === 0 ? job.unit : { ...job.unit, givenUp }, () => {});
    }
  };

  const submit = (unit: Unit, failures: number): Promise<UnitResult> =>
    new Promise((resolve, reject) => {
      if (stopped !== undefined) return reject(stopped);
      queue.push({ unit, resolve, reject, failures, passage: -1, givenUp: [], silent: 0 });
      pump();
    });

  const stop = (error: PersonaPriorError): void => {
    stopped ??= error;
    for (const job of [...queue.splice(0), ...busy.values()]) job.reject(stopped);
  };

  /** The end of a job; `lostBy` is the message of what was given up in it. */
  const settle = (job: Job, result: UnitResult, lostBy: string | null): void => {
    if (lostBy === null) lost = 0;
    else if (++lost >= MOST_LOST) {
      const error = new PersonaPriorError(
        'worker',
        `${lost} documents in a row could not be worked on to their end; the last: ${lostBy}`,
        { help: 'fewer --workers need less memory; --resume goes on from here' },
      );
      job.reject(error);
      stop(error);
      return;
    }
    job.resolve(result);
  };

  /**
   * Narrows a failure down: each document of the unit alone, its worker telling where it is. What fails the second time is
   * given up, a passage or the document, so that an accident changes nothing; the rest is worked on once more.
   */
  const again = (job: Job, reason: string, message: string): void => {
    const { unit, passage, givenUp } = job;
    job.failures++;
    if (unit.candidates.length > 1) {
      const alone = unit.candidates.map((candidate) => submit(only(unit, candidate), job.failures));
      Promise.all(alone).then((results) => job.resolve(mergeResults(results)), job.reject);
      pump();
      return;
    }
    if (job.failures >= 2) {
      if (passage < 0 || givenUp.length >= MOST_PASSAGES) {
        const why = passage < 0 ? message : `more than ${MOST_PASSAGES} of its passages failed; at the last ${message}`;
        settle(job, documentGivenUp(unit.candidates[0]!, reason, why), why);
        return;
      }
      givenUp.push({ passage, reason, message });
      job.failures = 0;
    }
    queue.unshift({ ...job, unit: only(unit, unit.candidates[0]!) });
    pump();
  };

  const spawn = (tries = 0): Promise<void> =>
    new Promise((ready, fail) => {
      const worker = fork(new URL('./scan-worker.js', import.meta.url), [models], {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      all.add(worker);
      let loaded = false;
      let said = '';
      worker.stderr?.on('data', (text: Buffer) => {
        said = (said + text.toString()).slice(-4000);
      });
      worker.on('message', (answer: Answer) => {
        const job = busy.get(worker);
        if ('alive' in answer || 'passage' in answer) {
          if (job === undefined) return;
          job.silent = 0;
          if ('passage' in answer) job.passage = answer.passage;
          return;
        }
        if ('ready' in answer) {
          loaded = true;
          ready();
        } else if ('failed' in answer && job === undefined) return fail(new PersonaPriorError('worker', answer.failed));
        busy.delete(worker);
        idle.push(worker);
        if ('result' in answer) {
          if (job !== undefined) settle(job, answer.result, job.givenUp.at(-1)?.message ?? null);
        } else if ('failed' in answer) again(job!, 'error', answer.failed);
        pump();
      });
      const died = (why: string): void => {
        if (!all.delete(worker) || stopped !== undefined) return;
        const job = busy.get(worker);
        busy.delete(worker);
        const at = idle.indexOf(worker);
        if (at >= 0) idle.splice(at, 1);
        if (!loaded) {
          if (tries === 0) spawn(1).then(ready, fail);
          else fail(new PersonaPriorError('worker', `a worker could not start: ${why}`));
          return;
        }
        spawn().catch((error: PersonaPriorError) => stop(error));
        if (job === undefined) return;
        if (job.silent > limitOf(job.unit, patience)) {
          again(job, 'timed_out', `its worker gave no sign of life for ${Math.round(job.silent / 1000)} s`);
        } else again(job, 'crashed', `its worker died: ${why}`);
      };
      worker.on('error', (error) => died(error.message));
      worker.on('close', (code, signal) => died(`${signal ?? `exit code ${code}`}${cause(said)}`));
    });

  const tick = Math.min(1000, patience / 2);
  const watch = setInterval(() => {
    for (const [worker, job] of busy) {
      job.silent += tick;
      if (job.silent > limitOf(job.unit, patience)) worker.kill('SIGKILL');
    }
  }, tick);
  watch.unref();

  // workers hold nothing that could be lost
  const close = async (): Promise<void> => {
    clearInterval(watch);
    stop(new PersonaPriorError('worker', 'the scan was stopped'));
    await Promise.all(
      [...all].map((worker) => {
        const left = new Promise<void>((resolve) => worker.once('close', () => resolve()));
        worker.kill('SIGKILL');
        return left;
      }),
    );
  };

  try {
    await Promise.all(Array.from({ length: size }, () => spawn()));
  } catch (error) {
    await close();
    throw error;
  }
  return { run: (unit) => submit(unit, 0), close };
}

function limitOf(unit: Unit, patience: number): number {
  const characters = unit.candidates.reduce((n, c) => n + ('document' in c ? c.document.text.length : 0), 0);
  return patience + (unit.buffer.byteLength + characters) / BYTES_PER_MS;
}

/** The part of a unit that one candidate needs, to be worked on by a worker that tells where it is. */
function only(unit: Unit, candidate: Candidate): Unit {
  if ('document' in candidate) return { ...unit, told: true, buffer: new ArrayBuffer(0), candidates: [candidate] };
  const { from, to } = candidate;
  const candidates = [{ ...candidate, from: 0, to: to - from }];
  return { ...unit, told: true, buffer: unit.buffer.slice(from, to), candidates };
}

/** A document that nobody could judge: neither a hit nor a reject. */
function documentGivenUp(candidate: Candidate, reason: string, message: string): UnitResult {
  const tallies = new Map<string, number>();
  if (!('document' in candidate)) for (const kind of ['in', 'out']) tally(tallies, 'read', kind);
  tally(tallies, 'gate', 'in');
  tally(tallies, 'gate', 'failed', reason);
  const { record, offset } = candidate;
  return { tallies, hits: [], samples: [], faults: [{ stage: 'gate', reason, record, offset, message }] };
}

/** What a dying process said last, such as that its heap is full. */
function cause(said: string): string {
  const line = said.match(/(?:FATAL ERROR|Error): .*/)?.[0] ?? '';
  return line === '' ? '' : ` (${line.slice(0, 200)})`;
}
