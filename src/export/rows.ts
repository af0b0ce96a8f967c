// The stored hits one after another, in the order of files, records and offsets. Selects none.
import type { Db } from '../store/database.js';
import { scoresOf } from '../store/scores.js';

/** A stored hit with its text. Offsets are code points of the document's text. */
export interface HitRow {
  readonly id: number;
  readonly sourceId: number;
  readonly source: string;
  readonly input: string;
  readonly shard: number;
  readonly record: number;
  readonly document: string;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly words: number;
  readonly passage: number;
  readonly passages: number;
  readonly text: string;
  readonly names: readonly string[];
  readonly tropes: readonly string[];
  readonly linear: number | null;
  readonly persona: number;
  readonly malevolent: number;
  readonly scores: Float32Array;
}

const SELECT = `select h.id, h.source_id as sourceId, s.name as source, f.name as input, h.shard_id as shard, h.record,
  h.document, h.title, h.start, h.end, h.words, h.passage, h.passages, h.text, h.names, h.tropes, h.linear, h.persona,
  h.malevolent, h.scores
  from hits h join sources s on s.id = h.source_id join shards f on f.id = h.shard_id`;
const ORDER = 'order by h.shard_id, h.record, h.start';

type Stored = Omit<HitRow, 'names' | 'tropes' | 'scores'> & { names: string; tropes: string; scores: Buffer };

/** All hits of these sources (ids), one in memory at a time. */
export function* hitRows(db: Db, sources: readonly number[]): Generator<HitRow> {
  // the plus keeps SQLite from going by source, which would sort all rows
  const all = db.prepare(`${SELECT} where +h.source_id in (select value from json_each(?)) ${ORDER}`);
  for (const row of all.iterate(JSON.stringify(sources)) as IterableIterator<Stored>) yield rowOf(row);
}

/** The hits of all documents that have one, a document at a time. */
export function* hitDocuments(db: Db, sources: readonly number[]): Generator<[HitRow, ...HitRow[]]> {
  let open: [HitRow, ...HitRow[]] | undefined;
  for (const row of hitRows(db, sources)) {
    if (open !== undefined && open[0].shard === row.shard && open[0].record === row.record) open.push(row);
    else {
      if (open !== undefined) yield open;
      open = [row];
    }
  }
  if (open !== undefined) yield open;
}

/** Looks up the hits of one record of a shard. */
export function recordHits(db: Db): (shard: number, record: number) => HitRow[] {
  const find = db.prepare(`${SELECT} where h.shard_id = ? and h.record = ? ${ORDER}`);
  return (shard, record) => (find.all(shard, record) as Stored[]).map(rowOf);
}

function rowOf({ names, tropes, scores, ...rest }: Stored): HitRow {
  return { ...rest, names: JSON.parse(names), tropes: JSON.parse(tropes), scores: scoresOf(scores) };
}
