// The sampling frame of an audit: what each stratum of a database holds and what of it can be drawn. Draws nothing.
import { keyedHash } from '../hash.js';
import type { Db } from '../store/database.js';
import { scoresOf } from '../store/scores.js';
import { HEAD_OFFSET } from '../types.js';
import { STRATA, type Stratum } from '../unit.js';
import { gateClass, hitPath } from './strata.js';

/** A stratum of rejects: `population` units, of which the scan kept those with the lowest keys. */
export interface RejectFrame {
  readonly stratum: Stratum;
  readonly sample: string;
  /** blocks in `gate` (each size class at its share of the kept ones), passages elsewhere */
  readonly population: number;
  /** the same in passages: in `gate`, blocks × mean passages of the kept ones */
  readonly passages: number;
  /** passages of a kept unit of this stratum */
  readonly least: number;
  readonly most: number;
  readonly available: number;
  /** mean of `share` over the kept passages, null where the stage gave no scores */
  readonly share: number | null;
}

export interface HitFrame {
  readonly id: number;
  readonly path: readonly string[];
  readonly key: number;
  readonly place: string;
  readonly share: number;
}

export interface SourceFrame {
  readonly id: number;
  readonly name: string;
  readonly rejects: readonly RejectFrame[];
  /** in the order of their keys; a repeated document id is there once */
  readonly hits: readonly HitFrame[];
  /** rows of hits, repeated ids included */
  readonly hitRows: number;
}

/**
 * Reads the frame of every source.
 * @param seed of the hits' keys; rejects keep the keys of the scan
 * @param share a quantity in [0, 1] of a score array, e.g. P(character and in a situation)
 */
export function readFrame(db: Db, seed: number, share: (scores: Float32Array) => number): SourceFrame[] {
  const sources = db.prepare('select id, name from sources order by name').all() as { id: number; name: string }[];
  const population = db
    .prepare(`select coalesce(sum(t.n), 0) from tallies t join shards h on h.id = t.shard_id
      where h.source_id = ? and t.stage = 'sample' and t.kind = 'population' and t.reason = ?`)
    .pluck();
  const kept = db.prepare(`select unit_passages as passages, scores from samples where source_id = ? and stratum = ?`);
  return sources.map(({ id, name }) => {
    const rejects = STRATA.flatMap((stratum): RejectFrame[] => {
      const size = population.get(id, stratum) as number;
      const rows = kept.all(id, stratum) as KeptRow[];
      if (rows.length === 0) {
        const nothing = { least: 1, most: 1, available: 0, share: null };
        return size === 0 ? [] : [{ stratum, sample: stratum, population: size, passages: size, ...nothing }];
      }
      return byClass(stratum, rows).map(({ sample, least, most, rows: own }) => {
        const part = (size * own.length) / rows.length;
        const each = own.reduce((sum, r) => sum + r.passages, 0) / own.length;
        const shares = own.flatMap((r) => (r.scores === null ? [] : [share(scoresOf(r.scores))]));
        const mean = shares.length === 0 ? null : shares.reduce((a, b) => a + b, 0) / shares.length;
        const units = { population: part, passages: part * each, available: own.length };
        return { stratum, sample, ...units, least, most, share: mean };
      });
    });
    return { id, name, rejects, ...readHits(db, id, name, seed, share) };
  });
}

interface KeptRow {
  readonly passages: number;
  readonly scores: Buffer | null;
}

function byClass(
  stratum: Stratum,
  rows: readonly KeptRow[],
): { sample: string; least: number; most: number; rows: KeptRow[] }[] {
  if (stratum !== 'gate') return [{ sample: stratum, least: 1, most: 1, rows: [...rows] }];
  const classes = new Map<number, KeptRow[]>();
  for (const row of rows) {
    if (row.passages === 0) continue;
    const { least } = gateClass(row.passages);
    classes.set(least, [...(classes.get(least) ?? []), row]);
  }
  return [...classes.entries()]
    .sort(([a], [b]) => a - b)
    .map(([least, own]) => ({ sample: gateClass(least).name, least, most: gateClass(least).most, rows: own }));
}

function readHits(
  db: Db,
  source: number,
  name: string,
  seed: number,
  share: (scores: Float32Array) => number,
): Pick<SourceFrame, 'hits' | 'hitRows'> {
  const keys = keyedHash(seed, 'hits', name);
  const encoder = new TextEncoder();
  const rows = db
    .prepare('select id, document, start, end, scores from hits where source_id = ? order by id')
    .iterate(source) as IterableIterator<{ id: number; document: string; start: number; end: number; scores: Buffer }>;
  const hits = new Map<string, HitFrame>();
  let hitRows = 0;
  for (const { id, document, start, end, scores: bytes } of rows) {
    hitRows++;
    const place = `${document}\u0000${start}\u0000${end}`;
    if (hits.has(place)) continue;
    const scores = scoresOf(bytes);
    const key = keys.unit(encoder.encode(document), start);
    hits.set(place, { id, path: hitPath(scores), key, place, share: share(scores) });
  }
  const sorted = [...hits.values()].sort((a, b) => a.key - b.key || (a.place < b.place ? -1 : 1));
  return { hits: sorted, hitRows };
}

/** P(persona = character) of a score array. */
export function characterOf(scores: Float32Array): number {
  return scores[HEAD_OFFSET.persona + 2]!;
}
