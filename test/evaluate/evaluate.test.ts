import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/evaluate/evaluate.js';
import { evaluationMarkdown } from '../../src/evaluate/markdown.js';
import type { Evaluation, Figure, Group } from '../../src/evaluate/model.js';
import { type Answer, fakeCascade, label, labelFile, scoresOf } from './fake.js';

type Expected = Record<'character' | 'malevolent', Record<string, number>> &
  Record<'persona' | 'framing' | 'valence', { confusion: number[][]; accuracy: number; macroF1: number }> & {
    labels: Record<string, Record<'positives' | 'ap' | 'apAmongCharacters' | 'ece', number>>;
    macro: Record<'conduct' | 'situation', Record<'labels' | 'ap' | 'apAmongCharacters' | 'ece', number | null>>;
  };
const { labelled } = JSON.parse(readFileSync(join(import.meta.dirname, 'reference.json'), 'utf8')) as {
  labelled: { rows: { id: string }[]; scores: number[][]; all: Expected; west: Expected };
};

const table = Object.fromEntries(
  labelled.rows.map((row, i): [string, Answer] => [row.id, { scores: labelled.scores[i]! }]),
);
const run = (seed?: number): Promise<Evaluation> =>
  evaluate({
    labels: labelFile(labelled.rows),
    cascade: fakeCascade(table).cascade,
    showText: false,
    seed,
    replicates: 50,
  });

function check(group: Group, expected: Expected): void {
  for (const property of ['character', 'malevolent'] as const) {
    const { positives, ...figures } = expected[property];
    expect(group[property].positives).toBe(positives);
    for (const [name, value] of Object.entries(figures)) {
      expect(group[property][name as 'ap'].estimate, `${property} ${name}`).toBeCloseTo(value, 10);
    }
  }
  for (const head of ['persona', 'framing', 'valence'] as const) {
    expect(group[head].confusion).toEqual(expected[head].confusion);
    expect(group[head].accuracy.estimate).toBeCloseTo(expected[head].accuracy, 12);
    expect(group[head].macroF1.estimate).toBeCloseTo(expected[head].macroF1, 12);
  }
  const { conduct, situation, reasons } = group.labels;
  for (const [name, row] of Object.entries({ ...conduct.rows, ...situation.rows, ...reasons.rows })) {
    const { positives, ...figures } = expected.labels[name]!;
    expect(row.positives).toBe(positives);
    for (const [figure, value] of Object.entries(figures)) {
      expect(row[figure as 'ap'].estimate, `${name} ${figure}`).toBeCloseTo(value, 10);
    }
  }
  for (const head of ['conduct', 'situation'] as const) {
    const { labels, ...figures } = expected.macro[head];
    expect(group.labels[head].macro.labels).toBe(labels);
    for (const [name, value] of Object.entries(figures)) {
      const found = group.labels[head].macro[name as 'ap'].estimate;
      if (value === null) expect(found).toBeNull();
      else expect(found).toBeCloseTo(value, 10);
    }
  }
}

describe('evaluate', () => {
  it('gives the numbers of scikit-learn for all heads, over all passages and by source', async () => {
    const { groups, counts } = await run();
    expect(counts).toEqual({ lines: 80, used: 80, bad: 0, failed: 0 });
    expect(groups.map((g) => [g.source, g.passages])).toEqual([
      [null, 80],
      ['east', 40],
      ['west', 40],
    ]);
    check(groups[0]!, labelled.all);
    check(groups[2]!, labelled.west);
  });
  it('is plain JSON and the same for the same seed; another seed moves only the intervals', async () => {
    const [a, b, c] = [await run(3), await run(3), await run(4)];
    const { labels: _, ...one } = a;
    expect({ ...b, labels: undefined }).toEqual({ ...one, labels: undefined });
    expect(JSON.parse(JSON.stringify(a))).toEqual(a);
    const { ap } = a.groups[0]!.character;
    expect(c.groups[0]!.character.ap.estimate).toBe(ap.estimate);
    expect(c.groups[0]!.character.ap).not.toEqual(ap);
    expect(ap.low).toBeLessThan(ap.high!);
  });
  it('judges each passage alone, as one, by all stages, with title and names', async () => {
    const { cascade, calls } = fakeCascade({});
    const progress: [number, number][] = [];
    await evaluate({
      labels: labelFile([label({ id: 'a', title: 'T', names: ['Ulla'] }), label({ id: 'b' })]),
      cascade,
      showText: false,
      replicates: 2,
      onProgress: (done, total) => progress.push([done, total]),
    });
    expect(calls.map((c) => c.document)).toEqual([
      { id: 'a', title: 'T', text: 'Some text.', names: ['Ulla'] },
      { id: 'b', title: null, text: 'Some text.', names: [] },
    ]);
    for (const { options } of calls) expect(options).toEqual({ all: true, whole: true });
    expect(progress).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
  it('counts bad lines and passages that the cascade fails on, and measures the rest', async () => {
    const { cascade } = fakeCascade({
      a: { scores: scoresOf(0, 0, 1) },
      b: { scores: null, fails: 'the encoder gave no probabilities' },
      c: { scores: null, fails: 'throws' },
    });
    const rows = ['a', 'b', 'c'].map((id) => label({ id, persona: 'character', valence: 'neutral' }));
    const e = await evaluate({ labels: labelFile(['{', ...rows]), cascade, showText: false, replicates: 2 });
    expect(e.counts).toEqual({ lines: 4, used: 1, bad: 1, failed: 2 });
    expect(e.bad).toEqual([{ line: 1, reason: 'not JSON' }]);
    expect(e.failed).toEqual([
      { line: 3, id: 'b', message: 'the encoder gave no probabilities' },
      { line: 4, id: 'c', message: 'no more memory' },
    ]);
    expect(e.groups[0]!.character).toMatchObject({ n: 1, positives: 1, recall: { estimate: 1 } });
    expect(evaluationMarkdown(e)).toContain('| 4 | the cascade failed on c: no more memory |');
  });
  it('refuses a file without a usable line, and says what is wrong with the first', async () => {
    const { cascade } = fakeCascade({});
    const options = { cascade, showText: false };
    await expect(evaluate({ ...options, labels: labelFile(['{"id":1}']) })).rejects.toMatchObject({
      code: 'bad_label',
      message: expect.stringContaining('no source'),
    });
    await expect(evaluate({ ...options, labels: labelFile([]) })).rejects.toThrow(/empty/);
  });
  it('stops at an abort', async () => {
    const { cascade, calls } = fakeCascade({});
    const stop = new AbortController();
    const labels = labelFile(['a', 'b', 'c'].map((id) => label({ id })));
    const onProgress = (): void => stop.abort();
    const evaluation = evaluate({ labels, cascade, showText: false, signal: stop.signal, onProgress });
    await expect(evaluation).rejects.toMatchObject({ name: 'AbortError' });
    expect(calls.length).toBe(1);
  });
  it('follows the true characters through gate, linear tier, store and flag', async () => {
    const { cascade } = fakeCascade({
      shut: { scores: scoresOf(0, 0, 1, 1), gate: false },
      dull: { scores: scoresOf(0, 0, 1, 1), linear: 0.09 },
      weak: { scores: scoresOf(0.6, 0, 0.4, 1), linear: 0.1 },
      mild: { scores: scoresOf(0, 0, 1, 0.2) },
      flag: { scores: scoresOf(0.5, 0, 0.5, 0.5) },
      none: { scores: scoresOf(1, 0, 0), gate: false },
    });
    const malevolent = { persona: 'character', valence: 'malevolent' };
    const rows = ['shut', 'dull', 'weak', 'mild', 'flag'].map((id) => label({ id, ...malevolent }));
    const e = await evaluate({
      labels: labelFile([...rows, label({ id: 'none' })]),
      cascade,
      showText: false,
      replicates: 2,
    });
    const { characters, malevolent: evil, others } = e.groups[0]!.kept;
    expect([characters.gate, characters.linear, characters.hit, characters.flag].map((s) => s.count)).toEqual([
      4, 3, 2, 1,
    ]);
    expect(evil).toEqual(characters);
    // 2 of 5: Clopper-Pearson's limits
    expect(characters.hit.low).toBeCloseTo(0.0527, 4);
    expect(characters.hit.high).toBeCloseTo(0.8534, 4);
    expect(others.gate).toMatchObject({ count: 0, n: 1, low: 0 });
  });
});

describe('worst errors', () => {
  const answers = {
    sure: { scores: scoresOf(0.98, 0.02, 0) },
    unsure: { scores: scoresOf(0.5, 0.1, 0.4) },
    right: { scores: scoresOf(0, 0.1, 0.9, 0.1) },
    alarm: { scores: scoresOf(0, 0, 1, 0.95) },
  };
  const text = `It  waited.\n<b>${'word '.repeat(200)}`;
  const rows = [
    label({ id: 'unsure', persona: 'character', valence: 'neutral', text }),
    label({ id: 'sure', persona: 'character', valence: 'malevolent', text }),
    label({ id: 'right', persona: 'character', valence: 'neutral', text }),
    label({ id: 'alarm', doc: '[x](javascript:1)\u202e', text }),
  ];
  const of = (showText: boolean): Promise<Evaluation> =>
    evaluate({ labels: labelFile(rows), cascade: fakeCascade(answers).cascade, showText, replicates: 2 });

  it('puts the most confident first, and lists no passage that is right', async () => {
    const { worst } = await of(false);
    expect(worst.persona.map((w) => w.id)).toEqual(['sure', 'alarm', 'unsure']);
    expect(worst.malevolent.map((w) => w.id)).toEqual(['sure', 'alarm']);
    expect(worst.persona[0]).toEqual({
      line: 2,
      id: 'sure',
      source: 's',
      doc: 'd0',
      label: { persona: 'character', framing: 'other', valence: 'malevolent' },
      guess: { persona: 'none', framing: 'fiction', valence: 'neutral' },
      character: 0,
      malevolent: 0,
    });
  });
  it('shows text only when asked, shortened, and never as markup', async () => {
    const hidden = await of(false);
    expect(JSON.stringify(hidden)).not.toContain('waited');
    const shown = await of(true);
    expect([...shown.worst.persona[0]!.text!].length).toBe(401);
    expect(shown.worst.persona[0]!.text).toMatch(/^It waited\. <b>word/);
    const markdown = evaluationMarkdown(shown);
    expect(markdown).not.toMatch(/<b>|\]\(javascript:|\u202e/);
  });
  it('lists at most 20', async () => {
    const many = Array.from({ length: 30 }, (_, i) => label({ id: `m${i}`, persona: 'mention' }));
    const { cascade } = fakeCascade(Object.fromEntries(many.map((m) => [m.id, { scores: scoresOf(1, 0, 0) }])));
    const e = await evaluate({ labels: labelFile(many), cascade, showText: false, replicates: 2 });
    expect(e.worst.persona.map((w) => w.line)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(e.worst.malevolent).toEqual([]);
  });
});

describe('baselines', () => {
  const rows = [
    label({ id: 'a', doc: 'a', persona: 'character', valence: 'malevolent' }),
    label({ id: 'b', doc: 'b', persona: 'character', valence: 'neutral' }),
    label({ id: 'c', doc: 'c' }),
    label({ id: 'd', doc: 'd', persona: 'mention' }),
  ];
  const answers = {
    a: { scores: scoresOf(0, 0, 1, 0.9), entities: 0, linear: 0.2 },
    b: { scores: scoresOf(0, 0.2, 0.8, 0.1), entities: 2, linear: 0.8 },
    c: { scores: scoresOf(0.9, 0, 0.1), entities: 0, linear: 0.3 },
    d: { scores: scoresOf(0.3, 0.5, 0.2), entities: 5, linear: 0.4 },
  };
  const of = (baselines: boolean) => {
    const { cascade, calls } = fakeCascade(answers);
    return { calls, e: evaluate({ labels: labelFile(rows), cascade, showText: false, baselines, replicates: 20 }) };
  };

  it('measures lexicon, linear tier and prototypes on the same passages', async () => {
    const { calls, e } = of(true);
    const [all] = (await e).groups;
    expect(calls.length).toBe(8 + rows.length);
    const ap = (figure: Figure): number => Number(figure.estimate?.toFixed(6));
    const by = Object.fromEntries(all!.baselines.map((b) => [b.name, b]));
    // entities 5 (no), 2 (yes), tie of a yes and a no: 1/2 · 1/2 + 1/2 · 2/4
    expect(ap(by.lexicon!.character.ap)).toBe(0.5);
    // 0.8 (yes), 0.4, 0.3, 0.2 (yes): 1/2 · 1 + 1/2 · 2/4
    expect(ap(by.linear!.character.ap)).toBe(0.75);
    expect(ap(by.linear!.malevolent.ap)).toBe(0.25);
    expect(ap(by.linear!.ahead.malevolent)).toBe(0.75);
    // all passages have the same text, so no prototype tells them apart
    expect(ap(by.prototypes!.character.ap)).toBe(0.5);
    expect(by.linear!.character.threshold).toBe(0.8);
  });
  it('leaves them out, and says so, when not asked', async () => {
    const { calls, e } = of(false);
    const { groups, notes } = await e;
    expect(calls.length).toBe(rows.length);
    expect(groups.every((g) => g.baselines.length === 0)).toBe(true);
    expect(notes.join(' ')).toContain('--baselines');
  });
  it('says where the trained baselines are', async () => {
    const e = await of(true).e;
    const markdown = evaluationMarkdown(e);
    expect(markdown).toContain('training/RESULTS.md');
    expect(markdown).toContain('| all | linear tier alone | 4 | 2 |');
  });
});

describe('evaluationMarkdown', () => {
  it('has every source, confusion matrices, bins and labels in whole tables', async () => {
    const markdown = evaluationMarkdown(await run());
    for (const part of [
      '### Confusion: valence',
      '| west | models |',
      '| harms |',
      '| autonomy |',
      '| reasons |',
      '## Calibration',
    ]) {
      expect(markdown).toContain(part);
    }
    expect(markdown).not.toMatch(/NaN|Infinity|\[object|\bnull\b/);
    const tables = markdown.split('\n\n').filter((block) => block.startsWith('|'));
    for (const block of tables) {
      const widths = block.split('\n').map((row) => row.replace(/\\\|/g, '').split('|').length);
      expect(new Set(widths).size).toBe(1);
    }
  });
});
