// What ends a stream before its end. Single records that cannot be read are no StreamFault: readers hand them on as faults.
import type { SkipReason } from '../types.js';

/** What follows behind a broken place, where a reader can go on: see gzip.ts. */
export interface Rest {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** compressed bytes that were taken for it so far */
  compressed(): number;
}

/** A stream that broke. All that came before it was delivered; `offset` counts those (uncompressed) bytes, -1 if unknown. */
export class StreamFault extends Error {
  readonly reason: SkipReason;
  readonly offset: number;
  readonly rest: Rest | undefined;

  constructor(reason: SkipReason, message: string, offset = -1, rest?: Rest) {
    super(message);
    this.rest = rest;
    this.name = 'StreamFault';
    this.reason = reason;
    this.offset = offset;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
