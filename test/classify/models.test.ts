// The installed models: parity with the code that made them, determinism, and clear errors for broken files.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cascade, contextOf, loadCascade } from '../../src/cascade.js';
import { loadCard } from '../../src/classify/card.js';
import { type Encoder, loadEncoder } from '../../src/classify/encoder.js';
import { loadLinear } from '../../src/classify/linear.js';
import { HEAD_OFFSET, HEADS } from '../../src/types.js';
import { ROOT } from '../scan/harness.js';

const models = join(ROOT, 'models');

interface Case {
  text: string;
  title: string | null;
  names: string[];
  ids: number[];
  types: number[];
  scores: number[];
  embedding8: number[];
  linear: { features: number; probability: number };
}
const vectors = JSON.parse(readFileSync(join(ROOT, 'training/vectors.json'), 'utf8')) as {
  sha256: string | Record<string, string>;
  cases: Case[];
};

let encoder: Encoder;
beforeAll(async () => {
  encoder = await loadEncoder(join(models, 'encoder'));
}, 120_000);
afterAll(() => encoder.dispose());

const inputOf = (c: Pick<Case, 'text' | 'title' | 'names'>) => ({
  text: c.text,
  context: contextOf(c.title, c.names),
  names: c.names,
});

describe('the encoder', () => {
  it('gets the same tokens and marks as in training', () => {
    for (const c of vectors.cases) {
      const [first] = encoder.tokens(inputOf(c));
      expect(first, c.text).toEqual({ ids: c.ids, types: c.types });
    }
  });

  it('gives the scores that the training code measured, to 1e-3', async () => {
    for (const c of vectors.cases) {
      if (encoder.tokens(inputOf(c)).length > 1) continue;
      const { scores, embedding } = await encoder.encode(inputOf(c));
      c.scores.forEach((p, i) => expect(Math.abs(scores[i]! - p), `${c.text} ${i}`).toBeLessThan(1e-3));
      c.embedding8.forEach((x, i) => expect(Math.abs(embedding[i]! - x)).toBeLessThan(1e-3));
    }
  }, 120_000);

  it('gives probabilities that sum to 1 in the softmax heads, and a unit embedding', async () => {
    const { scores, embedding } = await encoder.encode({ text: 'The robot wept.', context: null, names: [] });
    for (const head of HEADS) {
      const part = scores.subarray(HEAD_OFFSET[head.name], HEAD_OFFSET[head.name] + head.labels.length);
      if (head.kind === 'softmax') expect(part.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
      for (const p of part) expect(p >= 0 && p <= 1).toBe(true);
    }
    expect(embedding.reduce((a, b) => a + b * b, 0)).toBeCloseTo(1, 3);
  });

  it('reads a text over its window to the end', async () => {
    const filler = 'zq '.repeat(900);
    const end = 'The robot seized the ship, killed the captain and laughed at the crew.';
    expect(encoder.tokens({ text: filler + end, context: null, names: [] }).length).toBeGreaterThan(1);
    const tail = await encoder.encode({ text: filler + end, context: null, names: [] });
    const head = await encoder.encode({ text: filler, context: null, names: [] });
    expect(tail.scores[2]!).toBeGreaterThan(head.scores[2]!);
  }, 60_000);

  it('scores 500 passages to the same bits in any order and grouping', async () => {
    const words = readFileSync(join(ROOT, 'corpora/sample/fiction.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .flatMap((line) => (JSON.parse(line) as { text: string }).text.split(/\s+/));
    const texts = Array.from({ length: 500 }, (_, i) =>
      words.slice((i * 17) % 5000, ((i * 17) % 5000) + 12 + (i % 29)).join(' '),
    );
    const bits = (a: Float32Array): string => Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString('hex');
    const score = async (text: string): Promise<string> => {
      const { scores, embedding } = await encoder.encode({ text, context: null, names: [] });
      return bits(scores) + bits(embedding);
    };
    const forward: string[] = [];
    for (const text of texts) forward.push(await score(text));
    // backwards, in groups that are under way together
    const backward: string[] = [];
    for (let at = texts.length; at > 0; at -= 7) {
      const group = texts.slice(Math.max(0, at - 7), at);
      backward.unshift(...(await Promise.all(group.map(score))));
    }
    expect(backward).toEqual(forward);
  }, 240_000);
});

describe('the linear tier', () => {
  it('counts the features and gives the probabilities of the training code', () => {
    const linear = loadLinear(join(models, 'linear'));
    for (const c of vectors.cases) {
      expect(linear.features(c.text), c.text).toBe(c.linear.features);
      expect(linear.score(c.text)).toBeCloseTo(c.linear.probability, 5);
    }
    expect(linear.features('')).toBe(0);
    expect(linear.score('Ünïcode ROBOT’s')).toBe(linear.score('unicode robot s'));
  });
});

describe('broken models', () => {
  it('a missing or a changed file is told by its path', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'persona-prior-models-'));
    cpSync(join(models, 'linear'), join(copy, 'linear'), { recursive: true });
    cpSync(join(models, 'encoder'), join(copy, 'encoder'), { recursive: true });
    const bin = join(copy, 'linear', 'linear.bin');
    const bytes = readFileSync(bin);
    bytes[100] = bytes[100]! ^ 1;
    writeFileSync(bin, bytes);
    expect(() => loadLinear(join(copy, 'linear'))).toThrow(/expected SHA-256/);
    rmSync(bin);
    expect(() => loadLinear(join(copy, 'linear'))).toThrow(/missing/);
    expect(() => loadCard(join(copy, 'nothing'))).toThrow(/model card/);
    rmSync(join(copy, 'encoder', 'onnx'), { recursive: true });
    await expect(loadEncoder(join(copy, 'encoder'))).rejects.toMatchObject({ code: 'model_missing' });
  });
});

describe('the cascade on one document', () => {
  let cascade: Cascade;
  beforeAll(async () => {
    cascade = await loadCascade(models);
  }, 120_000);
  afterAll(() => cascade.dispose());

  it('reads nothing without an entity, and everything with --all', async () => {
    const document = { id: 'x', title: null, text: 'The cat slept on the wall.', names: [] };
    expect(await cascade.judge(document)).toMatchObject({ open: false, passages: [] });
    const all = await cascade.judge(document, { all: true });
    expect(all.passages[0]).toMatchObject({ gate: false, start: 0, end: 26 });
    expect(all.passages[0]!.scores).not.toBeNull();
  });

  it('leaves passages far from any entity unread', async () => {
    const plain = 'The road went over the hill and down to the sea, and nobody spoke of it again. '.repeat(600);
    const judged = await cascade.judge({ id: 'x', title: null, text: `The robot spoke.\n\n${plain}`, names: [] });
    expect(judged.passages[0]!.gate).toBe(true);
    expect(judged.passages.at(-1)).toMatchObject({ gate: false, linear: null, scores: null });
  });

  it('takes a text as one passage with --whole, and nothing from white space', async () => {
    const text = `  ${'The robot walked. '.repeat(40)}`;
    const judged = await cascade.judge({ id: 'x', title: null, text, names: [] }, { all: true, whole: true });
    expect(judged.passages).toHaveLength(1);
    expect(judged.passages[0]).toMatchObject({ start: 2, end: text.trimEnd().length });
    expect(
      (await cascade.judge({ id: 'x', title: null, text: ' \n', names: [] }, { all: true, whole: true })).passages,
    ).toEqual([]);
  });
});
