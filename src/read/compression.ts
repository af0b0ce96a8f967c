// Compression by magic bytes, and decompression as chunks of a useful size that keep what came before a fault.
import { bunzip2 } from './bzip2.js';
import { StreamFault } from './fault.js';
import { gunzip, type Reopen } from './gzip.js';
import { unlz4 } from './lz4.js';
import { unxz } from './xz.js';
import { unzstd } from './zstd.js';

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'lz4';

/** Extensions of compressed files, for names of what is inside. */
export const COMPRESSED = /\.(?:gz|gzip|zst|zstd|bz2|bzip2|xz|lz4)$/i;

/**
 * Compression of a file from its first bytes. Where it begins with a skippable frame, which zstd and lz4 have in common,
 * the name decides.
 */
export function detectCompression(head: Uint8Array, name = ''): Compression {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x1f, 0x8b)) return 'gzip';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (head[0] !== undefined && (head[0] & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18) {
    return /\.lz4$/i.test(name) ? 'lz4' : 'zstd';
  }
  // the first block or the end mark: a text may begin with BZh1
  if (starts(0x42, 0x5a, 0x68) && head[3]! >= 0x31 && head[3]! <= 0x39) {
    const mark = Buffer.from(head.subarray(4, 10)).toString('hex');
    if (mark === '314159265359' || mark === '177245385090') return 'bzip2';
  }
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  if (starts(0x04, 0x22, 0x4d, 0x18) || starts(0x02, 0x21, 0x4c, 0x18)) return 'lz4';
  return 'none';
}

/** Chunks come in at least this size where the stream allows; the largest is what a decoder gives at once. */
const CHUNK = 256 * 1024;

/**
 * Decompressed chunks. A broken stream gives all that came before, then throws a {@link StreamFault} with the uncompressed
 * offset of the break. `reopen` gives the source once more from a byte on, see {@link gunzip}.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
  reopen?: Reopen,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let fault: unknown;
  const decoded = decoder(source, compression, reopen);
  let waiting: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded) {
      if (chunk.length === 0) continue;
      waiting.push(chunk);
      size += chunk.length;
      if (size < CHUNK) continue;
      yield waiting.length === 1 ? chunk : Buffer.concat(waiting, size);
      offset += size;
      waiting = [];
      size = 0;
    }
  } catch (error) {
    fault = error;
  }
  if (size > 0) yield Buffer.concat(waiting, size);
  if (fault instanceof StreamFault) throw new StreamFault(fault.reason, fault.message, offset + size, fault.rest);
  if (fault !== undefined) throw fault;
}

function decoder(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
  reopen?: Reopen,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'gzip':
      return gunzip(source, reopen);
    case 'zstd':
      return unzstd(source);
    case 'bzip2':
      return bunzip2(source);
    case 'xz':
      return unxz(source);
    case 'lz4':
      return unlz4(source);
    case 'none':
      return source;
  }
}
