// bzip2 with many streams one after another (pbzip2, Wikipedia's "multistream"), block by block by unbzip2-stream's decoder.
import { createRequire } from 'node:module';
import { messageOf, StreamFault } from './fault.js';

type Bits = ((count: number | null) => number) & { readonly bytesRead: number };

interface Decoder {
  /** size of the stream's blocks, 1 to 9 times 100,000 bytes */
  header(bits: Bits): number;
  /** Decodes a block and checks its sum. The new sum of the stream, or null behind its last block. */
  decompress(bits: Bits, write: (byte: number) => void, work: Int32Array, size: number, sum: number): number | null;
}

/**
 * Decompressed blocks of at most 46 MB. Throws a {@link StreamFault} `truncated` or `decompression` behind the last good
 * block. The package's own stream is not used: it holds the output of all blocks that a chunk brings, and reads on for
 * ever where a stream is cut.
 */
export async function* bunzip2(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const require = createRequire(import.meta.url);
  const decoder = require('unbzip2-stream/lib/bzip2.js') as Decoder;
  const bitIterator = require('unbzip2-stream/lib/bit_iterator.js') as (next: () => Uint8Array) => Bits;
  const source = chunks[Symbol.asyncIterator]();
  const queue: Uint8Array[] = [];
  let have = 0;
  let ended = false;
  const fill = async (least: number): Promise<void> => {
    while (!ended && have - (bits?.bytesRead ?? 0) < least) {
      const { value, done } = await source.next();
      if (done) ended = true;
      else if (value.length > 0) {
        queue.push(value);
        have += value.length;
      }
    }
  };
  const next = (): Uint8Array => {
    const chunk = queue.shift();
    if (chunk === undefined) throw new StreamFault('truncated', 'the bzip2 stream ends before its end mark');
    return chunk;
  };
  let bits: Bits | undefined;
  try {
    await fill(1);
    if (queue.length === 0) return;
    bits = bitIterator(next);
    for (;;) {
      await fill(4);
      if (ended && have === bits.bytesRead) return;
      const level = checked(() => decoder.header(bits!), 'no bzip2 stream');
      const work = new Int32Array(level * 100_000);
      for (let sum: number | null = 0; ; ) {
        // no block is longer: a symbol has at most 20 bits
        await fill(level * 250_000 + 65_536);
        const before: number = sum;
        const out = collector(work.length);
        sum = checked(() => decoder.decompress(bits!, out.write, work, work.length, before), 'corrupt bzip2 block');
        if (sum === null) break;
        yield out.bytes();
      }
    }
  } finally {
    await source.return?.();
  }
}

function checked<T>(step: () => T, what: string): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof StreamFault) throw error;
    // the decoder's own messages are jokes, but for those about sums
    const sum = messageOf(error).includes('crc32') ? ': its checksum does not match' : '';
    throw new StreamFault('decompression', `${what}${sum}`);
  }
}

function collector(size: number): { write: (byte: number) => void; bytes(): Uint8Array } {
  let out = new Uint8Array(size);
  let filled = 0;
  return {
    write(byte) {
      if (filled === out.length) {
        const larger = new Uint8Array(out.length * 2);
        larger.set(out);
        out = larger;
      }
      out[filled++] = byte;
    },
    bytes: () => out.subarray(0, filled),
  };
}
