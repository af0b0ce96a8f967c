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
  const { weights, tropes, names } = scale;
  const hits = loaded.sources.flatMap((s) => s.hits);
  const sources = loaded.sources.flatMap((s) => s.hits.map(() => s.name));
  const mix = Float64Array.from(sources, (name) => weightOf(weights, name));
  const document = documentsOf(hits);
  const verdicts = columns(hits, scale.flag);
  const verdict = (property: string): Uint8Array => verdicts.get(property) ?? new Uint8Array(hits.length);
  const rows: PriorRow[] = [];
  const add = (given: Given, weight: (at: number) => number, holds: (at: number) => boolean): void => {
    const at: number[] = [];
    const w: number[] = [];
    const inside: number[] = [];
    let n = 0;
    let total = 0;
    hits.forEach(({ persona }, i) => {
      const full = persona * mix[i]!;
      const own = full * weight(i);
      if (own > 1e-6) {
        at.push(i);
        w.push(own);
        if (own >= 0.5 * full) n++;
      }
      if (holds(i)) {
        inside.push(i);
        total += mix[i]!;
      }
    });
    const share = (property: string): number | null => {
      const column = verdict(property);
      return total === 0 ? null : inside.reduce((sum, i) => sum + (column[i] === 1 ? mix[i]! : 0), 0) / total;
    };
    const domain = clustered(
      w,
      at.map((i) => document[i]!),
    );
    const effectiveN = effective(domain);
    const row = (
      over: PriorRow['over'],
      labels: readonly string[],
      value: (at: number, label: number) => number,
    ): void => {
      rows.push({
        given,
        over,
        ...shares(domain, effectiveN, labels, (unit, label) => value(at[unit]!, label)),
        n,
        effectiveN,
        method: 'calibrated scores, ratio by documents (logit)',
        level: LEVEL,
        sample: `${n} hits by their scores`,
        naive: Object.fromEntries(labels.map((label) => [label, share(`${over}=${label}`)])),
        naiveN: inside.length,
      });
    };
    row('valence', VALENCE, (i, label) => hits[i]!.scores[HEAD_OFFSET.valence + label]!);
    row('conduct', CONDUCT, (i, label) => hits[i]!.scores[HEAD_OFFSET.conduct + label]!);
    const shown = tropes.map((trope) => verdict(`trope=${trope}`));
    row('trope', tropes, (i, label) => shown[label]![i]!);
  };
  const addLabel = (given: Given, property: string, score: number): void => {
    const column = verdict(property);
    add(
      given,
      (i) => hits[i]!.scores[score]!,
      (i) => column[i] === 1,
    );
  };
  const addOnly = (given: Given, holds: (at: number) => boolean): void => add(given, (i) => (holds(i) ? 1 : 0), holds);
  addOnly({}, () => true);
  SITUATION.forEach((situation, i) => {
    addLabel({ situation }, `situation=${situation}`, HEAD_OFFSET.situation + i);
  });
  FRAMING.forEach((framing, i) => {
    addLabel({ framing }, `framing=${framing}`, HEAD_OFFSET.framing + i);
  });
  for (const { name } of loaded.sources) addOnly({ source: name }, (i) => sources[i] === name);
  for (const name of names) addOnly({ name }, (i) => hits[i]!.names.includes(name));
  return rows;
}

/** Which hits have a verdict, by property. */
function columns(hits: readonly HitData[], flag: number): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  hits.forEach((hit, i) => {
    for (const property of verdictsOf(hit, flag)) {
      let column = found.get(property);
      if (column === undefined) {
        column = new Uint8Array(hits.length);
        found.set(property, column);
      }
      column[i] = 1;
    }
  });
  return found;
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

/**
 * Shares of labels among weighted hits, with documents as clusters; insufficient under 20 effective ones. `effectiveN` is
 * Kish's effective number of documents: (Σ W)² / Σ W² over the documents' weights W.
 */
export function priorValues(
  weighted: readonly Weighted[],
  labels: readonly string[],
  value: (hit: HitData, label: number) => number,
): { values: Record<string, Interval>; status: Status; effectiveN: number } {
  const domain = domainOf(weighted);
  const effectiveN = effective(domain);
  const found = shares(domain, effectiveN, labels, (unit, label) => value(weighted[unit]!.hit, label));
  return { ...found, effectiveN };
}

/** Weights of units, and the document of each, numbered from 0 in the order of their first units. */
interface Domain {
  readonly w: Float64Array;
  readonly document: Int32Array;
  readonly documents: number;
}

function domainOf(weighted: readonly Weighted[]): Domain {
  return clustered(
    weighted.map(({ w }) => w),
    documentsOf(weighted.map(({ hit }) => hit)),
  );
}

/** A number for the document of each hit. */
function documentsOf(hits: readonly HitData[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(hits, ({ documentKey }) => {
    const known = numbers.get(documentKey) ?? numbers.size;
    if (known === numbers.size) numbers.set(documentKey, known);
    return known;
  });
}

function clustered(w: readonly number[], of: ArrayLike<number>): Domain {
  let most = -1;
  for (let i = 0; i < of.length; i++) most = Math.max(most, of[i]!);
  const places = new Int32Array(most + 1).fill(-1);
  let documents = 0;
  const document = new Int32Array(of.length);
  for (let i = 0; i < of.length; i++) {
    const d = of[i]!;
    if (places[d] === -1) places[d] = documents++;
    document[i] = places[d]!;
  }
  return { w: new Float64Array(w), document, documents };
}

function effective({ w, document, documents }: Domain): number {
  const byDocument = new Float64Array(documents);
  for (let i = 0; i < w.length; i++) byDocument[document[i]!] = byDocument[document[i]!]! + w[i]!;
  let sum = 0;
  let squares = 0;
  for (const each of byDocument) {
    sum += each;
    squares += each * each;
  }
  return squares === 0 ? 0 : sum ** 2 / squares;
}

function shares(
  domain: Domain,
  effectiveN: number,
  labels: readonly string[],
  value: (unit: number, label: number) => number,
): { values: Record<string, Interval>; status: Status } {
  const status: Status = effectiveN < ENOUGH ? 'insufficient' : 'transferred';
  const values: Record<string, Interval> = {};
  const y = new Float64Array(domain.w.length);
  labels.forEach((label, l) => {
    if (status === 'insufficient') values[label] = { estimate: null, low: null, high: null };
    else {
      // a plain loop: `from` with a function is ten times slower, and there are millions
      for (let i = 0; i < y.length; i++) y[i] = value(i, l);
      values[label] = ratioInterval(domain, y);
    }
  });
  return { values, status };
}

/**
 * R = Σ w y / Σ w with documents as clusters: linearised variance Σ_d (Σ w (y - R))² · m/(m-1) / (Σ w)² (Cochran 1977, 6.3
 * and 10.3), interval on the logit scale so that it stays in [0, 1].
 */
function ratioInterval({ w, document, documents: m }: Domain, y: Float64Array): Interval {
  let weight = 0;
  let positive = 0;
  for (let i = 0; i < w.length; i++) {
    weight += w[i]!;
    positive += w[i]! * y[i]!;
  }
  const estimate = positive / weight;
  const residuals = new Float64Array(m);
  for (let i = 0; i < w.length; i++) {
    const d = document[i]!;
    residuals[d] = residuals[d]! + w[i]! * (y[i]! - estimate);
  }
  let sum = 0;
  for (const r of residuals) sum += r * r;
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
