// LZ4 frames, many of them, linked blocks, skippable and legacy frames, all checksums. Own decoder: the packages that are
// kept either hold a whole frame in memory or compile a native addon. Format: lz4_Frame_format.md, lz4_Block_format.md.
import { type ByteReader, byteReader } from './byte-reader.js';
import { StreamFault } from './fault.js';
import { xxh32 } from './xxh32.js';

const FRAME = 0x184d2204;
const LEGACY = 0x184c2102;
const LEGACY_BLOCK = 8 * 1024 * 1024;
/** Blocks may refer back so far. */
const WINDOW = 64 * 1024;

/** Decompressed blocks. Throws a {@link StreamFault} `truncated` or `decompression` behind the last good block. */
export async function* unlz4(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = byteReader(chunks);
  try {
    for (;;) {
      const head = await reader.take(4);
      if (head.length === 0) break;
      const magic = u32(whole(reader, head, 4));
      if (magic === FRAME) yield* frame(reader);
      else if (magic === LEGACY) yield* legacy(reader);
      else if ((magic & 0xfffffff0) === 0x184d2a50) await passOver(reader, u32(await exactly(reader, 4)));
      else throw broken('bytes that are no LZ4 frame follow');
    }
    if (reader.fault !== undefined) throw reader.fault;
  } finally {
    await reader.close();
  }
}

async function* frame(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const descriptor = xxh32();
  const part = async (n: number): Promise<Buffer> => {
    const bytes = await exactly(reader, n);
    descriptor.update(bytes);
    return bytes;
  };
  const [flags, sizes] = (await part(2)) as unknown as [number, number];
  if (flags >> 6 !== 1) throw broken('an LZ4 frame of an unknown version');
  const [independent, blockSums, hasSize, contentSum, hasDictionary] = [5, 4, 3, 2, 0].map((bit) => (flags >> bit) & 1);
  const size = (sizes >> 4) & 7;
  if (size < 4) throw broken('an LZ4 frame with an unknown block size');
  if (hasSize) await part(8);
  if (hasDictionary) throw broken('an LZ4 frame that needs a dictionary');
  const [sum] = (await exactly(reader, 1)) as unknown as [number];
  if (sum !== ((descriptor.digest() >> 8) & 0xff)) throw broken('the checksum of an LZ4 frame header does not match');

  const most = 1 << (2 * size + 8);
  const content = xxh32();
  let window: Uint8Array = new Uint8Array(0);
  for (;;) {
    const word = u32(await exactly(reader, 4));
    if (word === 0) break;
    const length = word & 0x7fffffff;
    if (length > most) throw broken('an LZ4 block over the size of its frame');
    const block = await exactly(reader, length);
    if (blockSums) check(block, await exactly(reader, 4), 'block');
    const stored = word >>> 31 === 1;
    const out = stored ? Uint8Array.from(block) : decodeBlock(block, window, most);
    if (contentSum) content.update(out);
    if (!independent) window = tail(window, out);
    if (out.length > 0) yield out;
  }
  if (contentSum && u32(await exactly(reader, 4)) !== content.digest()) {
    throw broken('the checksum of an LZ4 frame does not match');
  }
}

/** `lz4 -l`, as Linux kernels use it: blocks until the end or the next frame. */
async function* legacy(reader: ByteReader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await reader.peek(4);
    if (next.length === 0) return;
    const length = u32(whole(reader, next, 4));
    if (length === FRAME || length === LEGACY || (length & 0xfffffff0) === 0x184d2a50) return;
    if (length > LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16) throw broken('an LZ4 block over the size of its frame');
    await reader.take(4);
    yield decodeBlock(await exactly(reader, length), new Uint8Array(0), LEGACY_BLOCK);
  }
}

/** One block. `window` is what matches may refer to before it. */
export function decodeBlock(block: Uint8Array, window: Uint8Array, most: number): Uint8Array {
  const start = window.length;
  // a byte of a block stands for at most 255
  const out = new Uint8Array(start + Math.min(most, block.length * 255));
  out.set(window);
  let to = start;
  let at = 0;
  const extended = (nibble: number): number => {
    let length = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; length += byte) {
      if (at >= block.length) throw broken('an LZ4 block that ends inside a length');
      byte = block[at++]!;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = extended(token >> 4);
    if (at + literals > block.length || to + literals > out.length) throw broken('an LZ4 block with wrong lengths');
    out.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    // the last sequence has no match; a small block does not keep a large buffer alive
    if (at === block.length) return to < out.length / 2 ? out.slice(start, to) : out.subarray(start, to);
    if (at + 2 > block.length) throw broken('an LZ4 block that ends inside an offset');
    const back = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const length = extended(token & 15) + 4;
    if (back === 0 || back > to || to + length > out.length) throw broken('an LZ4 block with a wrong offset');
    if (back >= length) out.copyWithin(to, to - back, to - back + length);
    else for (let i = 0; i < length; i++) out[to + i] = out[to + i - back]!;
    to += length;
  }
  throw broken('an LZ4 block without an end');
}

function tail(window: Uint8Array, out: Uint8Array): Uint8Array {
  if (out.length >= WINDOW) return out.subarray(out.length - WINDOW);
  return Buffer.concat([window.subarray(Math.max(0, window.length + out.length - WINDOW)), out]);
}

function check(bytes: Uint8Array, sum: Buffer, what: string): void {
  const hash = xxh32();
  hash.update(bytes);
  if (hash.digest() !== u32(sum)) throw broken(`the checksum of an LZ4 ${what} does not match`);
}

async function exactly(reader: ByteReader, n: number): Promise<Buffer> {
  return whole(reader, await reader.take(n), n);
}

async function passOver(reader: ByteReader, n: number): Promise<void> {
  if ((await reader.skip(n)) < n) whole(reader, Buffer.alloc(0), n);
}

function whole(reader: ByteReader, bytes: Buffer, n: number): Buffer {
  if (bytes.length >= n) return bytes;
  throw reader.fault ?? new StreamFault('truncated', 'the LZ4 stream ends inside a frame');
}

function u32(bytes: Buffer): number {
  return bytes.readUInt32LE(0);
}

function broken(message: string): StreamFault {
  return new StreamFault('decompression', message);
}
