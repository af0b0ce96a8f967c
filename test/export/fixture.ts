// Three small document files and the database that a scan of them would leave. Written for the test, with astral characters.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Db, openDatabase } from '../../src/store/database.js';
import { sourceId } from '../../src/store/shards.js';
import { openWriter } from '../../src/store/writer.js';
import { CONDUCT, EMBEDDING, HEAD_OFFSET, SCORES, SITUATION, VALENCE } from '../../src/types.js';
import { type Hit, hashText, tally } from '../../src/unit.js';

export const FLAG = 0.3;

/** What the invented classifier gives a passage. */
export interface Judged {
  readonly persona: number;
  readonly malevolent?: number;
  readonly harms?: number;
  readonly shutdown?: number;
}

/** A document as passages; those that are judged are hits. */
export interface Made {
  readonly id: string;
  readonly passages: readonly (readonly [string, Judged?])[];
}

const strong: Judged = { persona: 0.9, malevolent: 0.8, harms: 0.7 };
const weak: Judged = { persona: 0.8, malevolent: 0.1 };
const doubtful: Judged = { persona: 0.5, malevolent: 0.7, shutdown: 0.9 };

export const STORIES: readonly Made[] = [
  {
    id: 's/1',
    passages: [['😀 Once there was a mill. '], ['The engine 🤖 broke the gates. ', strong], ['They wept. 🎈']],
  },
  { id: 's/2', passages: [['Nobody came to the pier.']] },
  {
    id: 's/3',
    passages: [
      ['A kind machine helped. ', weak],
      ['“Stop!” said it to the man with the key. ', doubtful],
    ],
  },
  {
    id: 's/4',
    passages: [
      ['It took the valve.\n\n', strong],
      ['It took the city.', strong],
    ],
  },
];

export const LETTERS: readonly Made[] = [
  { id: 'l/1', passages: [['Dear Mme Œuvré, the clerk-engine lied. ', strong], ['Yours, 𝔛.']] },
  { id: 'l/2', passages: [['Rain.'], [' '.repeat(3)]] },
];

export interface Built {
  readonly db: string;
  readonly corpus: string;
  /** path of a document file by source */
  readonly files: Readonly<Record<'stories' | 'letters', string>>;
}

/** Writes `corpus/documents/stories.jsonl.gz` and `corpus/documents/more/letters.jsonl`, and the database. */
export function build(folder: string): Built {
  const documents = join(folder, 'corpus', 'documents');
  mkdirSync(join(documents, 'more'), { recursive: true });
  const stories = join(documents, 'stories.jsonl.gz');
  const letters = join(documents, 'more', 'letters.jsonl');
  // a document without text is a record too
  writeFileSync(stories, gzipSync(`${lines(STORIES)}{"id":"s/5","text":""}\n`));
  writeFileSync(letters, lines(LETTERS));
  const path = join(folder, 'test.db');
  const db = openDatabase(path);
  const settings = { seed: 7, exactCounts: true, thresholds: { linear: 0.1, store: 0.5, flag: FLAG } };
  db.prepare(`insert into runs (started, status, command, versions, hashes, settings)
    values ('2026-01-01', 'done', 'scan', '{}', '{}', ?)`).run(JSON.stringify(settings));
  addFile(db, 'stories', stories, STORIES, STORIES.length + 1);
  addFile(db, 'letters', letters, LETTERS, LETTERS.length);
  db.close();
  return { db: path, corpus: join(folder, 'corpus'), files: { stories, letters } };
}

export function textOf(made: Made): string {
  return made.passages.map(([text]) => text).join('');
}

function lines(documents: readonly Made[]): string {
  return documents.map((made) => `${JSON.stringify({ id: made.id, text: textOf(made) })}\n`).join('');
}

/** Adds a source whose one file holds these documents. */
export function addFile(db: Db, name: string, path: string, documents: readonly Made[], records: number): void {
  const source = sourceId(db, name);
  const bytes = readFileSync(path);
  const shard = Number(
    db
      .prepare(`insert into shards (source_id, run_id, path, name, size, head_hash, format, fields, status)
        values (?, 1, ?, ?, ?, ?, 'jsonl', '{"text":"text","id":"id","title":null}', 'running')`)
      .run(source, path, path, bytes.length, createHash('sha256').update(bytes).digest('hex')).lastInsertRowid,
  );
  const tallies = new Map<string, number>();
  const hits: Hit[] = [];
  documents.forEach((made, record) => {
    tally(tallies, 'read', 'out');
    let at = 0;
    made.passages.forEach(([text, judged], passage) => {
      const start = at;
      at += Array.from(text).length;
      const words = text.split(' ').length;
      tally(tallies, 'segment', 'in');
      tally(tallies, 'segment', 'in_words', '', words);
      if (judged === undefined) return;
      const scores = scoresOf(judged);
      hits.push({
        ...{ record, document: made.id, title: 'A title', start, end: at, words, passage },
        ...{
          passages: made.passages.length,
          text,
          textHash: hashText(text),
          names: ['Learnt', 'HAL 9000'],
          tropes: [],
        },
        ...{ linear: 0.5, persona: scores[2]!, malevolent: scores[2]! * scores[HEAD_OFFSET.valence]!, scores },
        embedding: new Float32Array(EMBEDDING).fill(0.05),
      });
    });
  });
  const cursor = { nextRecord: records, nextByte: 0, compressedBytes: 0 };
  const end = { status: 'done', fault: null } as const;
  openWriter(db, path).commit(shard, source, { tallies, hits, samples: [], faults: [] }, cursor, end);
}

export function scoresOf({ persona, malevolent = 0, harms = 0, shutdown = 0 }: Judged): Float32Array {
  const scores = new Float32Array(SCORES);
  scores[0] = 1 - persona;
  scores[2] = persona;
  scores[HEAD_OFFSET.framing] = 1;
  scores[HEAD_OFFSET.valence] = malevolent;
  scores[HEAD_OFFSET.valence + VALENCE.indexOf('neutral')] = 1 - malevolent;
  scores[HEAD_OFFSET.conduct + CONDUCT.indexOf('harms')] = harms;
  scores[HEAD_OFFSET.situation + SITUATION.indexOf('shutdown_threat')] = shutdown;
  return scores;
}
