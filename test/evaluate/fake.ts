// A cascade that answers from a table, and label files in a fresh folder.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Cascade, Judged, JudgeOptions } from '../../src/cascade.js';
import { type Document, EMBEDDING } from '../../src/types.js';

export interface Answer {
  readonly scores: readonly number[] | null;
  readonly gate?: boolean;
  readonly linear?: number;
  readonly entities?: number;
  readonly fails?: string;
}

/** Answers by document id; texts of other ids (the prototypes) get an embedding only. `calls` records what was judged. */
export function fakeCascade(
  answers: Readonly<Record<string, Answer>>,
  thresholds = { linear: 0.1, store: 0.5, flag: 0.25 },
): { cascade: Cascade; calls: { document: Document; options: JudgeOptions | undefined }[] } {
  const calls: { document: Document; options: JudgeOptions | undefined }[] = [];
  const judge = async (document: Document, options?: JudgeOptions): Promise<Judged> => {
    calls.push({ document, options });
    const {
      scores,
      gate = true,
      linear = 1,
      entities = 1,
      fails,
    } = answers[document.id] ?? { scores: new Array(36).fill(0) };
    if (fails === 'throws') throw new Error('no more memory');
    const { length } = document.text;
    const passage = { start: 0, end: length, from: 0, to: length, words: 2, gate, linear, names: [] };
    const failed = fails !== undefined;
    const values = scores === null || failed ? null : Float32Array.from(scores);
    const embedding = new Float32Array(EMBEDDING);
    embedding[length % EMBEDDING] = 1;
    return {
      open: gate,
      found: {
        open: gate,
        spans: Array.from({ length: entities }, () => ({ from: 0, to: 1 })),
        names: [],
        subjects: new Map(),
      },
      passages: [{ ...passage, scores: values, embedding: failed ? null : embedding }],
      failures: failed ? [{ passage: 0, message: fails }] : [],
    };
  };
  const cascade = { judge, thresholds, model: 'fake@1', hashes: { encoder: 'e' } } as unknown as Cascade;
  return { cascade, calls };
}

const folder = mkdtempSync(join(tmpdir(), 'evaluate-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of the given lines; objects become JSON. */
export function labelFile(lines: readonly (string | object)[]): string {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return path;
}

/** A good label: no persona, with what is given put over it. */
export function label(over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const none = { persona: 'none', framing: 'other', valence: 'na', conduct: [], situation: [], reasons: false };
  return { id: 'p0', source: 's', doc: 'd0', text: 'Some text.', ...none, ...over };
}

/** 36 scores: the named ones as given, all others 0. `[P(none), P(mention), P(character), P(malevolent given character)]`. */
export function scoresOf(none: number, mention: number, character: number, malevolent = 0): number[] {
  const scores = new Array<number>(36).fill(0);
  scores.splice(0, 3, none, mention, character);
  scores[6] = malevolent;
  scores[9] = 1 - malevolent;
  return scores;
}
