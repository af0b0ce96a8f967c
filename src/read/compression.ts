// Compression by magic bytes, and decompression as chunks that keep what came before a fault. No formats here.
import { createRequire } from 'node:module';
import type { Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { SkipReason } from '../types.js';

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'lz4';

/** A stream that broke: everything before it was delivered. */
export class StreamFault extends Error {
  readonly reason: SkipReason;
  constructor(reason: SkipReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Compression of a file from its first bytes. */
export function detectCompression(head: Uint8Array): Compression {
  const at = (i: number): number => head[i] ?? -1;
  if (at(0) === 0x1f && at(1) === 0x8b) return 'gzip';
  if (at(0) === 0x28 && at(1) === 0xb5 && at(2) === 0x2f && at(3) === 0xfd) return 'zstd';
  if (at(0) >= 0x50 && at(0) <= 0x5f && at(1) === 0x2a && at(2) === 0x4d && at(3) === 0x18) return 'zstd';
  if (at(0) === 0x42 && at(1) === 0x5a && at(2) === 0x68 && at(3) >= 0x31 && at(3) <= 0x39) return 'bzip2';
  if (at(0) === 0xfd && at(1) === 0x37 && at(2) === 0x7a && at(3) === 0x58) return 'xz';
  if (at(0) === 0x04 && at(1) === 0x22 && at(2) === 0x4d && at(3) === 0x18) return 'lz4';
  return 'none';
}

/** Chunks come in at least this size where the stream allows. */
const CHUNK = 256 * 1024;

/**
 * Decompressed chunks. `onRead` hears of compressed bytes as they are taken. Throws {@link StreamFault} after the last
 * good byte of a broken stream.
 */
export async function* decompress(
  source: Readable,
  compression: 'none' | 'gzip' | 'zstd',
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const counted = counting(source, onRead);
  if (compression === 'none') yield* coalesce(counted);
  else if (compression === 'gzip') yield* coalesce(transformed(counted, zlib.createGunzip({ chunkSize: CHUNK })));
  else yield* coalesce(unzstd(counted));
}

async function* counting(source: Readable, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onRead((chunk as Uint8Array).length);
    yield chunk as Uint8Array;
  }
}

/** Joins small chunks; what was gathered before a fault is delivered before it is thrown. */
async function* coalesce(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let fault: unknown;
  try {
    for await (const chunk of chunks) {
      if (chunk.length === 0) continue;
      waiting.push(chunk);
      size += chunk.length;
      if (size < CHUNK) continue;
      yield waiting.length === 1 ? chunk : Buffer.concat(waiting);
      waiting = [];
      size = 0;
    }
  } catch (error) {
    fault = error;
  }
  if (size > 0) yield Buffer.concat(waiting);
  if (fault !== undefined) throw fault;
}

/**
 * Pushes chunks through a transform stream with back-pressure. What it gave before an error is delivered before the error
 * is thrown as a fault.
 */
export async function* transformed<T = Uint8Array>(
  chunks: AsyncIterable<Uint8Array | string>,
  transform: Transform,
  toFault: (error: Error) => StreamFault = asFault,
): AsyncGenerator<T> {
  const out: T[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  let failure: Error | undefined;
  const signal = (): void => {
    wake?.();
    wake = undefined;
  };
  // 'data' is taken by hand: an async iterator of a stream drops what is buffered when the stream errors
  transform.on('data', (chunk: T) => {
    out.push(chunk);
    if (out.length >= 64) transform.pause();
    signal();
  });
  transform.on('end', () => {
    ended = true;
    signal();
  });
  transform.on('error', (error: Error) => {
    failure = error;
    signal();
  });
  const feed = (async () => {
    try {
      for await (const chunk of chunks) {
        if (failure !== undefined || transform.destroyed) return;
        if (!transform.write(chunk)) {
          await new Promise<void>((resolve) => {
            const go = (): void => {
              transform.off('drain', go);
              transform.off('error', go);
              transform.off('close', go);
              resolve();
            };
            transform.on('drain', go);
            transform.on('error', go);
            transform.on('close', go);
          });
        }
      }
      transform.end();
    } catch (error) {
      failure = error as Error;
      signal();
    }
  })();
  try {
    for (;;) {
      while (out.length > 0) {
        yield out.shift()!;
        if (out.length < 32 && transform.isPaused()) transform.resume();
      }
      if (failure !== undefined) throw failure instanceof StreamFault ? failure : toFault(failure);
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    transform.destroy();
    await feed.catch(() => {});
  }
}

function asFault(error: Error): StreamFault {
  if (error instanceof StreamFault) return error;
  const truncated = /unexpected end|truncated|incomplete|in middle of|in the middle/i.test(error.message);
  return new StreamFault(truncated ? 'truncated' : 'decompression', error.message);
}

interface ZstdZlib {
  createZstdDecompress?: (options?: object) => Transform;
  constants: { ZSTD_d_windowLogMax?: number };
}

/** Windows up to 2 GiB, as `zstd --long=31` writes them. */
const WINDOW_LOG = 31;

async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const builtin = zlib as unknown as ZstdZlib;
  if (builtin.createZstdDecompress !== undefined) {
    const key = builtin.constants.ZSTD_d_windowLogMax;
    const params = key === undefined ? {} : { params: { [key]: WINDOW_LOG } };
    yield* transformed(chunks, builtin.createZstdDecompress({ chunkSize: CHUNK, ...params }));
    return;
  }
  const native = nativeZstd();
  if (native !== null) {
    const stream = new native.DecompressStream();
    stream.setParameters?.({ windowLogMax: WINDOW_LOG });
    yield* transformed(chunks, stream);
    return;
  }
  yield* plainZstd(chunks);
}

interface NativeZstd {
  DecompressStream: new () => Transform & { setParameters?(parameters: { windowLogMax: number }): void };
}

function nativeZstd(): NativeZstd | null {
  try {
    return createRequire(import.meta.url)('zstd-napi') as NativeZstd;
  } catch {
    return null; // an optional dependency that did not build here
  }
}

/** fzstd in plain JavaScript: slower, always there. */
async function* plainZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  let out: Uint8Array[] = [];
  const stream = new Decompress((chunk) => out.push(chunk));
  const flush = function* (): Generator<Uint8Array> {
    const ready = out;
    out = [];
    yield* ready;
  };
  try {
    for await (const chunk of chunks) {
      stream.push(chunk);
      yield* flush();
    }
    stream.push(new Uint8Array(0), true);
  } catch (error) {
    yield* flush();
    throw asFault(error as Error);
  }
  yield* flush();
}
