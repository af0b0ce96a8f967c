// The automaton over raw bytes: the whole of a text, or from one place for as long as a match that began there may go on.
import type { Automaton } from './automaton.js';
import { separatorSymbols } from './automaton.js';
import { BACKSLASH, escapeSymbol, hex4, sequenceLength } from './bytes.js';
import { type Alphabet, IGNORE, MANY, SYMBOL } from './classes.js';
import { APART, createReader } from './symbols.js';

/** Called on every state with outputs; `end` is the first byte of the character that led there. True stops. */
export type Report = (state: number, end: number) => boolean;

export interface Matcher {
  /** Every match in `[from, to)`. Returns the flags of symbols.ts met on the way. */
  run(bytes: Uint8Array, from: number, to: number, json: boolean, report: Report): number;
  /** Every match in `[from, to)` that begins at `start`, which is the first byte of a character (and some later ones). */
  walk(bytes: Uint8Array, start: number, to: number, json: boolean, report: Report): void;
  /**
   * Whether a word may begin at `start`: the character before it is a boundary, and it is no part of an escape. The bytes
   * before it hold no escape that JSON does not know.
   */
  beginsWord(bytes: Uint8Array, from: number, start: number, json: boolean): boolean;
  /** Where the word before the one at `start` begins; -1 where there is none. */
  previousWord(bytes: Uint8Array, from: number, start: number, json: boolean): number;
}

export function createMatcher(alphabet: Alphabet, automaton: Automaton): Matcher {
  const { next, boundary, firstOutput, width, depth } = automaton;
  const reader = createReader(alphabet);
  const separator = new Uint8Array(256);
  for (const symbol of separatorSymbols(alphabet)) separator[symbol] = 1;

  /** Steps through the symbols of one character; -1 when a report stops: a word before "…" ends at the first of its dots. */
  const several = (state: number, end: number, report: Report): number => {
    let at = state;
    for (const part of alphabet.many(reader.codePoint)) {
      at = next[at + part]!;
      if (at >= firstOutput && report(at, end)) return -1;
    }
    return at;
  };

  const run = (bytes: Uint8Array, from: number, to: number, json: boolean, report: Report): number => {
    const table = reader.table(json);
    reader.flags = 0;
    let state = boundary;
    for (let i = from; i < to; ) {
      const symbol = table[bytes[i]!]!;
      if (symbol !== APART) {
        state = next[state + symbol]!;
        if (state >= firstOutput && report(state, i)) return reader.flags;
        i++;
        continue;
      }
      const end = i;
      const read = reader.read(bytes, i, to);
      i = reader.after | 0;
      if (read === IGNORE) continue;
      if (read === MANY) {
        state = several(state, end, report);
        if (state < 0) return reader.flags;
        continue;
      }
      state = next[state + read]!;
      if (state >= firstOutput && report(state, end)) return reader.flags;
    }
    state = next[state + SYMBOL.punct]!;
    if (state >= firstOutput) report(state, to);
    return reader.flags;
  };

  const walk = (bytes: Uint8Array, start: number, to: number, json: boolean, report: Report): void => {
    const table = reader.table(json);
    let state = boundary;
    // symbols of the match so far; another state than one of that many has left what began at `start`
    let length = 0;
    let last = -1;
    const follow = (symbol: number): boolean => {
      const gap = symbol === SYMBOL.space && last === SYMBOL.space;
      state = next[state + symbol]!;
      last = symbol;
      if (!gap) length++;
      return depth[state / width] === length;
    };
    for (let i = start; i < to; ) {
      const end = i;
      let symbol = table[bytes[i]!]!;
      if (symbol !== APART) i++;
      else {
        symbol = reader.read(bytes, i, to);
        i = reader.after | 0;
        if (symbol === IGNORE) continue;
      }
      for (const part of symbol === MANY ? alphabet.many(reader.codePoint) : [symbol]) {
        const within = follow(part);
        if (state >= firstOutput && report(state, end)) return;
        if (!within) return;
      }
    }
    state = next[state + SYMBOL.punct]!;
    if (state >= firstOutput) report(state, to);
  };

  // first byte of the character that `before` read
  let first = 0;
  /** Symbol of the character that ends before `i`; MANY leaves its code point in the reader. */
  const before = (bytes: Uint8Array, from: number, i: number, json: boolean): number => {
    const byte = bytes[i - 1]!;
    first = i - 1;
    let codePoint = byte;
    if (byte >= 128) {
      let lead = i - 1;
      while (lead > from && i - lead < 4 && (bytes[lead]! & 0xc0) === 0x80) lead--;
      const length = sequenceLength(bytes[lead]!);
      if (length < 2 || lead + length !== i) return SYMBOL.punct;
      first = lead;
      codePoint = bytes[lead]! & (length === 2 ? 31 : length === 3 ? 15 : 7);
      for (let j = lead + 1; j < i; j++) codePoint = (codePoint << 6) | (bytes[j]! & 63);
    } else if (json) {
      if (isEscaped(bytes, from, i - 1)) {
        first = i - 2;
        return escapeSymbol(byte, alphabet.ascii);
      }
      if (i - 6 >= from && bytes[i - 5] === 117 && isEscaped(bytes, from, i - 5)) {
        first = i - 6;
        codePoint = hex4(bytes, i - 4, i);
        if (codePoint >= 0xd800 && codePoint <= 0xdfff) return SYMBOL.punct;
      }
    }
    reader.codePoint = codePoint;
    return alphabet.of(codePoint);
  };

  const beginsWord = (bytes: Uint8Array, from: number, start: number, json: boolean): boolean => {
    if (json && start > from) {
      const byte = bytes[start - 1]!;
      const escaped = isEscaped(bytes, from, start - 1);
      if (escaped ? byte === 117 : byte === BACKSLASH) return false;
    }
    for (let i = start; i > from; i = first) {
      const symbol = before(bytes, from, i, json);
      if (symbol === MANY) return separator[alphabet.many(reader.codePoint).at(-1)!] === 1;
      if (symbol !== IGNORE) return separator[symbol] === 1;
    }
    return true;
  };

  const previousWord = (bytes: Uint8Array, from: number, start: number, json: boolean): number => {
    let inside = false;
    let i = start;
    for (; i > from; i = first) {
      const symbol = before(bytes, from, i, json);
      if (symbol === IGNORE) continue;
      // no character holds a boundary before a letter (classes.ts): letters come first, if there are any
      const symbols = symbol === MANY ? alphabet.many(reader.codePoint) : [symbol];
      if (inside && separator[symbols.at(-1)!] === 1) return i;
      if (separator[symbols[0]!] !== 1) inside = true;
    }
    return inside ? i : -1;
  };

  return { run, walk, beginsWord, previousWord };
}

/** Whether an odd number of backslashes stands before the byte at `i`. */
function isEscaped(bytes: Uint8Array, from: number, i: number): boolean {
  let slashes = 0;
  while (i - 1 - slashes >= from && bytes[i - 1 - slashes] === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}
