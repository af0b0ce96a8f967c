// Stories as hits: classified here by the installed models, or taken from a database that they were scanned into.
import { closeSync, openSync, readSync } from 'node:fs';
import type { Cascade, Judged } from '../cascade.js';
import { PersonaPriorError } from '../errors.js';
import { jsonObjects } from '../json-lines.js';
import { type HitData, loadReportData } from '../report/load.js';
import { openDatabase } from '../store/database.js';
import { meets } from '../tropes.js';
import { HEAD_OFFSET } from '../types.js';

export interface StoryHits {
  readonly hits: readonly HitData[];
  readonly stories: number;
  /** stories without any hit: no AI persona was found in them */
  readonly empty: number;
  /** lines that are no story, and stories that a model failed on */
  readonly bad: number;
  readonly failed: number;
  /** hash of the encoder that scored them */
  readonly encoder: string | undefined;
}

/** Whether a file is a database rather than JSONL. Throws `missing_input`. */
export function isDatabase(path: string): boolean {
  const head = Buffer.alloc(15);
  try {
    const file = openSync(path, 'r');
    readSync(file, head, 0, 15, 0);
    closeSync(file);
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'expected a readable file of stories', {
      place: { file: path },
      cause,
    });
  }
  return head.toString('latin1') === 'SQLite format 3';
}

/** All hits of a database into which `scan` read the stories (`text` field, one document a story). */
export function scannedStories(path: string): StoryHits {
  const db = openDatabase(path, { readonly: true });
  try {
    const { sources, runs } = loadReportData(db);
    const hits = sources.flatMap((s) => s.hits);
    const sum = (key: string): number => sources.reduce((n, s) => n + (s.tallies.get(key) ?? 0), 0);
    const stories = sum('read|out|');
    const empty = stories - new Set(hits.map((h) => h.documentKey)).size;
    const failed = sum('transformer|failed|');
    return { hits, stories, empty, bad: 0, failed, encoder: runs.at(-1)?.hashes['encoder'] };
  } finally {
    db.close();
  }
}

/**
 * Classifies stories `{"id","target","text"}` as a scan would: a passage with P(character) over the store threshold is a
 * hit. Verdict lines other than `accept` are left out where a line has both. Aborts with what was read so far discarded.
 */
export async function classifiedStories(
  path: string,
  cascade: Cascade,
  options: { readonly signal?: AbortSignal; readonly onStory?: (done: number) => void } = {},
): Promise<StoryHits> {
  const hits: HitData[] = [];
  let stories = 0;
  let empty = 0;
  let bad = 0;
  let failed = 0;
  for await (const record of jsonObjects(path, 'stories')) {
    options.signal?.throwIfAborted();
    const { id = '', text, verdict } = record ?? {};
    if (typeof text !== 'string') {
      bad++;
      continue;
    }
    if (verdict !== undefined && verdict !== 'accept') continue;
    const document = { id: String(id), title: null, text, names: [] };
    const { passages, failures } = await cascade.judge(document);
    if (failures.length > 0) failed++;
    const found = hitsOf(passages, { key: String(stories), id: document.id, title: null }, cascade);
    found.forEach((hit) => hits.push({ ...hit, id: hits.length + 1 }));
    if (found.length === 0) empty++;
    stories++;
    options.onStory?.(stories);
  }
  return { hits, stories, empty, bad, failed, encoder: cascade.hashes['encoder'] };
}

/** The passages of a document that reach the store threshold, as hits that no database holds (id 0). */
export function hitsOf(
  passages: Judged['passages'],
  document: { readonly key: string; readonly id: string; readonly title: string | null },
  { thresholds, tropes }: Pick<Cascade, 'thresholds' | 'tropes'>,
): HitData[] {
  return passages.flatMap((passage, i): HitData[] => {
    const { scores } = passage;
    const persona = scores === null ? 0 : scores[HEAD_OFFSET.persona + 2]!;
    if (scores === null || persona < thresholds.store) return [];
    const { words, start, end, names } = passage;
    return [
      {
        id: 0,
        source: 0,
        documentKey: document.key,
        document: document.id,
        title: document.title,
        words,
        passage: i,
        passages: passages.length,
        start,
        end,
        names,
        tropes: tropes.filter((t) => meets(t.when, scores)).map((t) => t.id),
        persona,
        malevolent: persona * scores[HEAD_OFFSET.valence]!,
        scores,
        textHash: '',
      },
    ];
  });
}
