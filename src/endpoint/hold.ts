// Waiting as a server asks for it. One hold for all requests of a run: a rate limit is the server's, not a request's.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Hold {
  /** Nobody sends before `ms` from now. */
  until(ms: number): void;
  /** Resolves when the hold is over. Rejects when the signal aborts. */
  over(signal?: AbortSignal): Promise<void>;
}

export function makeHold(): Hold {
  let end = 0;
  return {
    until: (ms) => {
      end = Math.max(end, performance.now() + ms);
    },
    over: async (signal) => {
      for (let rest = end - performance.now(); rest > 0; rest = end - performance.now()) {
        await sleep(Math.ceil(rest), undefined, signal === undefined ? {} : { signal });
      }
      signal?.throwIfAborted();
    },
  };
}

/**
 * Milliseconds of a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3); null where there is none or it is
 * neither. `retry-after-ms` is what some servers of this protocol send beside it.
 */
export function retryAfter(headers: { get(name: string): string | null }, now = Date.now()): number | null {
  const fine = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(fine) && fine >= 0) return fine;
  const value = headers.get('retry-after')?.trim() ?? '';
  if (value === '') return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
