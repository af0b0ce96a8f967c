// The keyed hash behind every sample: (seed, stratum, source, document, start) to 53 bits. Not for security.

const encoder = new TextEncoder();

/**
 * MurmurHash3 x86 32-bit (Austin Appleby, public domain) over bytes.
 * @returns an unsigned 32-bit integer
 */
export function murmur3(bytes: Uint8Array, seed: number, from = 0, to = bytes.length): number {
  let h = seed | 0;
  const blocks = from + ((to - from) & ~3);
  for (let i = from; i < blocks; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let k = 0;
  const rest = to - blocks;
  if (rest >= 3) k ^= bytes[blocks + 2]! << 16;
  if (rest >= 2) k ^= bytes[blocks + 1]! << 8;
  if (rest >= 1) {
    k ^= bytes[blocks]!;
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
  }
  h ^= to - from;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** FNV-1a over the UTF-16 units of a text, each taken whole; `start` goes on from an earlier text. An unsigned 32-bit integer. */
export function fnv(text: string, start = 0x811c9dc5): number {
  let value = start;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** A sampling key for units of one stratum and source. `unit` gives an integer in [0, 2^53), the same on every machine. */
export interface KeyedHash {
  /** `id` is the document id as UTF-8, `start` the passage's first code point (0 for whole documents) */
  unit(id: Uint8Array, start: number, from?: number, to?: number): number;
}

/** The keyed hash of one (seed, stratum, source). */
export function keyedHash(seed: number, stratum: string, source: string): KeyedHash {
  const key = encoder.encode(`${seed}\u0000${stratum}\u0000${source}`);
  const high = murmur3(key, 0x9747b28c);
  const low = murmur3(key, 0x3c6ef372);
  const place = new Uint8Array(8);
  const view = new DataView(place.buffer);
  return {
    unit(id, start, from = 0, to = id.length) {
      view.setUint32(0, start >>> 0, true);
      view.setUint32(4, Math.floor(start / 0x100000000), true);
      const a = murmur3(place, murmur3(id, high, from, to));
      const b = murmur3(place, murmur3(id, low, from, to));
      return (a & 0x1fffff) * 0x100000000 + b;
    },
  };
}
