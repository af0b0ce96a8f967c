// gzip, with many members one after another as in `cat a.gz b.gz`. Trailing zeros are padding, other trailing bytes a fault.
// Web archives have a member for each record: behind a broken one what follows is found again.
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { messageOf, type Rest, StreamFault } from './fault.js';
import { counted } from './source.js';
import { through } from './through.js';

/** The compressed source once more, from a byte on. */
export type Reopen = (start: number) => AsyncIterable<Uint8Array>;

/** Input worked on at once: deflate expands it at most 1032 times. */
const PIECE = 128 * 1024;
/** Output buffer of zlib; what a corrupt place costs without `reopen`. */
const OUT = 64 * 1024;

/**
 * Decompressed chunks. Throws a {@link StreamFault} `truncated` or `decompression` behind the last good byte. zlib does not
 * hand out what it had decoded in the call that fails; with `reopen`, which gives the same source from a place on, those
 * bytes are recovered by decoding a second time, byte by byte at the end; and where the stream is a WARC file the fault has
 * as its `rest` what comes from the next member on that begins a record.
 */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>, reopen?: Reopen): AsyncGenerator<Uint8Array> {
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
  let head = '';
  const seen = (chunk: Uint8Array): Uint8Array => {
    if (head.length < RECORD.length)
      head += Buffer.from(chunk.subarray(0, RECORD.length - head.length)).toString('latin1');
    return chunk;
  };
  try {
    for await (const chunk of through(noting(), transform)) {
      delivered += chunk.length;
      yield seen(chunk);
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
    if (fault.reason !== 'decompression' || reopen === undefined) throw fault;
    let broken = transform.bytesWritten;
    if (error !== fault) {
      const lost = recovered(reopen(0), broken, delivered);
      let next = await lost.next();
      for (; !next.done; next = await lost.next()) yield seen(next.value);
      broken = next.value;
    }
    const at = head === RECORD ? await nextRecord(reopen(broken), broken) : -1;
    if (at < 0) throw fault;
    const message = `${fault.message}; ${at - broken} compressed bytes behind it were passed over to the next record`;
    throw new StreamFault(fault.reason, message, -1, restFrom(at, reopen));
  } finally {
    await source.return(undefined);
  }
}

async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) yield chunk.subarray(at, at + PIECE);
  }
}

/** How a record of a web archive begins. */
const RECORD = 'WARC/';
/** Bytes of a member that must show it; a header may hold names and comments. */
const LOOKS = [64, 512, 8192];

/** Place of the first member that begins a record in chunks that stand at `from`, -1 where there is none. */
async function nextRecord(chunks: AsyncIterable<Uint8Array>, from: number): Promise<number> {
  const most = LOOKS.at(-1)!;
  let held = Buffer.alloc(0);
  let offset = from; // of the first byte held
  const search = (last: boolean): number => {
    let at = 0;
    for (;;) {
      const mark = held.indexOf(MARK, at);
      if (mark < 0) at = Math.max(at, held.length - MARK.length + 1);
      else if (!last && held.length - mark < most) at = mark;
      else if (beginsRecord(held.subarray(mark))) return mark;
      else {
        at = mark + 1;
        continue;
      }
      held = held.subarray(at);
      offset += at;
      return -1;
    }
  };
  for await (const chunk of chunks) {
    held = Buffer.concat([held, chunk]);
    const at = search(false);
    if (at >= 0) return offset + at;
  }
  const at = search(true);
  return at < 0 ? -1 : offset + at;
}

/** The first bytes of a gzip header: magic and deflate. */
const MARK = Buffer.from([0x1f, 0x8b, 8]);

function beginsRecord(bytes: Uint8Array): boolean {
  for (const look of LOOKS) {
    try {
      const out = gunzipSync(bytes.subarray(0, look), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: 1 << 24,
      });
      if (out.length >= RECORD.length) return out.toString('latin1', 0, RECORD.length) === RECORD;
    } catch {
      return false;
    }
  }
  return false;
}

function restFrom(at: number, reopen: Reopen): Rest {
  let taken = 0;
  const again: Reopen = (start) => reopen(at + start);
  const chunks = counted(again(0), (n) => {
    taken += n;
  });
  return { chunks: gunzip(chunks, again), compressed: () => taken };
}

/**
 * Output behind its first `delivered` bytes, up to the byte of input that fails, which lies behind `sound` bytes. Returns
 * how many bytes of input there were before it.
 */
async function* recovered(
  chunks: AsyncIterable<Uint8Array>,
  sound: number,
  delivered: number,
): AsyncGenerator<Uint8Array, number> {
  let given = 0;
  const fine = async function* (): AsyncGenerator<Uint8Array> {
    let at = 0;
    for await (const piece of pieces(chunks)) {
      const whole = Math.min(piece.length, Math.max(0, sound - at));
      given = at + whole;
      if (whole > 0) yield piece.subarray(0, whole);
      for (let i = whole; i < piece.length; i++) {
        given = at + i;
        yield piece.subarray(i, i + 1);
      }
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
  return given;
}

function asFault(error: unknown): StreamFault {
  if (error instanceof StreamFault) return error;
  if ((error as { code?: unknown }).code === 'Z_BUF_ERROR') {
    return new StreamFault('truncated', 'the gzip stream ends before its end mark');
  }
  return new StreamFault('decompression', `gzip: ${messageOf(error)}`);
}
