// Finds stored hits by meaning and by words, fused by rank, with filters over sources and labels. No terminal output here.
import { PersonaPriorError } from '../errors.js';
import type { Db } from '../store/database.js';
import { labelsOf, scoresOf } from '../store/scores.js';
import { CONDUCT, FRAMING, HEAD_OFFSET, SITUATION, VALENCE } from '../types.js';

/** Candidates that each of the two searches gives to the fusion. */
const CANDIDATES = 200;
/** Damping of reciprocal rank fusion: Cormack, Clarke & Büttcher (SIGIR 2009) found 60 good on TREC. */
const DAMPING = 60;

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
  /** sum of 1 / (60 + rank) over the searches that found it */
  readonly score: number;
  /** cosine distance to the query, null where only words found it */
  readonly distance: number | null;
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
          .prepare(`select t.rowid as id from hit_text t where hit_text match ?
            ${where.sql === '' ? '' : `and t.rowid in (select id from hits where ${where.sql})`} order by bm25(hit_text), t.rowid limit ?`)
          .all(words, ...where.values, CANDIDATES) as { id: number }[]);
  const scores = new Map<number, number>();
  for (const list of [near, worded]) {
    list.forEach(({ id }, rank) => scores.set(id, (scores.get(id) ?? 0) + 1 / (DAMPING + rank + 1)));
  }
  const distances = new Map(near.map(({ id, distance }) => [id, distance]));
  return [...scores]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, query.limit)
    .map(([id, score]) => ({ score, distance: distances.get(id) ?? null, ...hitOf(db, id) }));
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
