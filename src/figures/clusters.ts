// Groups of hits as found, not assumed: k-means over their embeddings, and what each group is like. Reads no database.
import { kmeans } from 'ml-kmeans';
import type { HitData, Loaded } from '../report/load.js';
import type { Cluster, Clusters, Interval, Quote } from '../report/model.js';
import { EMBEDDING, HEAD_OFFSET, VALENCE } from '../types.js';
import { type Weights, weightOf } from './mix.js';
import { priorValues } from './prior.js';
import { tellingTerms } from './terms.js';

/** More hits than this are not clustered: the ones with the least text hashes are, a sample without order or favour. */
const BOUND = 100_000;
/** Centres are fitted on so many at most; all are then sorted to the nearest. */
const FIT = 5_000;
const ITERATIONS = 30;
const SEED = 1;
/** Fewer different texts have no clusters. */
const ENOUGH = 40;
/** Texts read for the terms and as typical passages, per cluster. */
const READ = 400;
const TYPICAL = 3;
const TERMS = 8;
/** A named trope stands out where at least so many hits, such a share, and so many times the share elsewhere show it. */
const STANDS_OUT = { hits: 5, share: 0.1, lift: 2 };

export interface HitReader {
  /** the unit-length embeddings of the wanted hits, in any order; a vector holds until the next one is asked for */
  vectors(wanted: ReadonlySet<number>): Iterable<{ readonly id: number; readonly vector: Float32Array }>;
  text(id: number): string;
  /** its text, short enough to be shown */
  quote(id: number): string;
}

export interface ClusterScale {
  readonly weights: Weights;
  readonly read: HitReader;
  /** whether passages and titles may be quoted */
  readonly quote: boolean;
  /** words that terms may consist of; null: any */
  readonly allowed: ((word: string) => boolean) | null;
}

interface Point {
  readonly hit: HitData;
  readonly source: string;
  readonly weight: number;
  readonly vector: Float32Array;
}

/**
 * k-means (k-means++ by ml-kmeans, fixed seed) over the hits' unit-length embeddings, k = √(n / 16) from 2 to 12. Centres
 * are fitted on up to 5,000 different texts in the order of their hashes, so that the same hits give the same clusters
 * whatever the order of the scan. Null under 40 different texts. Clusters describe hits by their scores: they are the
 * classifier's word, not corrected by labels.
 */
export function clusters(loaded: Loaded, { weights, read, quote, allowed }: ClusterScale): Clusters | null {
  const points = pointsOf(loaded, weights, read);
  const different = distinct(points);
  if (different.length < ENOUGH) return null;
  const fitted = different.slice(0, FIT);
  const k = Math.min(12, Math.max(2, Math.round(Math.sqrt(different.length / 16))));
  const { centroids } = kmeans(
    fitted.map((p) => Array.from(p.vector)),
    k,
    { seed: SEED, maxIterations: ITERATIONS, initialization: 'kmeans++' },
  );
  const groups = sort(points, centroids)
    .filter((group) => group.length > 0)
    .map((group) => ({ group, weight: sum(group.map(({ point }) => point.weight)) }))
    .sort((a, b) => b.weight - a.weight);
  const terms = tellingTerms(
    (function* () {
      for (const [group, { group: members }] of groups.entries()) {
        for (const { point } of spreadOut(members)) {
          yield { group, document: point.hit.documentKey, text: read.text(point.hit.id) };
        }
      }
    })(),
    groups.length,
    TERMS,
    { spread: 3, allowed },
  );
  const total = sum(groups.map((g) => g.weight));
  const overall = tropeCounts(points);
  return {
    method: `k-means on embeddings, k = ${k}, seed ${SEED}; terms by class-based TF-IDF`,
    hits: points.length,
    fitted: fitted.length,
    list: groups.map(
      ({ group, weight }, i): Cluster => ({
        ...described(group, overall, points.length),
        share: weight / total,
        terms: terms[i]!,
        typical: typical(group, read, quote),
      }),
    ),
  };
}

/** In the order of text hashes, then places: the order of the scan has no say. */
function pointsOf(loaded: Loaded, weights: Weights, read: HitReader): Point[] {
  const hits = loaded.sources
    .flatMap((s) => s.hits.map((hit) => ({ hit, source: s.name, weight: hit.persona * weightOf(weights, s.name) })))
    .filter(({ weight }) => weight > 0)
    .sort(
      (a, b) =>
        order(a.hit.textHash, b.hit.textHash) || order(a.hit.document, b.hit.document) || a.hit.start - b.hit.start,
    )
    .slice(0, BOUND);
  // one array for all: 100,000 small ones would cost more to keep than to read
  const all = new Float32Array(hits.length * EMBEDDING);
  const vectors = new Map<number, Float32Array>();
  for (const { id, vector } of read.vectors(new Set(hits.map(({ hit }) => hit.id)))) {
    const own = all.subarray(vectors.size * EMBEDDING, (vectors.size + 1) * EMBEDDING);
    own.set(vector);
    vectors.set(id, own);
  }
  return hits.flatMap((h) => {
    const vector = vectors.get(h.hit.id);
    return vector === undefined ? [] : [{ ...h, vector }];
  });
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One point of each text and of each embedding. */
function distinct(points: readonly Point[]): Point[] {
  const seen = new Set<string>();
  return points.filter(({ hit, vector }) => {
    const place = `v${vector.subarray(0, 4).join()}`;
    if (seen.has(hit.textHash) || seen.has(place)) return false;
    seen.add(hit.textHash).add(place);
    return true;
  });
}

interface Member {
  readonly point: Point;
  /** squared distance to the centre, up to a constant of the group's own */
  readonly distance: number;
}

/** Each point in the group of its nearest centre; nearest members first. */
function sort(points: readonly Point[], centroids: readonly number[][]): Member[][] {
  const centres = centroids.map((c) => Float64Array.from(c));
  const norms = centres.map((c) => c.reduce((s, x) => s + x * x, 0));
  const groups: Member[][] = centres.map(() => []);
  for (const point of points) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < centres.length; c++) {
      const distance = norms[c]! - 2 * dot(centres[c]!, point.vector);
      if (distance < least) {
        least = distance;
        best = c;
      }
    }
    groups[best]!.push({ point, distance: least });
  }
  for (const group of groups) group.sort((a, b) => a.distance - b.distance);
  return groups;
}

function dot(a: Float64Array, b: Float32Array): number {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += a[i]! * b[i]!;
  return s;
}

/** Up to {@link READ} members over the whole group, one of each text. */
function spreadOut(members: readonly Member[]): Member[] {
  const own = new Set<string>();
  const different = members.filter(({ point: { hit } }) => !own.has(hit.textHash) && own.add(hit.textHash));
  const step = Math.max(1, different.length / READ);
  return Array.from({ length: Math.min(READ, different.length) }, (_, i) => different[Math.floor(i * step)]!);
}

function described(
  members: readonly Member[],
  overall: ReadonlyMap<string, number>,
  all: number,
): Omit<Cluster, 'share' | 'terms' | 'typical'> {
  const weighted = members.map(({ point }) => ({ hit: point.hit, w: point.weight }));
  const { values } = priorValues(weighted, VALENCE, (h, i) => h.scores[HEAD_OFFSET.valence + i]!);
  const points = members.map((m) => m.point);
  const tropes = [...tropeCounts(points)]
    .map(([trope, hits]) => {
      const share = hits / points.length;
      return { trope, hits, share, lift: share / (overall.get(trope)! / all) };
    })
    .sort((a, b) => b.hits * Math.log(b.lift) - a.hits * Math.log(a.lift) || order(a.trope, b.trope));
  const known = tropes.find(
    (t) => t.hits >= STANDS_OUT.hits && t.share >= STANDS_OUT.share && t.lift >= STANDS_OUT.lift,
  );
  const sources = new Map<string, number>();
  for (const { source } of points) sources.set(source, (sources.get(source) ?? 0) + 1);
  return {
    hits: points.length,
    documents: new Set(points.map((p) => p.hit.documentKey)).size,
    valence: values as Record<string, Interval>,
    tropes: tropes.slice(0, 5),
    known: known?.trope ?? null,
    sources: [...sources]
      .map(([source, hits]) => ({ source, hits }))
      .sort((a, b) => b.hits - a.hits || order(a.source, b.source)),
  };
}

function tropeCounts(points: readonly Point[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { hit } of points) for (const trope of hit.tropes) counts.set(trope, (counts.get(trope) ?? 0) + 1);
  return counts;
}

function typical(members: readonly Member[], read: HitReader, quote: boolean): Quote[] {
  const documents = new Set<string>();
  const texts = new Set<string>();
  const chosen = members.filter(({ point: { hit } }) => {
    if (documents.size >= TYPICAL || documents.has(hit.documentKey) || texts.has(hit.textHash)) return false;
    documents.add(hit.documentKey);
    texts.add(hit.textHash);
    return true;
  });
  return chosen.map(({ point: { hit, source } }) => ({
    id: hit.id,
    source,
    document: hit.document,
    title: quote ? hit.title : null,
    start: hit.start,
    end: hit.end,
    text: quote ? read.quote(hit.id) : null,
  }));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
