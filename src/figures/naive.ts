// The classifier's own counts by property, unit and source: what stands beside every corrected figure.
import { clopperPearson } from '../estimate/binomial.js';
import type { HitData, Loaded } from '../report/load.js';
import type { Interval, Naive, SourceCounts } from '../report/model.js';
import { VALENCE } from '../types.js';
import { type Weights, weightOf } from './mix.js';
import { BY_FRAMING, verdictsOf } from './verdicts.js';

export type CountedUnit = 'document' | 'passage' | 'word';

export interface NaiveCounts {
  /** persona and valences, every other property that a hit has, and those asked for */
  readonly properties: readonly string[];
  /** @param source null: all sources, by their weights */
  of(property: string, unit: CountedUnit, source: string | null): Naive;
  /** Clopper-Pearson limits (1934) of the count, `design` units of it as one independent unit */
  limits(property: string, unit: CountedUnit, source: string | null, level: number): Interval;
}

interface Found {
  passages: number;
  words: number;
  readonly documents: Set<string>;
}

const ALWAYS = ['persona=character', ...VALENCE.map((v) => `valence=${v}`)];

/** Counts the hits' verdicts. @param asked conjunctions as lists of their parts */
export function naiveCounts(
  loaded: Loaded,
  counts: readonly SourceCounts[],
  flag: number,
  weights: Weights,
  asked: readonly (readonly string[])[],
): NaiveCounts {
  const joined = [...BY_FRAMING, ...asked];
  const bySource = new Map(loaded.sources.map((s) => [s.name, countHits(s.hits, flag, joined)]));
  const found = [...bySource.values()].flatMap((counted) => [...counted.keys()]);
  const properties = new Set([...ALWAYS, ...found.filter((p) => !p.startsWith('framing='))]);
  for (const parts of asked) properties.add(parts.join(' & '));
  const groups = (source: string | null): SourceCounts[] =>
    counts.filter((c) => source === null || c.source === source);
  const positives = (property: string, unit: CountedUnit, source: string): number => {
    const found = bySource.get(source)?.get(property);
    if (found === undefined) return 0;
    return unit === 'document' ? found.documents.size : unit === 'passage' ? found.passages : found.words;
  };
  const size = (c: SourceCounts, unit: CountedUnit): number =>
    unit === 'document' ? c.documents : unit === 'passage' ? c.passages : c.words;
  const of = (property: string, unit: CountedUnit, source: string | null): Naive => {
    let top = 0;
    let bottom = 0;
    let raw = 0;
    let sampled = 0;
    for (const c of groups(source)) {
      const weight = source === null ? weightOf(weights, c.source) : 1;
      const n = positives(property, unit, c.source);
      raw += n;
      sampled += size(c, unit);
      top += weight * n;
      bottom += weight * size(c, unit);
    }
    return { estimate: bottom > 0 ? top / bottom : null, positives: raw, sampled: Math.round(sampled) };
  };
  return {
    properties: [...properties],
    of,
    limits(property, unit, source, level) {
      const { estimate, positives: x, sampled: n } = of(property, unit, source);
      if (estimate === null || n <= 0) return { estimate: null, low: null, high: null };
      const own = groups(source);
      const total = (pick: (c: SourceCounts) => number): number => own.reduce((sum, c) => sum + pick(c), 0);
      const words = total((c) => c.words);
      const passages = of(property, 'passage', source).positives;
      let design = 1;
      if (unit === 'passage') design += words > 0 ? Math.sqrt(total((c) => c.wordsError ** 2)) / words : 0;
      // words come in whole passages: the passage is the independent unit
      if (unit === 'word')
        design =
          passages === 0
            ? n /
              Math.max(
                1,
                total((c) => c.passages),
              )
            : x / passages;
      const units = Math.max(n / design, x / design);
      return { estimate, ...clopperPearson(Math.min(units, units * estimate), units, level) };
    },
  };
}

function countHits(hits: readonly HitData[], flag: number, asked: readonly (readonly string[])[]): Map<string, Found> {
  const found = new Map<string, Found>();
  const add = (property: string, hit: HitData): void => {
    let entry = found.get(property);
    if (entry === undefined) {
      entry = { passages: 0, words: 0, documents: new Set() };
      found.set(property, entry);
    }
    entry.passages++;
    entry.words += hit.words;
    entry.documents.add(hit.documentKey);
  };
  const joined = asked.filter((parts) => parts.length > 1);
  for (const hit of hits) {
    const verdicts = verdictsOf(hit, flag);
    for (const property of verdicts) add(property, hit);
    for (const parts of joined) if (parts.every((p) => verdicts.includes(p))) add(parts.join(' & '), hit);
  }
  return found;
}
