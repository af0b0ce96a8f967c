// Reads what a report needs out of a database: counts, sources, hits as arrays, samples. No statistics here.
import type { Db } from '../store/database.js';
import { scoresOf } from '../store/scores.js';

export interface SourceData {
  readonly id: number;
  readonly name: string;
  /** `stage|kind|reason` → n */
  readonly tallies: ReadonlyMap<string, number>;
  readonly hits: readonly HitData[];
  readonly gateSample: readonly { readonly words: number; readonly passages: number }[];
  /** what the encoder rejected: how much, and the scores of the passages that the scan kept of it */
  readonly rejected: readonly ScoredRejects[];
  /** hits that were left out because their text stands in another one; none as loaded */
  readonly copies: {
    readonly passages: number;
    readonly words: number;
    readonly documents: number;
    /** document, start and end, joined by NUL */
    readonly places: ReadonlySet<string>;
  };
}

export interface ScoredRejects {
  readonly population: number;
  readonly words: number;
  readonly kept: readonly { readonly words: number; readonly scores: Float32Array }[];
}

/** A stored hit without its text. */
export interface HitData {
  readonly id: number;
  readonly source: number;
  /** unique per document: shard and record */
  readonly documentKey: string;
  readonly document: string;
  readonly title: string | null;
  readonly words: number;
  readonly passage: number;
  readonly passages: number;
  readonly start: number;
  readonly end: number;
  readonly names: readonly string[];
  readonly tropes: readonly string[];
  readonly persona: number;
  readonly malevolent: number;
  readonly scores: Float32Array;
  readonly textHash: string;
}

export interface InputData {
  readonly source: string;
  readonly name: string;
  readonly size: number | null;
  readonly headHash: string | null;
  readonly format: string | null;
  readonly compression: string | null;
  readonly part: string;
  readonly status: string;
  readonly fault: unknown;
}

export interface RunData {
  readonly started: string;
  readonly finished: string | null;
  readonly status: string;
  readonly command: string;
  readonly versions: Record<string, string>;
  readonly hashes: Record<string, string>;
  readonly settings: {
    readonly seed: number;
    readonly exactCounts: boolean;
    readonly thresholds: Record<string, number>;
  };
}

export interface Loaded {
  readonly runs: readonly RunData[];
  readonly inputs: readonly InputData[];
  readonly sources: readonly SourceData[];
}

/** Loads everything; about 400 bytes of memory a hit. */
export function loadReportData(db: Db): Loaded {
  const runs = (db.prepare('select * from runs order by id').all() as Record<string, string>[]).map((row) => ({
    started: row['started']!,
    finished: row['finished'] ?? null,
    status: row['status']!,
    command: row['command']!,
    versions: JSON.parse(row['versions']!),
    hashes: JSON.parse(row['hashes']!),
    settings: JSON.parse(row['settings']!),
  }));
  const inputs = db
    .prepare(`select s.name as source, h.name, h.size, h.head_hash as headHash, h.format, h.compression, h.part, h.status,
      h.fault from shards h join sources s on s.id = h.source_id order by h.id`)
    .all() as InputData[];
  const sources = db.prepare('select id, name from sources order by name').all() as { id: number; name: string }[];
  const tallies = db.prepare(`select t.stage, t.kind, t.reason, sum(t.n) as n from tallies t
    join shards h on h.id = t.shard_id where h.source_id = ? group by 1, 2, 3`);
  const sample = db.prepare(`select unit_words as words, unit_passages as passages from samples
    where source_id = ? and stratum = 'gate'`);
  const scored = db.prepare('select words, scores from samples where source_id = ? and stratum = ? order by key');
  const size = db
    .prepare(`select coalesce(sum(t.n), 0) from tallies t join shards h on h.id = t.shard_id
      where h.source_id = ? and t.stage = 'sample' and t.kind = ? and t.reason = ?`)
    .pluck();
  const rejected = (id: number): ScoredRejects[] =>
    ['transformer:low', 'transformer:high'].map((stratum) => ({
      population: size.get(id, 'population', stratum) as number,
      words: size.get(id, 'words', stratum) as number,
      kept: (scored.all(id, stratum) as { words: number; scores: Buffer | null }[]).flatMap((row) =>
        row.scores === null ? [] : [{ words: row.words, scores: scoresOf(row.scores) }],
      ),
    }));
  return {
    runs,
    inputs: inputs.map((input) => ({ ...input, fault: input.fault === null ? null : JSON.parse(String(input.fault)) })),
    sources: sources.map(({ id, name }) => ({
      id,
      name,
      tallies: new Map(
        (tallies.all(id) as { stage: string; kind: string; reason: string; n: number }[]).map((row) => [
          `${row.stage}|${row.kind}|${row.reason}`,
          row.n,
        ]),
      ),
      hits: loadHits(db, id),
      gateSample: sample.all(id) as { words: number; passages: number }[],
      rejected: rejected(id),
      copies: { passages: 0, words: 0, documents: 0, places: new Set<string>() },
    })),
  };
}

function loadHits(db: Db, source: number): HitData[] {
  const rows = db
    .prepare(`select id, shard_id, record, document, title, start, end, words, passage, passages, names, tropes, persona,
      malevolent, scores, text_hash from hits where source_id = ? order by shard_id, record, start`)
    .iterate(source) as IterableIterator<Record<string, unknown>>;
  const hits: HitData[] = [];
  for (const row of rows) {
    hits.push({
      id: row['id'] as number,
      source,
      documentKey: `${row['shard_id']}#${row['record']}`,
      document: row['document'] as string,
      title: row['title'] as string | null,
      start: row['start'] as number,
      end: row['end'] as number,
      words: row['words'] as number,
      passage: row['passage'] as number,
      passages: row['passages'] as number,
      names: JSON.parse(row['names'] as string) as string[],
      tropes: JSON.parse(row['tropes'] as string) as string[],
      persona: row['persona'] as number,
      malevolent: row['malevolent'] as number,
      scores: scoresOf(row['scores'] as Buffer),
      textHash: row['text_hash'] as string,
    });
  }
  return hits;
}

/** Text of a few hits, for the examples. */
export function hitText(db: Db, id: number): string {
  return (db.prepare('select text from hits where id = ?').get(id) as { text: string }).text;
}
