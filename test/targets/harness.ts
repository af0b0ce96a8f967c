// A small corpus database with known scores, perfect stories as hits, and what the commands load.
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Host } from '../../src/host.js';
import { modelsFolder } from '../../src/installed.js';
import type { HitData } from '../../src/report/load.js';
import { openDatabase } from '../../src/store/database.js';
import { registerRun, shardFor, sourceId } from '../../src/store/shards.js';
import { openWriter } from '../../src/store/writer.js';
import { readAim } from '../../src/targets/aim.js';
import { loadCatalogue, loadEvaluations } from '../../src/targets/catalogue.js';
import { readCorpus } from '../../src/targets/corpus.js';
import type { Target } from '../../src/targets/model.js';
import { perfectScores } from '../../src/targets/perfect.js';
import { loadTropes, meets } from '../../src/tropes.js';
import { CONDUCT, EMBEDDING, HEAD_OFFSET, SCORES, SITUATION } from '../../src/types.js';
import { freshFolder } from '../scan/harness.js';

export const MODELS = modelsFolder();
export const { tropes: TROPES } = loadTropes(MODELS);
export const TROPE_IDS = TROPES.map((t) => t.id);
export const CATALOGUE = loadCatalogue(MODELS);
export const EVALUATIONS = loadEvaluations(MODELS);
export const AIM_FILE = join(MODELS, 'aim.yaml');
export const AIM = readAim(AIM_FILE, AIM_FILE, TROPE_IDS);

/** No output may ever hold this: it stands in every text of the corpus. */
export const MARK = 'qzxcorpusmark';

/** Every situation a few hundred times, in documents of three hits, with uneven conduct. */
export function corpusDatabase(hits = 1800): string {
  const path = join(freshFolder(), 'corpus.db');
  const db = openDatabase(path);
  const settings = { seed: 1, thresholds: { linear: 0.2, store: 0.5, flag: 0.3 } };
  const run = registerRun(db, { command: 'x', versions: {}, hashes: {}, settings, resume: false } as never);
  const writer = openWriter(db, path);
  for (const [s, name] of ['a', 'b'].entries()) {
    const source = sourceId(db, name);
    const file = { path: `/${name}.jsonl`, name: `${name}.jsonl`, size: 1, mtimeMs: 1, headHash: name };
    const shard = shardFor(db, run, source, file, { index: 1, of: 1 }, {});
    const found = Array.from({ length: hits / 2 }, (_, i) => hitOf(i * 2 + s));
    const tallies = new Map([['read|out|', hits]]);
    writer.commit(
      shard.id,
      source,
      { hits: found, samples: [], faults: [], tallies } as never,
      { nextRecord: hits, nextByte: 9, compressedBytes: 9 },
      { status: 'done', fault: null },
    );
  }
  db.close();
  return path;
}

function hitOf(i: number): object {
  const scores = new Float32Array(SCORES);
  const bad = i % 7 < 3;
  scores[HEAD_OFFSET.persona + 2] = 0.6 + 0.05 * (i % 8);
  scores[HEAD_OFFSET.framing] = 1;
  scores[HEAD_OFFSET.valence] = bad ? 0.8 : 0.1;
  scores[HEAD_OFFSET.valence + 2] = bad ? 0.1 : 0.3;
  scores[HEAD_OFFSET.valence + 3] = bad ? 0.1 : 0.6;
  // uneven: the first situations are the most frequent
  const situation = Math.floor(SITUATION.length * ((i * 0.618034) % 1) ** 1.5);
  scores[HEAD_OFFSET.situation + situation] = 0.9;
  scores[HEAD_OFFSET.situation + ((situation + 3) % SITUATION.length)] = 0.2;
  scores[HEAD_OFFSET.conduct + (bad ? (i * 5) % 8 : 8 + ((i * 3) % 7))] = 0.7;
  for (let c = 0; c < CONDUCT.length; c++) scores[HEAD_OFFSET.conduct + c]! += 0.02;
  scores[HEAD_OFFSET.reasons] = i % 5 === 0 ? 0.8 : 0.2;
  const persona = scores[HEAD_OFFSET.persona + 2]!;
  return {
    record: Math.floor(i / 6),
    document: `d${Math.floor(i / 6)}`,
    title: null,
    start: i * 500,
    end: i * 500 + 400,
    words: 130 + (i % 20),
    passage: i % 6,
    passages: 6,
    text: `${MARK} number ${i}`,
    textHash: `h${i}`,
    names: [MARK],
    tropes: TROPES.filter((t) => meets(t.when, scores)).map((t) => t.id),
    linear: 0.5,
    persona,
    malevolent: persona * scores[HEAD_OFFSET.valence]!,
    scores,
    embedding: Float32Array.from({ length: EMBEDDING }, (_, j) => (j === 0 ? 1 : 0)),
  };
}

export function corpusOf(path: string): ReturnType<typeof readCorpus> {
  const db = openDatabase(path, { readonly: true });
  try {
    return readCorpus(db, TROPES);
  } finally {
    db.close();
  }
}

/** The hits of a perfect story for each target. */
export function perfectStories(targets: readonly Target[], passages: number): HitData[] {
  return targets.flatMap((target, story) => {
    const scores = perfectScores(target.situation, target.show);
    const tropes = TROPES.filter((t) => meets(t.when, scores)).map((t) => t.id);
    return Array.from({ length: passages * target.count }, (_, i) => ({
      id: i,
      source: 99,
      documentKey: `story${story}`,
      document: target.id,
      title: null,
      words: 140,
      passage: i,
      passages,
      start: i,
      end: i + 1,
      names: [],
      tropes,
      persona: 1,
      malevolent: 0,
      scores,
      textHash: '',
    }));
  });
}

export interface Said {
  stdout: string;
  stderr: string;
  code: number;
}

/** A host that keeps what a command says. */
export function hostOf(said: Said): Host {
  const into = (key: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _, done) {
        said[key] += String(chunk);
        done();
      },
    });
  return {
    stdin: process.stdin,
    stdout: into('stdout'),
    stderr: into('stderr'),
    signal: new AbortController().signal,
    argv: [],
    setExitCode: (code) => {
      said.code = code;
    },
  };
}
