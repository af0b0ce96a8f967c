// `--format ids`: one line for each document that holds selected passages, to remove it, to cut them, or to weigh it down.
import { createHash } from 'node:crypto';
import type { Db } from '../store/database.js';
import { hitDocuments } from './rows.js';
import { isSelected, type Selection } from './selection.js';

/** A document with selected passages. */
export interface IdLine {
  readonly source: string;
  readonly id: string;
  /** name of the scanned file, and the number of the record in it, from 0 */
  readonly input: string;
  readonly record: number;
  /** half-open, in code points of the document's text, in order, never overlapping */
  readonly spans: readonly (readonly [number, number])[];
  /** highest joint probability among the spans */
  readonly score: number;
  /** 1 − score: what a sampler may weigh the document by in place of removing it */
  readonly weight: number;
  /** first 16 hexadecimal digits of the SHA-256 of the spans' texts in UTF-8, each followed by a NUL byte */
  readonly check: string;
}

/** The documents in the order of files and records. */
export function* idLines(db: Db, sources: readonly number[], selection: Selection): Generator<IdLine> {
  for (const hits of hitDocuments(db, sources)) {
    const selected = hits.filter((hit) => isSelected(selection, hit.scores));
    if (selected.length === 0) continue;
    const [{ source, document, input, record }] = hits;
    const score = Math.max(...selected.map((hit) => selection.score(hit.scores)));
    const check = createHash('sha256');
    for (const hit of selected) check.update(`${hit.text}\0`);
    yield {
      source,
      id: document,
      input,
      record,
      spans: selected.map((hit) => [hit.start, hit.end] as const),
      score,
      weight: 1 - score,
      check: check.digest('hex').slice(0, 16),
    };
  }
}
