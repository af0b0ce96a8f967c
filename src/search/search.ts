// Finds stored hits by meaning and by words, both scores weighed together, with filters over sources and labels. No terminal
// output here.
import { PersonaPriorError } from '../errors.js';
import type { Db } from '../store/database.js';
import { labelsOf, scoresOf } from '../store/scores.js';
import { CONDUCT, FRAMING, HEAD_OFFSET, SITUATION, VALENCE } from '../types.js';

/** Candidates that each of the two searches gives to the fusion. */
const CANDIDATES = 200;
/**
 * Part of meaning in the score, the rest is of words: a convex combination of scores that were brought to [0, 1] does better
 * than reciprocal ranks and asks for little tuning (Bruch, Gai & Ingber, TOIS 2023). Chosen, as the weight of titles, on
 * test/cases/search-queries-dev.jsonl, where 0.5 to 0.8 do nearly as well.
 */
const MEANING = 0.7;
/** A word in the title says so much more than one in the text. */
const TITLE = 3;

export interface Query {
  readonly text: string;
  /** unit-length embedding of the text */
  readonly vector: Float32Array;
  readonly limit: number;
  readonly source?: string;
  /** labels of valence, conduct, situation or framing that the hit must reach (joint probability ≥ `labelThreshold`) */
  readonly labels?: readonly string[];
  readonly labelThreshold?: number;
  /** least P(character) */
  readonly minScore?: number;
  /** least joint P(malevolent), set for `--flagged` */
  readonly minMalevolent?: number;
}

export interface FoundHit {
  readonly id: number;
  /** 0 to 1: nearness among the candidates and BM25 relative to the best, weighed 7 : 3 */
  readonly score: number;
  /** cosine distance to the query */
  readonly distance: number;
  readonly source: string;
  readonly document: string;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly persona: number;
  readonly malevolent: number;
  readonly valence: string;
  readonly conduct: readonly string[];
  readonly situation: readonly string[];
  readonly text: string;
}

/** The best `limit` hits, best first; ties by id. Throws `usage` for a label or source that does not exist. */
export function search(db: Db, query: Query): FoundHit[] {
  const where = filter(db, query);
  const filtered = where.sql === '' ? '' : `and hit_id in (select id from hits where ${where.sql})`;
  const near = db
    .prepare(
      `select hit_id as id, distance from hit_vectors where embedding match ? and k = ? ${filtered} order by distance`,
    )
    .all(bytesOf(query.vector), CANDIDATES, ...where.values) as { id: number; distance: number }[];
  const words = wordQuery(query.text);
  const worded =
    words === null
      ? []
      : (db
          .prepare(`select t.rowid as id, -bm25(hit_text, 1, ${TITLE}) as relevance from hit_text t where hit_text match ?
            ${where.sql === '' ? '' : `and t.rowid in (select id from hits where ${where.sql})`}
            order by relevance desc, t.rowid limit ?`)
          .all(words, ...where.values, CANDIDATES) as { id: number; relevance: number }[]);
  const distances = new Map(near.map(({ id, distance }) => [id, distance]));
  const farthest = near.at(-1)?.distance ?? 1;
  const range = Math.max(farthest - (near[0]?.distance ?? 0), 1e-9);
  const distanceOf = db.prepare('select vec_distance_cosine(embedding, ?) from hit_vectors where hit_id = ?').pluck();
  for (const { id } of worded) {
    if (!distances.has(id)) distances.set(id, distanceOf.get(bytesOf(query.vector), BigInt(id)) as number);
  }
  const best = worded[0]?.relevance ?? 0;
  const relevances = new Map(worded.map(({ id, relevance }) => [id, best > 0 ? Math.max(0, relevance / best) : 0]));
  const scores = [...distances].map(([id, distance]) => {
    const nearness = Math.max(0, (farthest - distance) / range);
    return { id, distance, score: MEANING * nearness + (1 - MEANING) * (relevances.get(id) ?? 0) };
  });
  return scores
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, query.limit)
    .map(({ id, ...found }) => ({ ...found, ...hitOf(db, id) }));
}

/** One hit with its labels at 0.5, joint with P(character). */
function hitOf(db: Db, id: number): Omit<FoundHit, 'score' | 'distance'> {
  const row = db
    .prepare(`select h.id, s.name as source, h.document, h.title, h.start, h.end, h.persona, h.malevolent, h.scores, h.text
      from hits h join sources s on s.id = h.source_id where h.id = ?`)
    .get(id) as Omit<FoundHit, 'score' | 'distance' | 'valence' | 'conduct' | 'situation'> & { scores: Buffer };
  const { scores: blob, ...hit } = row;
  return { ...hit, ...labelsOf(scoresOf(blob)) };
}

/** The words of a text as an FTS5 query: each quoted, any of them may stand in the hit. Null where there is no word. */
export function wordQuery(text: string): string | null {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu);
  if (words === null) return null;
  const kept = words.filter((word) => !COMMON.has(word));
  return [...new Set(kept.length > 0 ? kept : words)].map((word) => `"${word}"`).join(' OR ');
}

/** Function words: they would only lengthen the list of matches. */
const COMMON = new Set(
  'a an and are as at be been but by for from had has have he her him his i in is it its my no not of on or our she so that the their them they this to was we were what when which who will with you your'.split(
    ' ',
  ),
);

function filter(db: Db, query: Query): { sql: string; values: unknown[] } {
  const parts: string[] = [];
  const values: unknown[] = [];
  if (query.source !== undefined) {
    const found = db.prepare('select id from sources where name = ?').get(query.source) as { id: number } | undefined;
    if (found === undefined) {
      throw new PersonaPriorError('usage', `no source is called ${query.source}`, {
        help: 'see the sources in the report',
      });
    }
    parts.push('source_id = ?');
    values.push(found.id);
  }
  if (query.minScore !== undefined) {
    parts.push('persona >= ?');
    values.push(query.minScore);
  }
  if (query.minMalevolent !== undefined) {
    parts.push('malevolent >= ?');
    values.push(query.minMalevolent);
  }
  for (const label of query.labels ?? []) {
    parts.push(`persona * score_at(scores, ${indexOf(label)}) >= ?`);
    values.push(query.labelThreshold ?? 0.5);
  }
  if ((query.labels ?? []).length > 0) {
    db.function('score_at', { deterministic: true }, (blob, index) =>
      (blob as Buffer).readFloatLE((index as number) * 4),
    );
  }
  return { sql: parts.join(' and '), values };
}

function indexOf(label: string): number {
  const heads = [
    [VALENCE, HEAD_OFFSET.valence],
    [CONDUCT, HEAD_OFFSET.conduct],
    [SITUATION, HEAD_OFFSET.situation],
    [FRAMING, HEAD_OFFSET.framing],
  ] as const;
  for (const [labels, offset] of heads) {
    const at = (labels as readonly string[]).indexOf(label);
    if (at >= 0) return offset + at;
  }
  throw new PersonaPriorError('usage', `no label is called ${label}`, {
    help: 'use a label of the codebook, e.g. malevolent or shutdown_threat',
  });
}

function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}
