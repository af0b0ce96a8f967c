// How often and after what waiting a failed request is tried again.
import { setTimeout as sleep } from 'node:timers/promises';
import { RemoteFailure, Stopped } from './object.js';

/** Tries in a row without {@link PROGRESS}: with the waits below about a minute and a half. */
const TRIES = 7;
const FIRST = 100;
const FACTOR = 4;
const LONGEST = 60_000;
/** Who asks for more is not waited for. */
const MOST_ASKED = 5 * 60_000;
/** Bytes that make a try count as one that went on. */
const PROGRESS = 64 * 1024;

export type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

export interface Patience {
  /**
   * Waits before the next try, or throws: the error itself where trying again does not help, a `final`
   * {@link RemoteFailure} after too many tries, {@link Stopped} when the signal aborts.
   */
  failed(error: unknown, bytes: number): Promise<void>;
}

/** Exponential waits, from half to the whole of 0.1 s, 0.4 s, … 60 s; at least what Retry-After asks for. */
export function newPatience(signal: AbortSignal | undefined, wait: Wait = pause): Patience {
  let tries = 0;
  return {
    async failed(error, bytes) {
      if (signal?.aborted) throw new Stopped('interrupted');
      if (!(error instanceof RemoteFailure) || error.kind !== 'again') throw error;
      if (bytes >= PROGRESS) tries = 0;
      if (++tries >= TRIES) throw new RemoteFailure('final', `${error.message}, ${TRIES} times in a row`);
      const asked = error.retryAfter ?? 0;
      if (asked > MOST_ASKED) {
        throw new RemoteFailure('final', `${error.message}, and asks to wait ${Math.ceil(asked / 60_000)} minutes`);
      }
      const longest = Math.min(LONGEST, FIRST * FACTOR ** (tries - 1));
      await wait(error.retryAfter ?? longest * (0.5 + Math.random() / 2), signal);
    },
  };
}

/** Work that is done again while it fails with `again`. */
export async function retrying<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const patience = newPatience(signal);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await patience.failed(error, 0);
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {
    throw new Stopped('interrupted');
  });
}
