// xxHash-32, the checksum of LZ4 frames: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

export interface Xxh32 {
  update(bytes: Uint8Array): void;
  /** The hash of all bytes so far, as an unsigned number. */
  digest(): number;
}

/** Hash with the seed 0, over any number of pieces. */
export function xxh32(): Xxh32 {
  let a = (P1 + P2) | 0;
  let b = P2 | 0;
  let c = 0;
  let d = -P1 | 0;
  let total = 0;
  const rest = Buffer.alloc(16);
  let kept = 0;

  const stripe = (bytes: Uint8Array, at: number): void => {
    a = round(a, word(bytes, at));
    b = round(b, word(bytes, at + 4));
    c = round(c, word(bytes, at + 8));
    d = round(d, word(bytes, at + 12));
  };
  return {
    update(bytes) {
      let at = 0;
      total += bytes.length;
      if (kept > 0) {
        while (kept < 16 && at < bytes.length) rest[kept++] = bytes[at++]!;
        if (kept < 16) return;
        stripe(rest, 0);
        kept = 0;
      }
      for (; at + 16 <= bytes.length; at += 16) stripe(bytes, at);
      while (at < bytes.length) rest[kept++] = bytes[at++]!;
    },
    digest() {
      let hash = total >= 16 ? rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18) : P5 | 0;
      hash = (hash + total) | 0;
      let at = 0;
      for (; at + 4 <= kept; at += 4) {
        hash = Math.imul(rotate((hash + Math.imul(word(rest, at), P3)) | 0, 17), P4);
      }
      for (; at < kept; at++) hash = Math.imul(rotate((hash + Math.imul(rest[at]!, P5)) | 0, 11), P1);
      hash = Math.imul(hash ^ (hash >>> 15), P2);
      hash = Math.imul(hash ^ (hash >>> 13), P3);
      return (hash ^ (hash >>> 16)) >>> 0;
    },
  };
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, P2)) | 0, 13), P1);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
