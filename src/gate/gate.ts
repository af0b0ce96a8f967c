// The gate: one pass over raw bytes that says whether a document holds any AI entity. It parses nothing.
// `prefilter` may only err towards letting through; `find` is exact, on decoded text.
import { buildAutomaton } from './automaton.js';
import {
  BACKSLASH,
  endOf,
  escapeSymbol,
  hex4,
  plainStart,
  sequenceLength,
  standsAs,
  startOf,
  unitIndex,
} from './bytes.js';
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
  for (let b = 0; b < 32; b++) inJson[b] = 253;
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
  // how far behind a term a look-alike that holds it can end
  const slack = Math.max(0, ...patterns.filter((p) => p.kind === 'lookalike').map((p) => p.text.length * 8));

  const prefilter = (bytes: Uint8Array, from: number, to: number, json: boolean): number => {
    // terms that a look-alike may still cover, and the look-alikes met: two numbers each
    const open: number[] = [];
    const covers: number[] = [];
    let named: Set<number> | undefined;
    let titled: Set<number> | undefined;
    let certain = false;
    const flags = run(bytes, from, to, json, (state, end) => {
      for (const number of outputs[(state - firstOutput) / width]!) {
        const pattern = patterns[number]!;
        if (pattern.kind === 'lookalike') {
          if (!standsAs(pattern, bytes, from, end, false)) continue;
          const stop = endOf(pattern, end, bytes);
          const start = plainStart(folded[number]!, bytes, from, stop);
          if (start >= 0) covers.push(start, stop);
        } else if (!standsAs(pattern, bytes, from, end, true)) continue;
        else if (terms[number] === 1) {
          const stop = endOf(pattern, end, bytes);
          const start = plainStart(folded[number]!, bytes, from, stop);
          // written in a way that only `find` can place: it decides
          if (start < 0) certain = true;
          else open.push(start, stop);
        } else if (pattern.kind === 'name' && pattern.gate === 'with-work') {
          named ??= new Set();
          named.add(pattern.work);
        } else if (pattern.kind === 'title') {
          titled ??= new Set();
          titled.add(pattern.work);
        }
      }
      return certain || anyOpen(open, covers, end - slack);
    });
    return certain || anyOpen(open, covers, Number.POSITIVE_INFINITY) || pairs(named, titled) ? flags | OPEN : flags;
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
          const start = startOf(folded[number]!, alphabet, bytes, end);
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
    const counted = kept[1].filter(counts);
    const units = unitIndex(
      text,
      bytes.length,
      counted.flatMap((m) => [m.from, m.to]),
    );
    const spans = counted.map((m) => ({ from: units(m.from), to: units(m.to) }));
    const names = new Set<string>();
    for (const m of [...kept[0], ...kept[1]]) {
      const p = patterns[m.pattern]!;
      if (p.kind === 'name' && counts(m)) names.add(lexicon.subjects[p.subject]!);
    }
    return { open: always || paired, spans, names: [...names], subjects };
  };

  return { prefilter, find, lexicon };
}

/** Whether a term that ends before `settled` lies in no look-alike. */
function anyOpen(open: readonly number[], covers: readonly number[], settled: number): boolean {
  for (let i = 0; i < open.length; i += 2) {
    if (open[i + 1]! > settled) continue;
    let covered = false;
    for (let j = 0; j < covers.length && !covered; j += 2)
      covered = covers[j]! <= open[i]! && open[i + 1]! <= covers[j + 1]!;
    if (!covered) return true;
  }
  return false;
}

function pairs(named: Set<number> | undefined, titled: Set<number> | undefined): boolean {
  if (named === undefined || titled === undefined) return false;
  for (const work of named) if (titled.has(work)) return true;
  return false;
}

/** Entities inside a look-alike ("android phone") do not count. */
function dropCovered(matches: readonly Match[], patterns: readonly Pattern[]): Match[] {
  const covers = matches.filter((m) => patterns[m.pattern]!.kind === 'lookalike').sort((a, b) => a.from - b.from);
  // the farthest end of the look-alikes up to each place
  const reach: number[] = [];
  for (const cover of covers) reach.push(Math.max(reach.at(-1) ?? 0, cover.to));
  const covered = (m: Match): boolean => {
    let low = 0;
    let high = covers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (covers[middle]!.from <= m.from) low = middle + 1;
      else high = middle;
    }
    return low > 0 && m.to <= reach[low - 1]!;
  };
  return matches
    .filter((m) => patterns[m.pattern]!.kind !== 'lookalike' && !covered(m))
    .sort((a, b) => a.from - b.from || a.to - b.to);
}
