// From the automaton's matches in one record to whether the record is let through. Errs towards letting through only where
// a spelling (an escape, a non-ASCII character, a long gap) makes the place of a match unsure.
import type { Automaton } from './automaton.js';
import { endOf, plainStart, standsAs } from './bytes.js';
import type { Pattern } from './lexicon.js';

export interface Verdict {
  /** Begins a record. */
  begin(bytes: Uint8Array, from: number): void;
  /** Takes the outputs of a state. */
  note(state: number, end: number): void;
  /** Whether what was noted opens the gate, when every look-alike that begins before `settled` was noted. */
  opens(settled: number): boolean;
}

export function createVerdict(patterns: readonly Pattern[], folded: readonly string[], automaton: Automaton): Verdict {
  const { firstOutput, outputs, width } = automaton;
  const terms = Uint8Array.from(patterns, (p) => (p.gate === 'always' && p.kind !== 'lookalike' ? 1 : 0));
  // terms that a look-alike may still cover, and the look-alikes met: two numbers each
  const open: number[] = [];
  const covers: number[] = [];
  const named = new Set<number>();
  const titled = new Set<number>();
  let certain = false;
  let bytes = new Uint8Array(0);
  let from = 0;

  const take = (number: number, end: number): void => {
    const pattern = patterns[number]!;
    const { kind } = pattern;
    if (kind === 'lookalike') {
      if (!standsAs(pattern, bytes, from, end, false)) return;
      const stop = endOf(pattern, end, bytes);
      const start = plainStart(folded[number]!, bytes, from, stop);
      if (start >= 0) covers.push(start, stop);
    } else if (terms[number] === 1) {
      if (!standsAs(pattern, bytes, from, end, true)) return;
      const stop = endOf(pattern, end, bytes);
      const start = plainStart(folded[number]!, bytes, from, stop);
      // written in a way that only `find` can place: it decides
      if (start < 0) certain = true;
      else open.push(start, stop);
    } else if (kind === 'title') {
      if (!titled.has(pattern.work) && standsAs(pattern, bytes, from, end, true)) {
        titled.add(pattern.work);
        if (named.has(pattern.work)) certain = true;
      }
    } else if (kind === 'name' && pattern.gate === 'with-work') {
      if (!named.has(pattern.work) && standsAs(pattern, bytes, from, end, true)) {
        named.add(pattern.work);
        if (titled.has(pattern.work)) certain = true;
      }
    }
  };

  return {
    begin(record, start) {
      bytes = record as typeof bytes;
      from = start;
      certain = false;
      open.length = 0;
      covers.length = 0;
      if (named.size > 0) named.clear();
      if (titled.size > 0) titled.clear();
    },
    note(state, end) {
      for (const number of outputs[(state - firstOutput) / width]!) take(number, end);
    },
    opens: (settled) => certain || settle(open, covers, settled),
  };
}

/**
 * Whether a term that begins before `settled` lies in no look-alike. Drops what is settled: covered terms, and look-alikes that
 * end too early to cover one still to come.
 */
function settle(open: number[], covers: number[], settled: number): boolean {
  let kept = 0;
  for (let i = 0; i < open.length; i += 2) {
    const [from, to] = [open[i]!, open[i + 1]!];
    if (from >= settled) {
      open[kept++] = from;
      open[kept++] = to;
      continue;
    }
    let covered = false;
    for (let j = 0; j < covers.length && !covered; j += 2) covered = covers[j]! <= from && to <= covers[j + 1]!;
    if (!covered) return true;
  }
  open.length = kept;
  kept = 0;
  for (let j = 0; j < covers.length; j += 2) {
    const [from, to] = [covers[j]!, covers[j + 1]!];
    if (to <= settled) continue;
    covers[kept++] = from;
    covers[kept++] = to;
  }
  covers.length = kept;
  return false;
}
