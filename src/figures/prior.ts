// The prior where nobody labelled anything: calibrated scores of the hits, weighted by P(character). Renders nothing.
import { twoSidedT } from '../estimate/quantile.js';
import type { HitData, Loaded } from '../report/load.js';
import type { Given, Interval, PriorRow, Status } from '../report/model.js';
import { CONDUCT, FRAMING, HEAD_OFFSET, SITUATION, VALENCE } from '../types.js';
import { type Weights, weightOf } from './mix.js';
import { verdictsOf } from './verdicts.js';

const LEVEL = 0.95;

export interface PriorScale {
  readonly flag: number;
  readonly weights: Weights;
  readonly tropes: readonly string[];
  /** persona names to report, see {@link commonNames} */
  readonly names: readonly string[];
}

/** A hit and its weight in a condition. */
export interface Weighted {
  readonly hit: HitData;
  readonly w: number;
}

/**
 * P(valence | character), P(conduct | character), P(trope | character): overall and given situation, framing, source, and
 * a persona's name. A hit counts by P(character) × P(condition) × the weight of its source; the naive shares by verdicts.
 */
export function transferredPrior(loaded: Loaded, scale: PriorScale): PriorRow[] {
  const { flag, weights, tropes, names } = scale;
  const hits = loaded.sources.flatMap((source) =>
    source.hits.map((hit) => ({
      hit,
      source: source.name,
      mix: weightOf(weights, source.name),
      verdicts: verdictsOf(hit, flag),
    })),
  );
  const rows: PriorRow[] = [];
  const add = (
    given: Given,
    weight: (h: HitData, source: string) => number,
    holds: (h: HitData, verdicts: readonly string[], source: string) => boolean,
  ): void => {
    const weighted = hits
      .map(({ hit, source, mix }) => ({ hit, mix, w: hit.persona * mix * weight(hit, source) }))
      .filter(({ w }) => w > 1e-6);
    const n = weighted.filter(({ w, hit, mix }) => w >= 0.5 * hit.persona * mix).length;
    const inside = hits.filter(({ hit, verdicts, source }) => holds(hit, verdicts, source));
    const total = inside.reduce((sum, { mix }) => sum + mix, 0);
    const share = (property: string): number | null =>
      total === 0 ? null : inside.reduce((sum, h) => sum + (h.verdicts.includes(property) ? h.mix : 0), 0) / total;
    const effectiveN = effectiveDocuments(weighted);
    const row = (
      over: PriorRow['over'],
      labels: readonly string[],
      value: (hit: HitData, label: number) => number,
    ): void => {
      const naive = Object.fromEntries(labels.map((label) => [label, share(`${over}=${label}`)]));
      rows.push({
        given,
        over,
        ...priorValues(weighted, effectiveN, labels, value),
        n,
        effectiveN,
        method: 'calibrated scores, ratio by documents (logit)',
        level: LEVEL,
        sample: `${n} hits by their scores`,
        naive,
        naiveN: inside.length,
      });
    };
    row('valence', VALENCE, (h, i) => h.scores[HEAD_OFFSET.valence + i]!);
    row('conduct', CONDUCT, (h, i) => h.scores[HEAD_OFFSET.conduct + i]!);
    row('trope', tropes, (h, i) => (h.tropes.includes(tropes[i]!) ? 1 : 0));
  };
  add(
    {},
    () => 1,
    () => true,
  );
  SITUATION.forEach((situation, i) =>
    add(
      { situation },
      (h) => h.scores[HEAD_OFFSET.situation + i]!,
      (_, verdicts) => verdicts.includes(`situation=${situation}`),
    ),
  );
  FRAMING.forEach((framing, i) =>
    add(
      { framing },
      (h) => h.scores[HEAD_OFFSET.framing + i]!,
      (_, verdicts) => verdicts.includes(`framing=${framing}`),
    ),
  );
  for (const { name } of loaded.sources) {
    add(
      { source: name },
      (_, source) => (source === name ? 1 : 0),
      (_, __, source) => source === name,
    );
  }
  for (const name of names) {
    add(
      { name },
      (h) => (h.names.includes(name) ? 1 : 0),
      (h) => h.names.includes(name),
    );
  }
  return rows;
}

/** The 20 names that most hits have, of those with 20 hits and more. `allowed` null: any name; else only these. */
export function commonNames(loaded: Loaded, allowed: ReadonlySet<string> | null): string[] {
  const counts = new Map<string, number>();
  for (const { hits } of loaded.sources) {
    for (const hit of hits) for (const name of hit.names) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, n]) => n >= 20)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, 20)
    .map(([name]) => name)
    .filter((name) => allowed === null || allowed.has(name));
}

/** Under this effective number of documents a cell says nothing. */
const ENOUGH = 20;

/** Shares of labels among weighted hits, with documents as clusters; insufficient under 20 effective ones. */
export function priorValues(
  weighted: readonly Weighted[],
  effectiveN: number,
  labels: readonly string[],
  value: (hit: HitData, label: number) => number,
): { values: Record<string, Interval>; status: Status } {
  const status: Status = effectiveN < ENOUGH ? 'insufficient' : 'transferred';
  const values: Record<string, Interval> = {};
  labels.forEach((label, i) => {
    values[label] =
      status === 'insufficient'
        ? { estimate: null, low: null, high: null }
        : ratioInterval(weighted.map(({ hit, w }) => ({ cluster: hit.documentKey, w, y: value(hit, i) })));
  });
  return { values, status };
}

/** Kish's effective number of documents: (Σ W)² / Σ W² over the documents' weights W. */
export function effectiveDocuments(weighted: readonly Weighted[]): number {
  const byDocument = new Map<string, number>();
  for (const { hit, w } of weighted) byDocument.set(hit.documentKey, (byDocument.get(hit.documentKey) ?? 0) + w);
  let sum = 0;
  let squares = 0;
  for (const w of byDocument.values()) {
    sum += w;
    squares += w * w;
  }
  return squares === 0 ? 0 : sum ** 2 / squares;
}

/**
 * R = Σ w y / Σ w with documents as clusters: linearised variance Σ_d (Σ w (y - R))² · m/(m-1) / (Σ w)² (Cochran 1977, 6.3
 * and 10.3), interval on the logit scale so that it stays in [0, 1].
 */
function ratioInterval(units: readonly { cluster: string; w: number; y: number }[]): Interval {
  let weight = 0;
  let positive = 0;
  for (const { w, y } of units) {
    weight += w;
    positive += w * y;
  }
  const estimate = positive / weight;
  const residuals = new Map<string, number>();
  for (const { cluster, w, y } of units) residuals.set(cluster, (residuals.get(cluster) ?? 0) + w * (y - estimate));
  const m = residuals.size;
  let sum = 0;
  for (const r of residuals.values()) sum += r * r;
  const error = Math.sqrt((sum * m) / Math.max(1, m - 1)) / weight;
  if (estimate <= 0 || estimate >= 1) {
    // no document differs: the rule of three on the number of documents
    const edge = 1 - (1 - LEVEL) ** (1 / Math.max(1, m));
    return estimate <= 0 ? { estimate: 0, low: 0, high: edge } : { estimate: 1, low: 1 - edge, high: 1 };
  }
  const t = twoSidedT(LEVEL, Math.max(1, m - 1));
  const logit = Math.log(estimate / (1 - estimate));
  const half = (t * error) / (estimate * (1 - estimate));
  const back = (x: number): number => 1 / (1 + Math.exp(-x));
  return { estimate, low: back(logit - half), high: back(logit + half) };
}
