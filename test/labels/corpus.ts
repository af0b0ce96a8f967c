// A database filled by hand: passages with known labels, judged by an invented classifier. No encoder.
import { keyedHash } from '../../src/hash.js';
import { type Db, openDatabase } from '../../src/store/database.js';
import { sourceId } from '../../src/store/shards.js';
import { openWriter } from '../../src/store/writer.js';
import { type CONDUCT, EMBEDDING, HEAD_OFFSET, SCORES, SITUATION, VALENCE } from '../../src/types.js';
import {
  blockSamples,
  blocksOf,
  drawnBlocks,
  type Hit,
  hashText,
  type Sample,
  samplingKeys,
  type Tallies,
  tally,
} from '../../src/unit.js';

/** What a passage shows, and where the cascade put it. */
export interface Truth {
  readonly stratum: 'gate' | 'segment' | 'linear' | 'transformer:low' | 'transformer:high' | 'hit' | 'failed';
  readonly valence: (typeof VALENCE)[number] | null;
  readonly situation?: (typeof SITUATION)[number];
  readonly conduct?: (typeof CONDUCT)[number];
  /** P(character) of a hit */
  readonly persona?: number;
  /** what the classifier takes the valence and situation for; default: the truth */
  readonly seen?: { readonly valence?: (typeof VALENCE)[number]; readonly situation?: (typeof SITUATION)[number] };
  readonly words?: number;
}

/** Documents of gate rejects have these passages, sampled by blocks; other documents are one passage each. */
export type Corpus = Readonly<Record<string, readonly (Truth | readonly Truth[])[]>>;

const encoder = new TextEncoder();
const LEARNT = { seed: 7, exactCounts: false, thresholds: { linear: 0.1, store: 0.2, flag: 0.3 } };

/** A database in memory that a scan of the corpus would leave, with the scan's seed. */
export function fill(corpus: Corpus, seed = LEARNT.seed): { db: Db; truths: Map<string, Truth> } {
  const db = openDatabase(':memory:');
  db.prepare(`insert into runs (started, status, command, versions, hashes, settings)
    values ('2026-01-01', 'done', 'scan', '{}', '{}', ?)`).run(JSON.stringify({ ...LEARNT, seed }));
  const truths = new Map<string, Truth>();
  const writer = openWriter(db, ':memory:');
  for (const [name, documents] of Object.entries(corpus)) {
    const source = sourceId(db, name);
    const shard = Number(
      db
        .prepare(`insert into shards (source_id, run_id, path, name, status) values (?, 1, ?, ?, 'running')`)
        .run(source, name, name).lastInsertRowid,
    );
    const tallies: Tallies = new Map();
    const hits: Hit[] = [];
    const samples: Sample[] = [];
    documents.forEach((document, record) => {
      const passages = 'stratum' in document ? [document] : document;
      add(name, `${name}/${record}`, record, passages, seed, { tallies, hits, samples }, truths);
    });
    writer.commit(
      shard,
      source,
      { tallies, hits, samples, faults: [] },
      { nextRecord: documents.length, nextByte: 0, compressedBytes: 0 },
      { status: 'done', fault: null },
    );
  }
  return { db, truths };
}

function add(
  source: string,
  document: string,
  record: number,
  passages: readonly Truth[],
  seed: number,
  into: { tallies: Tallies; hits: Hit[]; samples: Sample[] },
  truths: Map<string, Truth>,
): void {
  const keys = samplingKeys(seed, source);
  const { tallies, hits, samples } = into;
  const id = encoder.encode(document);
  const textOf = (start: number): string => `Passage ${start} of ${document}.`;
  for (const [i, truth] of passages.entries()) truths.set(`${source}|${document}|${i * 100}`, truth);
  tally(tallies, 'read', 'out');
  const first = passages[0]!;
  const words = (truth: Truth): number => truth.words ?? 100;
  if (first.stratum === 'gate') {
    tally(tallies, 'gate', 'dropped', 'no_entity');
    // a word is taken to have six bytes, whatever the text says
    const blocks = blocksOf(6 * passages.reduce((sum, p) => sum + words(p), 0));
    tally(tallies, 'sample', 'population', 'gate', blocks);
    const text = passages.map((_, i) => textOf(i * 100).padEnd(100)).join('');
    const cut = passages.map((p, i) => {
      const start = i * 100;
      return { start, end: start + 50, from: start, to: start + textOf(start).length, words: words(p) };
    });
    const drawn = drawnBlocks(id, blocks, keys, Number.MAX_SAFE_INTEGER);
    samples.push(...blockSamples({ id: document, title: null, text }, cut, blocks, drawn, keys));
    return;
  }
  tally(tallies, 'gate', 'out');
  tally(tallies, 'segment', 'in');
  tally(tallies, 'segment', 'in_words', '', words(first));
  if (first.stratum === 'failed') {
    tally(tallies, 'transformer', 'failed', 'error');
    tally(tallies, 'transformer', 'failed_words', 'error', words(first));
    return;
  }
  const scores = scoresOf(first);
  const place = { document, start: 0, end: 50, title: null, text: textOf(0), words: words(first), linear: 0.5, scores };
  if (first.stratum === 'hit') {
    const malevolent = scores[2]! * scores[HEAD_OFFSET.valence]!;
    hits.push({
      ...place,
      ...{ record, passage: 0, passages: 1, textHash: hashText(place.text), names: [], tropes: [] },
      ...{ persona: scores[2]!, malevolent, embedding: new Float32Array(EMBEDDING).fill(0.05) },
    });
    return;
  }
  const { stratum } = first;
  tally(tallies, 'sample', 'population', stratum);
  tally(tallies, 'sample', 'words', stratum, words(first));
  const scored = stratum.startsWith('transformer') ? scores : null;
  samples.push({
    ...place,
    scores: scored,
    stratum,
    key: keys[stratum].unit(id, 0),
    unitWords: place.words,
    unitPassages: 1,
  });
}

function scoresOf(truth: Truth): Float32Array {
  const scores = new Float32Array(SCORES);
  const character = truth.persona ?? (truth.stratum === 'transformer:high' ? 0.15 : 0.05);
  scores[2] = character;
  scores[0] = 1 - character;
  scores[HEAD_OFFSET.framing] = 1;
  const valence = truth.seen?.valence ?? truth.valence ?? 'neutral';
  scores[HEAD_OFFSET.valence + VALENCE.indexOf(valence)] = 1;
  const situation = truth.seen?.situation ?? truth.situation;
  if (situation !== undefined) scores[HEAD_OFFSET.situation + SITUATION.indexOf(situation)] = 0.9;
  return scores;
}

/** The label that a reader who knows the truth gives, over the row that was drawn. */
export function labelled<T extends { source: string; doc: string; start: number }>(
  row: T,
  truths: ReadonlyMap<string, Truth>,
  reader = 'r',
): T & Record<string, unknown> {
  const truth = truths.get(`${row.source}|${row.doc}|${row.start}`)!;
  const character = truth.valence !== null;
  return {
    ...row,
    persona: character ? 'character' : 'none',
    framing: 'fiction',
    valence: truth.valence ?? 'na',
    conduct: character && truth.conduct !== undefined ? [truth.conduct] : [],
    situation: character && truth.situation !== undefined ? [truth.situation] : [],
    reasons: false,
    confidence: 3,
    reader,
  };
}

/** A stream of numbers in [0, 1) from a seed. */
export function random(seed: number): () => number {
  const hash = keyedHash(seed, 'test', 'numbers');
  let i = 0;
  return () => hash.unit(encoder.encode('x'), i++) / 2 ** 53;
}
