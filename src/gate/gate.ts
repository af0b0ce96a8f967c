// The gate: one pass over raw bytes that says whether a document holds any AI entity. It parses nothing.
// `prefilter` may only err towards letting through; `find` is exact, on decoded text.
import { buildAutomaton } from './automaton.js';
import { endOf, standsAs, startOf, unitIndex } from './bytes.js';
import { buildAlphabet, foldPattern } from './classes.js';
import type { Lexicon, Pattern } from './lexicon.js';
import { createMatcher } from './matcher.js';
import { createPrefilter } from './prefilter.js';

/** One match in a UTF-8 text: a half-open byte range and the pattern's number. */
export interface Match {
  readonly from: number;
  readonly to: number;
  readonly pattern: number;
}

export { OPEN } from './prefilter.js';
export { SURROGATE, SUSPECT } from './symbols.js';

export interface Gate {
  /**
   * Flags (OPEN, SURROGATE, SUSPECT) for the raw bytes `[from, to)` of one JSON record (escapes are read as JSON reads them),
   * or of plain UTF-8 text when `json` is false. Never misses OPEN where `find` on the decoded fields would open. Beside OPEN
   * the other flags may be missing: the reading stops where the answer is sure.
   */
  prefilter(bytes: Uint8Array, from: number, to: number, json: boolean): number;
  /** The same answer from the automaton alone, byte for byte: what `prefilter` is tested against, and falls back to. */
  reference(bytes: Uint8Array, from: number, to: number, json: boolean): number;
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

/** Compiles the automaton: some hundred milliseconds, once a process. */
export function compileGate(lexicon: Lexicon): Gate {
  const { patterns } = lexicon;
  const folded = patterns.map((p) => foldPattern(p.text));
  const alphabet = buildAlphabet(folded);
  const automaton = buildAutomaton(
    patterns.map((p) => p.text),
    alphabet,
  );
  const { firstOutput, outputs, width } = automaton;
  const matcher = createMatcher(alphabet, automaton);
  const encoder = new TextEncoder();
  const terms = Uint8Array.from(patterns, (p) => (p.gate === 'always' && p.kind !== 'lookalike' ? 1 : 0));

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
    if (title !== null) matcher.run(bytes, 0, bytes.length, false, collect(inTitle));
    bytes = encoder.encode(text);
    matcher.run(bytes, 0, bytes.length, false, collect(matches));
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

  return { ...createPrefilter(patterns, folded, alphabet, automaton, matcher), find, lexicon };
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
