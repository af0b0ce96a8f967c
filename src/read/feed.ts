// Feeds a push parser: a stream whose results are taken by callback while it works on a chunk, so that order is exact.
import type { Writable } from 'node:stream';

/** Resolves when the parser has worked through the chunk; rejects with its error. */
export function feed(parser: Writable, chunk: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

/** Tells the parser that nothing follows. */
export function finish(parser: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    parser.once('error', reject);
    parser.once('finish', resolve);
    parser.end();
  });
}
