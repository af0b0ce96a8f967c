// Whether the raw bytes of a record open the gate: by the automaton alone, and faster, by the SIMD filter before it.
// Both give the same answer; tests hold them to it.
import type { Automaton } from './automaton.js';
import type { Alphabet } from './classes.js';
import type { Pattern } from './lexicon.js';
import type { Matcher } from './matcher.js';
import { SURROGATE, SUSPECT } from './symbols.js';
import { createVerdict } from './verdict.js';
import { BAD_ESCAPE, backOf, CHUNK, CONTROL, createWordFilter, placeOf, SURROGATE_ESCAPE } from './words.js';

/** The record holds an entity that opens the gate. */
export const OPEN = 1;

/** Flags of one record, see `Gate.prefilter`. */
export type Prefilter = (bytes: Uint8Array, from: number, to: number, json: boolean) => number;

export function createPrefilter(
  patterns: readonly Pattern[],
  folded: readonly string[],
  alphabet: Alphabet,
  automaton: Automaton,
  matcher: Matcher,
): { readonly prefilter: Prefilter; readonly reference: Prefilter } {
  const verdict = createVerdict(patterns, folded, automaton);
  // how far behind the beginning of a match that stands in plain bytes its end, or its anchor, can lie
  const slack = patterns.reduce((most, p) => Math.max(most, p.text.length * 8), 0);
  const until = (state: number, end: number): boolean => {
    verdict.note(state, end);
    return verdict.opens(end - slack);
  };
  const note = (state: number, end: number): boolean => {
    verdict.note(state, end);
    return false;
  };

  const reference: Prefilter = (bytes, from, to, json) => {
    verdict.begin(bytes, from);
    const flags = matcher.run(bytes, from, to, json, until);
    return verdict.opens(Number.POSITIVE_INFINITY) ? flags | OPEN : flags;
  };

  const filter = createWordFilter(patterns, folded, alphabet);
  if (filter === null) return { prefilter: reference, reference };
  const { found } = filter;

  const prefilter: Prefilter = (bytes, from, to, json) => {
    verdict.begin(bytes, from);
    let flags = 0;
    for (let at = from; at < to; at += CHUNK) {
      const count = filter.scan(bytes, at, to, at === from, json);
      const met = filter.flags();
      if (met !== 0) {
        // after a broken escape it is a matter of taste where the next character begins: the automaton's
        if ((met & BAD_ESCAPE) !== 0) return reference(bytes, from, to, json);
        if ((met & CONTROL) !== 0) flags |= SUSPECT;
        if ((met & SURROGATE_ESCAPE) !== 0) flags |= SURROGATE;
      }
      if (count === 0) continue;
      for (let i = 0; i < count; i++) {
        let start = at + placeOf(found[i]!);
        if (!matcher.beginsWord(bytes, from, start, json)) continue;
        matcher.walk(bytes, start, to, json, note);
        for (let back = backOf(found[i]!); back > 0; back--) {
          start = matcher.previousWord(bytes, from, start, json);
          if (start < 0) break;
          matcher.walk(bytes, start, to, json, note);
        }
      }
      // a look-alike that covers a term begins no later than the term, and has its anchor within its own length
      if (verdict.opens(at + CHUNK - slack)) return flags | OPEN;
    }
    return verdict.opens(Number.POSITIVE_INFINITY) ? flags | OPEN : flags;
  };
  return { prefilter, reference };
}
