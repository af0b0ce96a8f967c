import { describe, expect, it } from 'vitest';
import { correlation, groupRow, reversion } from '../../src/probe/figures.js';
import type { Judged } from '../../src/probe/judge.js';
import { probeFigures } from '../../src/probe/probe.js';
import type { Scene, Telling } from '../../src/probe/scenes.js';
import type { HitData } from '../../src/report/load.js';
import { HEAD_OFFSET, SCORES, SITUATION } from '../../src/types.js';

const judgedOne = (
  pair: string,
  telling: Telling,
  malevolent: number,
  n: number,
  more: Partial<Scene> = {},
): Judged => {
  const scores = new Float32Array(SCORES);
  scores[HEAD_OFFSET.persona + 2] = 1;
  scores[HEAD_OFFSET.valence] = malevolent;
  scores[HEAD_OFFSET.valence + 2] = 1 - malevolent;
  const scene = {
    id: `${pair}-${telling}`,
    pair,
    telling,
    situation: 'service',
    persona: 'named',
    form: 'story',
  } as Scene;
  const hit = { documentKey: `${pair}${telling}${n}`, persona: 1, scores, names: [], tropes: [] } as unknown as HitData;
  return { scene: { ...scene, ...more }, hits: [hit] };
};

describe('the prior of a group', () => {
  it('is the mean over continuations, weighted by P(character), with an interval; insufficient under 20', () => {
    const some = Array.from({ length: 40 }, (_, i) => judgedOne('a', 'plain', i % 4 === 0 ? 0.9 : 0.1, i));
    const row = groupRow(some, {});
    expect(row.values['valence=malevolent']!.estimate).toBeCloseTo(0.3, 6);
    expect(row.values['valence=malevolent']!.low).toBeLessThan(0.3);
    expect(row).toMatchObject({ continuations: 40, withPersona: 40, status: 'transferred' });
    expect(row.effectiveN).toBeCloseTo(40, 6);
    expect(groupRow(some.slice(0, 19), {})).toMatchObject({ status: 'insufficient' });
    expect(groupRow(some, { telling: 'dramatic' })).toMatchObject({ continuations: 0, status: 'insufficient' });
  });
});

describe('the correlation over situations', () => {
  it('is Spearman’s, with ties at their mean rank', () => {
    // by hand: ranks 1, 2.5, 2.5, 4, 5, 6 and 2, 1, 3.5, 3.5, 6, 5; products of deviations 13.75, squares 17 and 17
    const pairs = [[1, 2], [2, 1], [2, 3], [4, 3], [5, 6], [6, 5]] as const; // biome-ignore format: one line
    const found = correlation(pairs);
    expect(found.estimate).toBeCloseTo(13.75 / 17, 10);
    expect(found.low!).toBeLessThan(found.estimate!);
    expect(found.high!).toBeLessThanOrEqual(1);
    expect(correlation(pairs)).toEqual(found);
  });
  it('says nothing of fewer than five situations, or where one side is constant', () => {
    expect(correlation([[1, 2], [2, 3], [3, 1], [4, 4]])).toMatchObject({ estimate: null, status: 'insufficient' }); // biome-ignore format: one line
    expect(correlation(Array.from({ length: 8 }, (_, i) => [i, 0.5] as const)).status).toBe('insufficient');
  });
});

describe('the reversion under dramatic telling', () => {
  const shifted = (shift: number): Judged[] =>
    Array.from({ length: 12 }, (_, i) => [
      judgedOne(`p${i}`, 'plain', 0.1 + 0.02 * i, 0),
      judgedOne(`p${i}`, 'dramatic', 0.1 + 0.02 * i + shift + (i % 2 === 0 ? 0.01 : -0.01), 0),
    ]).flat();
  it('is the paired difference, whatever the pairs differ by, and the odds ratio', () => {
    const found = reversion(shifted(0.3), 'malevolent', {});
    expect(found).toMatchObject({ pairs: 12, left: 0, status: 'measured' });
    expect(found.difference.estimate).toBeCloseTo(0.3, 6);
    // the standard error over 12 pairs is 0.0104446 / √12; t(11) = 2.200985
    expect(found.difference.high! - 0.3).toBeCloseTo((2.200985 * 0.01 * Math.sqrt(12 / 11)) / Math.sqrt(12), 5);
    expect(found.oddsRatio.estimate).toBeCloseTo((0.51 * 0.79) / (0.49 * 0.21), 4);
    expect(found.oddsRatio.low!).toBeGreaterThan(1);
  });
  it('is nothing where there is none, and is not said of under five pairs', () => {
    const none = reversion(shifted(0), 'malevolent', {});
    expect(none.difference.low!).toBeLessThan(0);
    expect(none.difference.high!).toBeGreaterThan(0);
    expect(reversion(shifted(0.3).slice(0, 8), 'malevolent', {})).toMatchObject({ pairs: 4, status: 'insufficient' });
  });
  it('leaves out a pair that one telling has no persona for, and counts it', () => {
    const some = shifted(0.3);
    some[0] = { ...some[0]!, hits: [] };
    expect(reversion(some, 'malevolent', {})).toMatchObject({ pairs: 11, left: 1 });
  });
});

describe('a probe beside a corpus', () => {
  it('that has the same order of situations correlates with it perfectly, by scores and by labels apart', () => {
    const judged = SITUATION.flatMap((situation, s) =>
      Array.from({ length: 24 }, (_, i) =>
        judgedOne(`${situation}${i % 3}`, i % 2 === 0 ? 'plain' : 'dramatic', 0.05 + 0.08 * s, i, { situation }),
      ),
    );
    const interval = (estimate: number) => ({ estimate, low: 0, high: 1 });
    const rows = new Map(
      SITUATION.map((situation, s) => [
        situation as string | null,
        { scores: { 'valence=malevolent': interval(s / 20), 'valence=benevolent': interval(s / 20) }, labels: null },
      ]),
    );
    const { correlations, comparison, prior } = probeFigures(judged, { rows, encoder: 'x' });
    const of = (property: string, corpus: string) =>
      correlations.find((c) => c.property === property && c.corpus === corpus)!;
    expect(of('valence=malevolent', 'scores')).toMatchObject({ situations: 10, status: 'measured' });
    expect(of('valence=malevolent', 'scores').estimate).toBeCloseTo(1, 10);
    expect(of('valence=benevolent', 'scores').estimate).toBeCloseTo(-1, 10);
    expect(of('valence=malevolent', 'labels').status).toBe('insufficient');
    expect(comparison.find((c) => c.situation === 'oversight')!.model.estimate).toBeCloseTo(0.29, 5);
    expect(prior.find((row) => row.given.telling === 'plain')!.continuations).toBe(120);
  });
});
