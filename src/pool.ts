// A fixed set of worker threads that answer units. Order is the caller's business. A crashed thread is replaced once per unit.
import { Worker } from 'node:worker_threads';
import { PersonaPriorError } from './errors.js';
import type { Unit, UnitResult } from './unit.js';

export interface Pool {
  /** Resolves when a thread has finished the unit. Rejects with `worker` when it failed twice. */
  run(unit: Unit): Promise<UnitResult>;
  close(): Promise<void>;
}

interface Job {
  readonly unit: Unit;
  readonly resolve: (result: UnitResult) => void;
  readonly reject: (error: Error) => void;
  tries: number;
}

type Answer = { ready: true } | { result: UnitResult } | { failed: string };

/** Starts `size` threads; resolves when all have loaded their models, rejects with `worker` if one cannot. */
export async function startPool(size: number, models: string): Promise<Pool> {
  const queue: Job[] = [];
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const busy = new Map<Worker, Job>();
  let closing = false;
  const stop = new Int32Array(new SharedArrayBuffer(4));

  const pump = (): void => {
    while (queue.length > 0 && idle.length > 0) {
      const worker = idle.pop()!;
      const job = queue.shift()!;
      busy.set(worker, job);
      // copied, not transferred: a unit whose thread dies is sent again
      worker.postMessage(job.unit);
    }
  };

  const spawn = (): Promise<void> =>
    new Promise((ready, fail) => {
      const worker = new Worker(new URL('./scan-worker.js', import.meta.url), { workerData: { models, stop } });
      all.add(worker);
      worker.on('message', (answer: Answer) => {
        if ('ready' in answer) {
          idle.push(worker);
          ready();
          pump();
          return;
        }
        const job = busy.get(worker);
        busy.delete(worker);
        if ('failed' in answer) {
          const error = new PersonaPriorError('worker', answer.failed);
          if (job === undefined) fail(error);
          else job.reject(error);
        } else job?.resolve(answer.result);
        if (job !== undefined) {
          idle.push(worker);
          pump();
        }
      });
      const died = (why: string): void => {
        if (!all.delete(worker) || closing) return;
        const job = busy.get(worker);
        busy.delete(worker);
        const error = new PersonaPriorError('worker', `a worker thread died: ${why}`);
        if (job === undefined) {
          const at = idle.indexOf(worker);
          if (at >= 0) idle.splice(at, 1);
          fail(error);
          return;
        }
        if (++job.tries >= 2) job.reject(error);
        else queue.unshift(job);
        spawn().catch((e: Error) => {
          for (const waiting of queue.splice(0)) waiting.reject(e);
        });
      };
      worker.on('error', (error) => died(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => died(`exit code ${code}`));
    });

  // a thread that is ended in the middle of an inference takes the process with it: it is told, and comes to a stop by itself
  const close = async (): Promise<void> => {
    closing = true;
    Atomics.store(stop, 0, 1);
    for (const job of queue.splice(0)) job.reject(new PersonaPriorError('worker', 'the scan was stopped'));
    await Promise.all(
      [...all].map((worker) => {
        const left = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
        worker.postMessage(null);
        return left;
      }),
    );
  };

  try {
    await Promise.all(Array.from({ length: size }, spawn));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    run: (unit) =>
      new Promise((resolve, reject) => {
        queue.push({ unit, resolve, reject, tries: 0 });
        pump();
      }),
    close,
  };
}
