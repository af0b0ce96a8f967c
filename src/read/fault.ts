// What ends a stream before its end. Single records that cannot be read are no StreamFault: readers hand them on as faults.
import type { SkipReason } from '../types.js';

/** A stream that broke. All that came before it was delivered; `offset` counts those (uncompressed) bytes, -1 if unknown. */
export class StreamFault extends Error {
  readonly reason: SkipReason;
  readonly offset: number;

  constructor(reason: SkipReason, message: string, offset = -1) {
    super(message);
    this.name = 'StreamFault';
    this.reason = reason;
    this.offset = offset;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
