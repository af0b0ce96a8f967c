// How unevenly an AI persona's weight lies over documents, works and names. No rendering.
import type { HitData, Loaded } from '../report/load.js';
import type { Concentration } from '../report/model.js';
import { type Weights, weightOf } from './mix.js';

const PROPERTIES = ['persona=character', 'valence=malevolent'] as const;
const TOP = 15;
/** Points of a curve. */
const POINTS = 60;

export interface Visible {
  /** whether titles may be shown */
  readonly titles: boolean;
  /** null: every name may be shown */
  readonly names: ReadonlySet<string> | null;
}

interface Group {
  readonly name: string | null;
  readonly source: string | null;
  hits: number;
  weight: number;
}

/**
 * Concentration of P(character) and of the joint P(malevolent), each times the weight of the source. A work is the
 * documents of a source with one title (case and outer space aside), a document without a title is a work of its own; a
 * hit counts for each of its names, and hits without a name for none. Gini (1912) over the groups that have any.
 */
export function concentration(loaded: Loaded, weights: Weights, visible: Visible): Concentration[] {
  const hits = loaded.sources.flatMap((s) =>
    s.hits.map((hit) => ({ hit, source: s.name, mix: weightOf(weights, s.name) })),
  );
  const keys: Record<Concentration['of'], (hit: HitData, source: string) => readonly Place[]> = {
    document: (hit, source) => [{ key: hit.documentKey, name: hit.document, source }],
    work: (hit, source) => [workOf(hit, source, visible.titles)],
    name: (hit) =>
      hit.names.map((name) => ({
        key: name,
        name: visible.names === null || visible.names.has(name) ? name : null,
        source: null,
      })),
  };
  return PROPERTIES.flatMap((property) =>
    (['document', 'work', 'name'] as const).map((of) => {
      const groups = new Map<string, Group>();
      for (const { hit, source, mix } of hits) {
        const weight = mix * (property === 'persona=character' ? hit.persona : hit.malevolent);
        if (!(weight > 0)) continue;
        for (const place of keys[of](hit, source)) {
          const group = groups.get(place.key);
          if (group === undefined) {
            groups.set(place.key, { name: place.name, source: place.source, hits: 1, weight });
          } else {
            group.hits++;
            group.weight += weight;
          }
        }
      }
      return { of, property, ...spread(groups) };
    }),
  );
}

interface Place {
  readonly key: string;
  readonly name: string | null;
  readonly source: string | null;
}

function workOf(hit: HitData, source: string, titles: boolean): Place {
  const title = hit.title?.trim() ?? '';
  if (title === '') return { key: `${source}\u0000#${hit.documentKey}`, name: hit.document, source };
  return { key: `${source}\u0000=${title.toLowerCase()}`, name: titles ? title : hit.document, source };
}

function spread(groups: ReadonlyMap<string, Group>): Omit<Concentration, 'of' | 'property'> {
  const sorted = [...groups]
    .sort(([a, x], [b, y]) => y.weight - x.weight || (a < b ? -1 : 1))
    .map(([, group]) => group);
  const n = sorted.length;
  const total = sorted.reduce((sum, g) => sum + g.weight, 0);
  if (n === 0) return { groups: 0, total: 0, gini: null, half: 0, curve: [], top: [] };
  const step = Math.max(1, n / POINTS);
  const curve: [number, number][] = [[0, 0]];
  let sum = 0;
  let ranked = 0;
  let half = 0;
  let next = 1;
  sorted.forEach(({ weight }, i) => {
    sum += weight;
    ranked += (n - i) * weight;
    if (half === 0 && sum >= total / 2) half = i + 1;
    if (i + 1 >= next || i === n - 1) {
      curve.push([(i + 1) / n, Math.min(1, sum / total)]);
      next += step;
    }
  });
  return {
    groups: n,
    total,
    gini: (2 * ranked) / (n * total) - (n + 1) / n,
    half,
    curve,
    top: sorted.slice(0, TOP).map((g) => ({ name: g.name, source: g.source, hits: g.hits, share: g.weight / total })),
  };
}
