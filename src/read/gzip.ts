// gzip, with many members one after another as in `cat a.gz b.gz`. Trailing zeros are padding, other trailing bytes a fault.
import { createGunzip } from 'node:zlib';
import { messageOf, StreamFault } from './fault.js';
import { through } from './through.js';

/** Input worked on at once: deflate expands it at most 1032 times. */
const PIECE = 128 * 1024;
/** Output buffer of zlib; what a corrupt place costs without `reopen`. */
const OUT = 64 * 1024;

/**
 * Decompressed chunks. Throws a {@link StreamFault} `truncated` or `decompression` behind the last good byte. zlib does not
 * hand out what it had decoded in the call that fails; with `reopen`, which gives the same source from its start, those
 * bytes are recovered by decoding a second time, byte by byte at the end.
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
  reopen?: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const transform = createGunzip({ chunkSize: OUT });
  const source = pieces(chunks);
  let fed = 0;
  let last: Uint8Array = new Uint8Array(0);
  const noting = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { value, done } = await source.next();
      if (done) return;
      fed += value.length;
      last = value;
      yield value;
    }
  };
  let delivered = 0;
  try {
    for await (const chunk of through(noting(), transform)) {
      delivered += chunk.length;
      yield chunk;
    }
    // zlib stops by itself at a zero byte behind a member
    let rest = last.subarray(last.length - (fed - transform.bytesWritten));
    for (;;) {
      if (rest.some((byte) => byte !== 0))
        throw new StreamFault('decompression', 'bytes that are no gzip member follow');
      const { value, done } = await source.next();
      if (done) return;
      rest = value;
    }
  } catch (error) {
    const fault = asFault(error);
    if (fault.reason === 'decompression' && reopen !== undefined && error !== fault) {
      yield* recovered(reopen(), transform.bytesWritten, delivered);
    }
    throw fault;
  } finally {
    await source.return(undefined);
  }
}

async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) yield chunk.subarray(at, at + PIECE);
  }
}

/** Output behind its first `delivered` bytes, up to the byte of input that fails, which lies behind `sound` bytes. */
async function* recovered(
  chunks: AsyncIterable<Uint8Array>,
  sound: number,
  delivered: number,
): AsyncGenerator<Uint8Array> {
  const fine = async function* (): AsyncGenerator<Uint8Array> {
    let at = 0;
    for await (const piece of pieces(chunks)) {
      const whole = Math.min(piece.length, Math.max(0, sound - at));
      if (whole > 0) yield piece.subarray(0, whole);
      for (let i = whole; i < piece.length; i++) yield piece.subarray(i, i + 1);
      at += piece.length;
    }
  };
  const source = fine();
  let skip = delivered;
  try {
    for await (const chunk of through(source, createGunzip({ chunkSize: OUT }))) {
      if (chunk.length > skip) yield chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
    }
  } catch {
    // the fault that is known already
  } finally {
    await source.return(undefined);
  }
}

function asFault(error: unknown): StreamFault {
  if (error instanceof StreamFault) return error;
  if ((error as { code?: unknown }).code === 'Z_BUF_ERROR') {
    return new StreamFault('truncated', 'the gzip stream ends before its end mark');
  }
  return new StreamFault('decompression', `gzip: ${messageOf(error)}`);
}
