// `--format jsonl`: every hit as an object with all that the database knows of it.
import { placeKey } from '../labels/passages.js';
import { storedLabels } from '../labels/store.js';
import type { Db } from '../store/database.js';
import { byHead, labelsOf } from '../store/scores.js';
import { hitRows } from './rows.js';
import type { Selection } from './selection.js';

/** One hit. `score` is the joint probability of the property that was asked for, `selected` whether it reaches the threshold. */
export interface ExportedHit {
  readonly id: number;
  readonly source: string;
  readonly input: string;
  readonly record: number;
  readonly doc: string;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly words: number;
  readonly passage: number;
  readonly passages: number;
  readonly names: readonly string[];
  readonly tropes: readonly string[];
  readonly linear: number | null;
  readonly persona: number;
  readonly malevolent: number;
  readonly score: number;
  readonly selected: boolean;
  /** the classifier's: most probable valence, conduct and situation from 0.5 on (given character) */
  readonly valence: string;
  readonly conduct: readonly string[];
  readonly situation: readonly string[];
  /** all 36 probabilities by head and label */
  readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** what readers said of the passage */
  readonly labels: readonly ({ readonly reader: string } & Readonly<Record<string, unknown>>)[];
  readonly text: string | null;
}

export interface HitOptions {
  /** ids */
  readonly sources: readonly number[];
  /** leave out text, titles, and the names that are not in this set (they were learnt from text); null: leave out nothing */
  readonly withoutText: ReadonlySet<string> | null;
}

/** All hits in the order of files, records and offsets. */
export function* exportedHits(db: Db, selection: Selection, options: HitOptions): Generator<ExportedHit> {
  const known = options.withoutText;
  const labels = labelsByPlace(db);
  for (const row of hitRows(db, options.sources)) {
    const { sourceId, shard: _, document: doc, text, title, names, scores, ...rest } = row;
    const score = selection.score(scores);
    yield {
      ...rest,
      doc,
      title: known === null ? title : null,
      names: known === null ? names : names.filter((name) => known.has(name)),
      score,
      selected: score >= selection.threshold,
      ...labelsOf(scores),
      scores: byHead(scores),
      labels: labels.get(placeKey({ source: sourceId, doc, start: row.start, end: row.end })) ?? [],
      text: known === null ? text : null,
    };
  }
}

function labelsByPlace(db: Db): Map<string, ExportedHit['labels']> {
  const found = new Map<string, ExportedHit['labels'][number][]>();
  for (const stored of storedLabels(db)) {
    const key = placeKey(stored);
    const list = found.get(key) ?? [];
    list.push({ reader: stored.reader, ...stored.label });
    found.set(key, list);
  }
  return found;
}
