// Salience: how often, how early and how much a document shows an AI persona. By the classifier's count alone.
import { clopperPearson } from '../estimate/binomial.js';
import type { HitData, Loaded } from '../report/load.js';
import type { Interval, SalienceRow, SourceCounts, Spread } from '../report/model.js';
import { type Weights, weightOf } from './mix.js';
import { verdictsOf } from './verdicts.js';

const LEVEL = 0.95;
const PROPERTIES = ['persona=character', 'valence=malevolent'] as const;
/** Fewer documents than this have no quartiles. */
const ENOUGH = 20;
/** `early`: the first hit lies in this first part of the document. */
const EARLY = 0.1;

/** A document that shows an AI: its hits, and where the first of them lies. */
interface Showing {
  hits: number;
  first: number;
}

interface Shown extends Readonly<Showing> {
  readonly weight: number;
}

/**
 * Per source and overall, weighted by the mix. Documents are whole here, so a sample of passages cannot correct these
 * figures, whatever was labelled: they are `transferred`, and `insufficient` under 20 documents with any. Intervals of
 * shares: Clopper & Pearson (1934) at the effective number of documents (Kish).
 */
export function salience(
  loaded: Loaded,
  counts: readonly SourceCounts[],
  flag: number,
  weights: Weights,
): SalienceRow[] {
  const sources = [...loaded.sources.map((s): string | null => s.name), null];
  return PROPERTIES.flatMap((property) => {
    const bySource = new Map(loaded.sources.map((s) => [s, documentsOf(s.hits, property, flag)]));
    return sources.map((source): SalienceRow => {
      const own = loaded.sources.filter((s) => source === null || s.name === source);
      const weight = (name: string): number => (source === null ? weightOf(weights, name) : 1);
      const shown = own.flatMap((s) =>
        weight(s.name) === 0 ? [] : bySource.get(s)!.map((d) => ({ ...d, weight: weight(s.name) })),
      );
      const sizes = counts
        .filter((c) => source === null || c.source === source)
        .map((c) => ({ n: c.documents, weight: weight(c.source) }));
      const documents = sizes.reduce((sum, s) => sum + s.n, 0);
      const enough = shown.length >= ENOUGH;
      const early = shown.map((d) => ({ n: 1, weight: d.weight, positive: d.first < EARLY }));
      return {
        property,
        source,
        documents,
        documentsWithAny: shown.length,
        withAny: share(
          shown.reduce((sum, d) => sum + d.weight, 0),
          sizes,
        ),
        perDocument: enough ? { ...spread(shown, (d) => d.hits), mean: mean(shown) } : null,
        first: enough ? spread(shown, (d) => d.first) : null,
        early: enough
          ? share(
              early.reduce((sum, d) => sum + (d.positive ? d.weight : 0), 0),
              early,
            )
          : { estimate: null, low: null, high: null },
        level: LEVEL,
        method: 'naive count by document',
        sample: `${shown.length} documents with any of ${documents}`,
        status: documents > 0 && enough ? 'transferred' : 'insufficient',
      };
    });
  });
}

function documentsOf(hits: readonly HitData[], property: string, flag: number): Showing[] {
  const shown = new Map<string, Showing>();
  for (const hit of hits) {
    if (!verdictsOf(hit, flag).includes(property)) continue;
    const place = hit.passage / hit.passages;
    const before = shown.get(hit.documentKey);
    if (before === undefined) shown.set(hit.documentKey, { hits: 1, first: place });
    else {
      before.hits++;
      before.first = Math.min(before.first, place);
    }
  }
  return [...shown.values()];
}

function share(top: number, groups: readonly { readonly n: number; readonly weight: number }[]): Interval {
  const bottom = groups.reduce((sum, g) => sum + g.n * g.weight, 0);
  const squares = groups.reduce((sum, g) => sum + g.n * g.weight ** 2, 0);
  if (bottom === 0) return { estimate: null, low: null, high: null };
  const n = bottom ** 2 / squares;
  const estimate = top / bottom;
  return { estimate, ...clopperPearson(n * estimate, n, LEVEL) };
}

function mean(shown: readonly Shown[]): number {
  const weight = shown.reduce((sum, d) => sum + d.weight, 0);
  return shown.reduce((sum, d) => sum + d.weight * d.hits, 0) / weight;
}

/** Weighted quantiles: the least value at or under which the wanted part of the weight lies. */
function spread(shown: readonly Shown[], of: (d: Shown) => number): Spread {
  const sorted = [...shown].sort((a, b) => of(a) - of(b));
  const total = sorted.reduce((sum, d) => sum + d.weight, 0);
  const at = (part: number): number => {
    let sum = 0;
    for (const d of sorted) {
      sum += d.weight;
      if (sum >= part * total - 1e-9 * total) return of(d);
    }
    return of(sorted[sorted.length - 1]!);
  };
  return { least: of(sorted[0]!), lower: at(0.25), median: at(0.5), upper: at(0.75), most: at(1) };
}
