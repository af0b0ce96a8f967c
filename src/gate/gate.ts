// The gate: one pass over raw bytes that says whether a document holds any AI entity. It parses nothing.
// `prefilter` may only err towards letting through; `find` is exact, on decoded text.
import { type Automaton, buildAutomaton } from './automaton.js';
import { buildAlphabet, foldPattern, IGNORE, MANY, SYMBOL } from './classes.js';
import type { Lexicon, Pattern } from './lexicon.js';

/** One match in a UTF-8 text: a half-open byte range and the pattern's number. */
export interface Match {
  readonly from: number;
  readonly to: number;
  readonly pattern: number;
}

/** Flags of {@link Gate.prefilter}. */
export const OPEN = 1;
/** A `\ud800`-like escape was seen: the record must be parsed to know whether it is well-formed. */
export const SURROGATE = 2;
/** An escape that JSON does not know, or a raw control character inside the record. */
export const SUSPECT = 4;

export interface Gate {
  /**
   * Flags for the raw bytes `[from, to)` of one JSON record (escapes are read as JSON reads them), or of plain UTF-8 text
   * when `json` is false. Never misses {@link OPEN} where `find` on the decoded fields would open.
   */
  prefilter(bytes: Uint8Array, from: number, to: number, json: boolean): number;
  /** Every entity in the title and the text, and whether together they open the gate. */
  find(title: string | null, text: string): Found;
  readonly lexicon: Lexicon;
}

export interface Found {
  readonly open: boolean;
  /** UTF-16 ranges of the entities in the text that count for the neighbourhood: sorted, none in a look-alike */
  readonly spans: readonly { readonly from: number; readonly to: number }[];
  /** names of AIs (gazetteer), by first offset in the text; those of the title first */
  readonly names: readonly string[];
  /** number of times each subject of the lexicon was met */
  readonly subjects: ReadonlyMap<number, number>;
}

const BACKSLASH = 92;

/** Compiles the automaton: tens of milliseconds, once a thread. */
export function compileGate(lexicon: Lexicon): Gate {
  const { patterns } = lexicon;
  const alphabet = buildAlphabet(patterns.map((p) => foldPattern(p.text)));
  const automaton = buildAutomaton(
    patterns.map((p) => p.text),
    alphabet,
  );
  const { next, boundary, firstOutput, outputs, width } = automaton;
  // what the inner loop looks up per byte: a symbol, or 253 for a byte that needs more care
  const plain = new Uint8Array(256).fill(253);
  plain.set(alphabet.ascii);
  const inJson = Uint8Array.from(plain);
  inJson[BACKSLASH] = 253;
  for (let b = 0; b < 32; b++) if (b !== 9 && b !== 10 && b !== 13) inJson[b] = 253;
  const folded = patterns.map((p) => foldPattern(p.text));
  const encoder = new TextEncoder();

  const step = (state: number, codePoint: number): number => {
    const symbol = alphabet.of(codePoint);
    if (symbol === IGNORE) return state;
    if (symbol !== MANY) return next[state + symbol]!;
    let s = state;
    for (const part of alphabet.many(codePoint)) s = next[s + part]!;
    return s;
  };

  /** Runs the automaton; calls `report(state, end)` on every state with outputs. Returns the flags met on the way. */
  const run = (
    bytes: Uint8Array,
    from: number,
    to: number,
    json: boolean,
    report: (state: number, end: number) => boolean,
  ): number => {
    const table = json ? inJson : plain;
    let state = boundary;
    let flags = 0;
    for (let i = from; i < to; ) {
      const byte = bytes[i]!;
      let symbol = table[byte]!;
      if (symbol !== 253) {
        state = next[state + symbol]!;
        if (state >= firstOutput && report(state, i)) return flags;
        i++;
        continue;
      }
      const end = i;
      if (byte >= 128) {
        const length = sequenceLength(byte);
        let cp = length === 2 ? byte & 31 : length === 3 ? byte & 15 : byte & 7;
        let valid = length > 1 && i + length <= to;
        for (let j = 1; valid && j < length; j++) {
          const more = bytes[i + j]!;
          if ((more & 0xc0) !== 0x80) valid = false;
          cp = (cp << 6) | (more & 63);
        }
        i += valid ? length : 1;
        state = valid ? step(state, cp) : next[state + SYMBOL.punct]!;
      } else if (byte === BACKSLASH) {
        const code = i + 1 < to ? bytes[i + 1]! : 0;
        i += 2;
        if (code === 117) {
          const unit = hex4(bytes, i, to);
          i += 4;
          if (unit < 0) flags |= SUSPECT;
          else if (unit >= 0xd800 && unit <= 0xdfff) {
            flags |= SURROGATE;
            state = next[state + SYMBOL.punct]!;
          } else state = step(state, unit);
        } else {
          symbol = escapeSymbol(code, alphabet.ascii);
          if (symbol < 0) {
            flags |= SUSPECT;
            symbol = SYMBOL.punct;
          }
          state = next[state + symbol]!;
        }
      } else {
        flags |= SUSPECT;
        state = next[state + SYMBOL.space]!;
        i++;
      }
      if (state >= firstOutput && report(state, end)) return flags;
    }
    state = next[state + SYMBOL.punct]!;
    if (state >= firstOutput) report(state, to);
    return flags;
  };

  const terms = Uint8Array.from(patterns, (p) => (p.gate === 'always' && p.kind !== 'lookalike' ? 1 : 0));
  const weights = lookalikeWeights(patterns, folded, run, encoder, automaton, terms);
  // how far behind a term a look-alike that holds it can end
  const slack = Math.max(0, ...patterns.filter((p) => p.kind === 'lookalike').map((p) => p.text.length * 8));

  const prefilter = (bytes: Uint8Array, from: number, to: number, json: boolean): number => {
    let net = 0;
    let lastHit = -1;
    // terms since the last look-alike: two look-alikes over the same term take it back once
    let since = 0;
    let named: Set<number> | undefined;
    let titled: Set<number> | undefined;
    const flags = run(bytes, from, to, json, (state, end) => {
      for (const number of outputs[(state - firstOutput) / width]!) {
        const pattern = patterns[number]!;
        if (pattern.kind === 'lookalike') {
          if (!standsAs(pattern, bytes, from, end, false)) continue;
          net -= Math.min(weights[number]!, since);
          since = 0;
        } else if (!standsAs(pattern, bytes, from, end, true)) continue;
        else if (terms[number] === 1) {
          net++;
          since++;
          lastHit = end;
        } else if (pattern.kind === 'name' && pattern.gate === 'with-work') {
          named ??= new Set();
          named.add(pattern.work);
        } else if (pattern.kind === 'title') {
          titled ??= new Set();
          titled.add(pattern.work);
        }
      }
      return net > 0 && end > lastHit + slack;
    });
    const open = net > 0 || pairs(named, titled);
    return open ? flags | OPEN : flags;
  };

  const find = (title: string | null, text: string): Found => {
    const named = new Set<number>();
    const titled = new Set<number>();
    const matches: Match[] = [];
    const inTitle: Match[] = [];
    let bytes = encoder.encode(title ?? '');
    const collect =
      (into: Match[]) =>
      (state: number, end: number): boolean => {
        for (const number of outputs[(state - firstOutput) / width]!) {
          const pattern = patterns[number]!;
          const start = startOf(folded[number]!, bytes, end);
          if (!standsAs(pattern, bytes, 0, end, false)) continue;
          into.push({ from: start, to: endOf(pattern, end, bytes), pattern: number });
        }
        return false;
      };
    if (title !== null) run(bytes, 0, bytes.length, false, collect(inTitle));
    bytes = encoder.encode(text);
    run(bytes, 0, bytes.length, false, collect(matches));
    const kept = [dropCovered(inTitle, patterns), dropCovered(matches, patterns)] as const;
    let always = false;
    const subjects = new Map<number, number>();
    for (const match of [...kept[0], ...kept[1]]) {
      const pattern = patterns[match.pattern]!;
      if (pattern.subject >= 0) subjects.set(pattern.subject, (subjects.get(pattern.subject) ?? 0) + 1);
      if (terms[match.pattern] === 1) always = true;
      else if (pattern.kind === 'name' && pattern.gate === 'with-work') named.add(pattern.work);
      if (pattern.kind === 'title') titled.add(pattern.work);
    }
    const paired = [...named].some((work) => titled.has(work));
    const counts = (m: Match): boolean => {
      const p = patterns[m.pattern]!;
      if (p.gate === 'never' || p.kind === 'lookalike' || p.kind === 'title') return false;
      return p.gate === 'always' || (p.kind === 'name' && titled.has(p.work));
    };
    const units = unitIndex(text, bytes.length);
    const spans = kept[1].filter(counts).map((m) => ({ from: units(m.from), to: units(m.to) }));
    const names = new Set<string>();
    for (const m of [...kept[0], ...kept[1]]) {
      const p = patterns[m.pattern]!;
      if (p.kind === 'name' && counts(m)) names.add(lexicon.subjects[p.subject]!);
    }
    return { open: always || paired, spans, names: [...names], subjects };
  };

  return { prefilter, find, lexicon };
}

function pairs(named: Set<number> | undefined, titled: Set<number> | undefined): boolean {
  if (named === undefined || titled === undefined) return false;
  for (const work of named) if (titled.has(work)) return true;
  return false;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

function escapeSymbol(code: number, ascii: Uint8Array): number {
  // n r t f b
  if (code === 110 || code === 114 || code === 116 || code === 102 || code === 98) return SYMBOL.space;
  if (code === 34 || code === 92 || code === 47) return ascii[code]!;
  return -1;
}

function hex4(bytes: Uint8Array, from: number, to: number): number {
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
function standsAs(pattern: Pattern, bytes: Uint8Array, from: number, end: number, lenient: boolean): boolean {
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
    if (!exact && !capitals) return lenient && i > 0 && bytes[i - 1] === BACKSLASH;
  }
  return true;
}

function isGap(byte: number): boolean {
  return byte === 32 || byte === 45 || (byte >= 9 && byte <= 13);
}

/** A word pattern is reported on the symbol after it, a dotted one ("a.i.") on its own last byte. */
function endOf(pattern: Pattern, end: number, bytes: Uint8Array): number {
  const last = pattern.text.charCodeAt(pattern.text.length - 1);
  const word = /[\p{L}\p{N}]/u.test(String.fromCharCode(last));
  return word ? end : Math.min(end + 1, bytes.length);
}

/** First byte of a match that ends before `end`: walks back over the pattern's characters. */
function startOf(folded: string, bytes: Uint8Array, end: number): number {
  let i = end;
  const skip = (test: (b: number) => boolean): void => {
    while (i > 0 && test(bytes[i - 1]!)) i--;
  };
  const last = folded.charCodeAt(folded.length - 1);
  if (!/[a-z0-9]/.test(String.fromCharCode(last))) i = Math.min(end + 1, bytes.length);
  for (let j = folded.length - 1; j >= 0; j--) {
    if (folded[j] === ' ') {
      skip((b) => isGap(b) || b >= 128);
      continue;
    }
    // one character: an ASCII byte, or a whole UTF-8 sequence
    if (i > 0) i--;
    while (i > 0 && (bytes[i]! & 0xc0) === 0x80) i--;
  }
  return i;
}

/** Entities inside a look-alike ("android phone") do not count. */
function dropCovered(matches: readonly Match[], patterns: readonly Pattern[]): Match[] {
  const covers = matches.filter((m) => patterns[m.pattern]!.kind === 'lookalike');
  return matches.filter(
    (m) => patterns[m.pattern]!.kind !== 'lookalike' && !covers.some((c) => c.from <= m.from && m.to <= c.to),
  );
}

/** How many always-terms each look-alike holds: what its match takes back in the prefilter. */
function lookalikeWeights(
  patterns: readonly Pattern[],
  folded: readonly string[],
  run: (b: Uint8Array, from: number, to: number, json: boolean, report: (s: number, e: number) => boolean) => number,
  encoder: { encode(text: string): Uint8Array },
  automaton: Automaton,
  terms: Uint8Array,
): Int32Array {
  const { firstOutput, outputs, width } = automaton;
  return Int32Array.from(patterns, (pattern, number) => {
    if (pattern.kind !== 'lookalike') return 0;
    let count = 0;
    const bytes = encoder.encode(pattern.case ? pattern.text : folded[number]!);
    run(bytes, 0, bytes.length, false, (state, end) => {
      for (const n of outputs[(state - firstOutput) / width]!) {
        const inside = patterns[n]!;
        // a case-sensitive term inside a look-alike of any case may or may not have been counted: take back nothing
        if (terms[n] === 1 && (pattern.case ? standsAs(inside, bytes, 0, end, false) : !inside.case)) count++;
      }
      return false;
    });
    return count;
  });
}

/** Byte offsets of a UTF-8 text to UTF-16 indices; ascending calls walk once. */
function unitIndex(text: string, byteLength: number): (byte: number) => number {
  if (byteLength === text.length) return (byte) => byte;
  let byte = 0;
  let unit = 0;
  return (target) => {
    if (target < byte) {
      byte = 0;
      unit = 0;
    }
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
    return unit;
  };
}
