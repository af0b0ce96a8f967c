// Small readings of raw bytes for the gate: UTF-8 and JSON escapes, and where a match begins, ends and how it is written.
import { type Alphabet, IGNORE, MANY, SYMBOL } from './classes.js';
import type { Pattern } from './lexicon.js';

/** `\\` */
export const BACKSLASH = 92;

export function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

export function escapeSymbol(code: number, ascii: Uint8Array): number {
  // n r t f b
  if (code === 110 || code === 114 || code === 116 || code === 102 || code === 98) return SYMBOL.space;
  if (code === 34 || code === 92 || code === 47) return ascii[code]!;
  return -1;
}

export function hex4(bytes: Uint8Array, from: number, to: number): number {
  if (from + 4 > to) return -1;
  let value = 0;
  for (let i = from; i < from + 4; i++) {
    const b = bytes[i]!;
    const digit = b >= 48 && b <= 57 ? b - 48 : (b | 32) >= 97 && (b | 32) <= 102 ? (b | 32) - 87 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/**
 * Whether a case-sensitive pattern that ends at `end` stands as written, or in capitals. Reads backwards; where an escape
 * or a non-ASCII byte is in the way, `lenient` decides.
 */
export function standsAs(pattern: Pattern, bytes: Uint8Array, from: number, end: number, lenient: boolean): boolean {
  if (!pattern.case) return true;
  const text = pattern.text;
  let i = endOf(pattern, end, bytes) - 1;
  let exact = true;
  let capitals = true;
  for (let j = text.length - 1; j >= 0; j--, i--) {
    const want = text.charCodeAt(j);
    if (want === 32 || want === 45) {
      let seen = false;
      while (i >= from && isGap(bytes[i]!)) {
        i--;
        seen = true;
      }
      if (!seen) return lenient;
      i++;
      continue;
    }
    if (i < from) return lenient;
    const got = bytes[i]!;
    if (want > 126 || got > 126 || got === BACKSLASH || want === 39) {
      if (want === 39 && got === 39) continue;
      return lenient;
    }
    if (got !== want) {
      exact = false;
      const upper = want >= 97 && want <= 122 ? want - 32 : want;
      if (got !== upper) capitals = false;
      if ((got | 32) !== (want | 32)) return lenient;
    }
    if (!exact && !capitals) return false;
  }
  return true;
}

function isGap(byte: number): boolean {
  return byte === 32 || byte === 45 || (byte >= 9 && byte <= 13);
}

/** A word pattern is reported on the symbol after it, a dotted one ("a.i.") on its own last byte. */
export function endOf(pattern: Pattern, end: number, bytes: Uint8Array): number {
  const last = pattern.text.charCodeAt(pattern.text.length - 1);
  const word = /[\p{L}\p{N}]/u.test(String.fromCharCode(last));
  return word ? end : Math.min(end + 1, bytes.length);
}

/**
 * First byte of a match that ends before `end` in valid UTF-8: walks back over the pattern's characters as the automaton saw
 * them (zero-width characters are none, a ligature is several, a gap is any run of white space and hyphens).
 */
export function startOf(folded: string, alphabet: Alphabet, bytes: Uint8Array, end: number): number {
  let i = end;
  const last = folded.charCodeAt(folded.length - 1);
  if (!/[a-z0-9]/.test(String.fromCharCode(last))) i = Math.min(end + 1, bytes.length);
  let j = folded.length - 1;
  let start = i;
  while (i > 0) {
    let from = i - 1;
    while (from > 0 && (bytes[from]! & 0xc0) === 0x80) from--;
    const codePoint = decodeAt(bytes, from, i);
    const symbol = alphabet.of(codePoint);
    if (symbol !== IGNORE && symbol === SYMBOL.space && j >= 0 && folded[j] === ' ') {
      // one space of the pattern stands for the whole run: it is left at the first character that is no gap
    } else if (symbol !== IGNORE) {
      if (j >= 0 && folded[j] === ' ') j--;
      if (j < 0) break;
      j -= symbol === MANY ? alphabet.many(codePoint).length : 1;
      start = from;
      if (j < 0) break;
    }
    i = from;
  }
  return start;
}

function decodeAt(bytes: Uint8Array, from: number, to: number): number {
  const lead = bytes[from]!;
  if (to - from === 1) return lead;
  let cp = lead & (to - from === 2 ? 31 : to - from === 3 ? 15 : 7);
  for (let i = from + 1; i < to; i++) cp = (cp << 6) | (bytes[i]! & 63);
  return cp;
}

/**
 * First byte of a match that ends before `end` and stands in plain bytes, one a character; -1 where an escape, a non-ASCII
 * character or a longer gap makes that unsure.
 */
export function plainStart(folded: string, bytes: Uint8Array, from: number, end: number): number {
  const start = end - folded.length;
  if (start < from) return -1;
  for (let i = 0; i < folded.length; i++) {
    const got = bytes[start + i]!;
    const want = folded.charCodeAt(i);
    const same = want === 32 ? isGap(got) : (got >= 65 && got <= 90 ? got + 32 : got) === want;
    if (!same) return -1;
  }
  return start;
}

/** The UTF-16 index of each of the given byte offsets of a UTF-8 text, found in one walk. */
export function unitIndex(text: string, byteLength: number, offsets: readonly number[]): (byte: number) => number {
  if (byteLength === text.length) return (byte) => byte;
  const index = new Map<number, number>();
  let byte = 0;
  let unit = 0;
  for (const target of [...offsets].sort((a, b) => a - b)) {
    while (byte < target && unit < text.length) {
      const c = text.charCodeAt(unit);
      if (c < 0x80) byte += 1;
      else if (c < 0x800) byte += 2;
      else if (c >= 0xd800 && c <= 0xdbff) {
        byte += 4;
        unit++;
      } else byte += 3;
      unit++;
    }
    index.set(target, unit);
  }
  return (offset) => index.get(offset)!;
}
