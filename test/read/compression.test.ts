// Decompression: everything before a fault is delivered, wherever it lies, and the fault says what it is.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decompress, detectCompression } from '../../src/read/compression.js';
import { StreamFault } from '../../src/read/fault.js';
import { gunzip } from '../../src/read/gzip.js';
import { unzstd, zstdEngines } from '../../src/read/zstd.js';
import { bytesOf, chunked, fixture, JSONL } from './support.js';

/** Hardly compressible and longer than any output buffer. */
const NOISE = Buffer.from(
  Uint32Array.from({ length: 150_000 }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 5).buffer,
);

const zstdCompress = (() => {
  try {
    return (createRequire(import.meta.url)('zstd-napi') as { compress(bytes: Uint8Array): Buffer }).compress;
  } catch {
    return null;
  }
})();

function reasonOf(error: unknown): string | undefined {
  if (error !== undefined && !(error instanceof StreamFault)) throw error;
  return error?.reason;
}

test('kinds by their first bytes', () => {
  const kind = (...bytes: number[]) => detectCompression(Uint8Array.from(bytes));
  expect(kind(0x1f, 0x8b, 8)).toBe('gzip');
  expect(kind(0x28, 0xb5, 0x2f, 0xfd)).toBe('zstd');
  expect(kind(0x5a, 0x2a, 0x4d, 0x18)).toBe('zstd');
  expect(kind(0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59)).toBe('bzip2');
  expect(kind(0x42, 0x5a, 0x68, 0x39, 0x20, 0x69)).toBe('none'); // a text that begins with BZh9
  expect(kind(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)).toBe('xz');
  expect(kind(0x04, 0x22, 0x4d, 0x18)).toBe('lz4');
  expect(kind(0x7b)).toBe('none');
  expect(kind()).toBe('none');
});

describe('gzip', () => {
  const two = Buffer.concat([gzipSync(NOISE.subarray(0, 200_000)), gzipSync(NOISE.subarray(200_000))]);

  test('members are joined wherever chunks end', async () => {
    const small = Buffer.concat([gzipSync('one '), gzipSync(''), gzipSync('two '), gzipSync('three')]);
    for (let size = 1; size <= small.length; size++) {
      const { bytes, error } = await bytesOf(gunzip(chunked(small, [size])));
      expect([bytes.toString(), error]).toEqual(['one two three', undefined]);
    }
  });

  test('a cut gives all that came before it and is truncated', async () => {
    for (const share of [0.1, 0.5, 0.9]) {
      const cut = two.subarray(0, Math.floor(two.length * share));
      const { bytes, error } = await bytesOf(gunzip(chunked(cut, [65536])));
      expect(reasonOf(error)).toBe('truncated');
      expect(bytes.equals(NOISE.subarray(0, bytes.length))).toBe(true);
      expect(bytes.length).toBeGreaterThan(NOISE.length * share - 40_000);
    }
  });

  test('a wrong checksum gives all bytes, then the fault', async () => {
    const broken = Buffer.from(gzipSync(NOISE));
    broken[broken.length - 8]! ^= 1;
    const { bytes, error } = await bytesOf(gunzip(chunked(broken, [65536]), () => chunked(broken, [1000])));
    expect(reasonOf(error)).toBe('decompression');
    expect(bytes.equals(NOISE)).toBe(true);
  });

  test('a corrupt place gives every byte before it, when the source can be read again', async () => {
    // a stored block, a sound block of Huffman codes, then the reserved block type 3
    const sound = NOISE.subarray(0, 300_000);
    const body = deflateRawSync(sound, { finishFlush: 2 });
    const broken = Buffer.concat([gzipSync('').subarray(0, 10), body, Buffer.from([7, 7, 7, 7])]);
    const again = await bytesOf(gunzip(chunked(broken, [50_000]), () => chunked(broken, [70_000])));
    expect(reasonOf(again.error)).toBe('decompression');
    expect(again.bytes.equals(sound)).toBe(true);
    const once = await bytesOf(gunzip(chunked(broken, [50_000])));
    expect(once.bytes.equals(sound.subarray(0, once.bytes.length))).toBe(true);
    expect(once.bytes.length).toBeGreaterThanOrEqual(sound.length - 65_536);
  });

  test('zeros behind the last member are padding, other bytes a fault', async () => {
    const padded = Buffer.concat([two, Buffer.alloc(300_000)]);
    expect(await bytesOf(gunzip(chunked(padded, [65536])))).toEqual({ bytes: NOISE, error: undefined });
    for (const tail of ['garbage', '\0\0garbage', `${'\0'.repeat(200_000)}x`]) {
      const source = () => chunked(Buffer.concat([two, Buffer.from(tail)]), [65536]);
      const { bytes, error } = await bytesOf(gunzip(source(), source));
      expect(reasonOf(error)).toBe('decompression');
      expect(bytes.equals(NOISE)).toBe(true);
    }
  });

  test('a bomb is unpacked bit by bit: what is asked for is what is held', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    let taken = 0;
    const before = process.memoryUsage().arrayBuffers;
    for await (const chunk of decompress(chunked(bomb, [1 << 20]), 'gzip')) {
      taken += chunk.length;
      if (taken > 1e6) break;
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300e6);
  });
});

describe.each(zstdEngines())('zstd by the engine %s', (engine) => {
  // fzstd takes some wrong lengths for a missing rest
  const broken = engine === 'plain' ? /^(decompression|truncated)$/ : /^decompression$/;

  test('many frames, skippable frames, wherever chunks end', async () => {
    const bytes = readFileSync(fixture('documents.jsonl.zst'));
    for (const size of [1, 3, 7, 100, 1000, 1e6]) {
      expect(await bytesOf(unzstd(chunked(bytes, [size]), engine))).toEqual({ bytes: JSONL, error: undefined });
    }
  });

  test('a cut gives what came before it and is truncated', async () => {
    const whole = readFileSync(fixture('documents.jsonl.zst'));
    for (let length = 14; length < whole.length; length += 11) {
      const { bytes, error } = await bytesOf(unzstd(chunked(whole.subarray(0, length), [50]), engine));
      expect(reasonOf(error)).toBe('truncated');
      expect(bytes.equals(JSONL.subarray(0, bytes.length))).toBe(true);
    }
  });

  test.skipIf(zstdCompress === null)('a corrupt frame takes none of the frames before it', async () => {
    const sound = zstdCompress!(NOISE);
    const second = Buffer.from(zstdCompress!(JSONL));
    second.fill(0xff, 6, 40);
    const { bytes, error } = await bytesOf(unzstd(chunked(Buffer.concat([sound, second]), [65536]), engine));
    expect(reasonOf(error)).toMatch(broken);
    expect(bytes.subarray(0, NOISE.length).equals(NOISE)).toBe(true);
  });

  test.skipIf(zstdCompress === null)('bytes behind the last frame that are none are a fault', async () => {
    const { bytes, error } = await bytesOf(
      unzstd(chunked(Buffer.concat([zstdCompress!(NOISE), Buffer.from('garbage garbage')]), [65536]), engine),
    );
    expect(reasonOf(error)).toMatch(broken);
    expect(bytes.equals(NOISE)).toBe(true);
  });
});

test('whatever is flipped or cut, the bytes before are right and nothing hangs', async () => {
  const gz = gzipSync(JSONL);
  const zst = readFileSync(fixture('documents.jsonl.zst'));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('gzip' as const, 'zstd' as const),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (kind, place, change, cut) => {
        const bytes = Buffer.from(kind === 'gzip' ? gz : zst);
        const at = place % bytes.length;
        if (!cut) bytes[at]! ^= change;
        const source = () => chunked(cut ? bytes.subarray(0, at) : bytes, [97]);
        const found = await bytesOf(decompress(source(), kind, source));
        reasonOf(found.error);
        if (cut) expect(found.bytes.equals(JSONL.subarray(0, found.bytes.length))).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
