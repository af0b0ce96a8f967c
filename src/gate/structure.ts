// Checks that bytes are one JSON object and finds the spans of a few top-level fields, without making a string.
// For records that the gate rejects: their faults are counted at the speed of memchr.

/** Spans of the wanted fields, two numbers each (first byte inside the quotes, closing quote), -1 where absent, -2 where not a string. */
export type Spans = Int32Array;

/** What {@link checkRecord} answers. `unsure`: parse it to know (an escaped key, deep nesting, not an object). */
export type Structure = 'object' | 'malformed' | 'unsure';

const QUOTE = 34;
const BACKSLASH = 92;
const MAX_DEPTH = 512;

/**
 * Walks over `[from, to)`. The last of equal keys wins, as in `JSON.parse`. Escapes and control characters inside strings
 * are not judged here: the gate's own pass sees them.
 */
export function checkRecord(
  bytes: Buffer,
  from: number,
  to: number,
  keys: readonly Uint8Array[],
  spans: Spans,
): Structure {
  spans.fill(-1);
  let i = skipSpace(bytes, from, to);
  if (i >= to || bytes[i] !== 123) return i < to ? 'unsure' : 'malformed';
  // a stack of open brackets, one bit a level: 1 for an object
  const stack = new Uint8Array(MAX_DEPTH);
  let depth = 0;
  stack[depth++] = 1;
  i++;
  let expectKey = true;
  let first = true;
  for (;;) {
    i = skipSpace(bytes, i, to);
    if (i >= to) return 'malformed';
    let wanted = -1;
    if (stack[depth - 1] === 1) {
      if (bytes[i] === 125) {
        if (!first && expectKey) return 'malformed';
        i++;
        if (--depth === 0) break;
        first = false;
        i = afterValue(bytes, i, to, stack[depth - 1]!);
        if (i < 0) return 'malformed';
        expectKey = bytes[i - 1] === 44;
        continue;
      }
      if (!expectKey || bytes[i] !== QUOTE) return 'malformed';
      const close = stringEnd(bytes, i + 1, to);
      if (close < 0) return 'malformed';
      if (depth === 1) {
        if (hasBackslash(bytes, i + 1, close)) return 'unsure';
        wanted = keys.findIndex((key) => equals(bytes, i + 1, close, key));
      }
      i = skipSpace(bytes, close + 1, to);
      if (i >= to || bytes[i] !== 58) return 'malformed';
      i = skipSpace(bytes, i + 1, to);
      if (i >= to) return 'malformed';
    } else if (bytes[i] === 93) {
      if (!first && expectKey) return 'malformed';
      i++;
      depth--;
      first = false;
      i = afterValue(bytes, i, to, stack[depth - 1]!);
      if (i < 0) return 'malformed';
      expectKey = bytes[i - 1] === 44;
      continue;
    } else if (!expectKey) return 'malformed';

    const byte = bytes[i]!;
    if (wanted >= 0) spans[wanted * 2] = -2;
    if (byte === 123 || byte === 91) {
      if (depth >= MAX_DEPTH) return 'unsure';
      stack[depth++] = byte === 123 ? 1 : 0;
      expectKey = true;
      first = true;
      i++;
      continue;
    }
    if (byte === QUOTE) {
      const close = stringEnd(bytes, i + 1, to);
      if (close < 0) return 'malformed';
      if (wanted >= 0) {
        spans[wanted * 2] = i + 1;
        spans[wanted * 2 + 1] = close;
      }
      i = close + 1;
    } else {
      const stop = scalarEnd(bytes, i, to);
      if (stop < 0) return 'malformed';
      i = stop;
    }
    first = false;
    i = afterValue(bytes, i, to, stack[depth - 1]!);
    if (i < 0) return 'malformed';
    expectKey = bytes[i - 1] === 44;
  }
  return skipSpace(bytes, i, to) === to ? 'object' : 'malformed';
}

function skipSpace(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to) {
    const b = bytes[i]!;
    if (b !== 32 && b !== 10 && b !== 13 && b !== 9) break;
    i++;
  }
  return i;
}

/** Past a comma, or at the closing bracket that must follow a value; -1 when neither stands there. */
function afterValue(bytes: Uint8Array, from: number, to: number, object: number): number {
  const i = skipSpace(bytes, from, to);
  if (i >= to) return -1;
  const b = bytes[i]!;
  if (b === 44) return i + 1;
  return b === (object === 1 ? 125 : 93) ? i : -1;
}

/** Index of the closing quote, by memchr and a look at the backslashes before it. */
function stringEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0 || quote >= to) return -1;
    let slashes = 0;
    while (quote - 1 - slashes >= from && bytes[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

function hasBackslash(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === BACKSLASH) return true;
  return false;
}

function equals(bytes: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  if (to - from !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[from + i] !== key[i]) return false;
  return true;
}

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

function scalarEnd(bytes: Buffer, from: number, to: number): number {
  let i = from;
  while (i < to) {
    const b = bytes[i]!;
    if (b === 44 || b === 125 || b === 93 || b === 32 || b === 10 || b === 13 || b === 9) break;
    i++;
  }
  return SCALAR.test(bytes.toString('latin1', from, i)) ? i : -1;
}
