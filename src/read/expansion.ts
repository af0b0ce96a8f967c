// Limits on how far a compressed stream may expand: a decompression bomb ends as a fault, not as weeks of work.
import { StreamFault } from './fault.js';

export interface ExpansionLimits {
  /** uncompressed bytes for each compressed one, looked at once more than `from` uncompressed bytes have come */
  readonly ratio: number;
  readonly from: number;
  /** uncompressed bytes in all */
  readonly bytes: number;
}

/** Text compresses 3 to 20 times, repetitive logs to 100; a gzip bomb 1030, a zstd bomb 10,000 and more. */
export const EXPANSION: ExpansionLimits = { ratio: 200, from: 256 * 1024 * 1024, bytes: 4 * 1024 ** 4 };

/**
 * The chunks as they are, until they go over the limits; then a {@link StreamFault} `decompression`. `compressed` tells the
 * bytes that were taken from the source so far.
 */
export async function* withinLimits(
  chunks: AsyncIterable<Uint8Array>,
  compressed: () => number,
  limits: ExpansionLimits = EXPANSION,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const help = 'if the file is meant to be so, --trust-compression lifts this limit';
  for await (const chunk of restWithin(chunks, limits)) {
    bytes += chunk.length;
    if (bytes > limits.bytes) {
      throw new StreamFault(
        'decompression',
        `more than ${limits.bytes} bytes come out of it; ${help}`,
        bytes - chunk.length,
      );
    }
    if (bytes > limits.from && bytes > limits.ratio * compressed()) {
      const message = `it expands more than ${limits.ratio} times; ${help}`;
      throw new StreamFault('decompression', message, bytes - chunk.length);
    }
    yield chunk;
  }
}

/** What follows behind a broken place has the same limits, counted anew. */
async function* restWithin(chunks: AsyncIterable<Uint8Array>, limits: ExpansionLimits): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof StreamFault) || error.rest === undefined) throw error;
    const { compressed, chunks } = error.rest;
    const rest = { compressed, chunks: withinLimits(chunks, compressed, limits) };
    throw new StreamFault(error.reason, error.message, error.offset, rest);
  }
}
