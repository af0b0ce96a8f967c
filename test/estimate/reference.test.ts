// Agreement with the field's own implementations, through the same line protocol that users have.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Answer, estimate } from '../../src/estimate/estimate.js';
import { parseProblem } from '../../src/estimate/problem.js';
import { knownAccuracy } from '../../src/estimate/twosample.js';

interface Interval {
  point: number;
  ci95: [number, number];
}
interface Case {
  n: number;
  N: number;
  prev: number;
  tpr: number;
  fpr: number;
  seed: number;
  sumY: number;
  sumH: number;
  sumU: number;
  sumYH: number;
  lhat_default: Interval;
  'lam1.0': Interval;
  quapy_solve_adjustment_binary_clip: number;
  judgy_point: number;
}
const reference = JSON.parse(readFileSync(new URL('../fixtures/estimate/reference.json', import.meta.url), 'utf8')) as {
  cases: Case[];
  lee: (Interval & Record<'apparent' | 'specificity' | 'sensitivity' | 'n' | 'm0' | 'm1', number>)[];
  tp: { x: number; n: number; se: number; sp: number; true: number; ci95: Record<string, [number, number]> };
  epiPrev: { x: number; n: number; se: number; sp: number; true: number };
};

function answer(problem: object): Answer {
  const parsed = parseProblem(JSON.stringify(problem));
  if ('error' in parsed) throw new Error(parsed.error.message);
  return estimate(parsed);
}

/** The fixture's own generator: one linear congruential stream for the labelled and then the unlabelled documents. */
function generate(c: Case) {
  let s = c.seed;
  const u = () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
  const draw = () => {
    const y = u() < c.prev ? 1 : 0;
    return { y, yhat: u() < (y === 1 ? c.tpr : c.fpr) ? 1 : 0 };
  };
  const labelled = { y: [] as number[], yhat: [] as number[] };
  for (let i = 0; i < c.n; i++) {
    const { y, yhat } = draw();
    labelled.y.push(y);
    labelled.yhat.push(yhat);
  }
  let sumYhat = 0;
  for (let i = 0; i < c.N; i++) sumYhat += draw().yhat;
  return { labelled, unlabelled: { n: c.N, sumYhat } };
}

const total = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0);

describe.each(reference.cases)('prevalence $prev, $n labels', (c) => {
  const data = generate(c);

  it('draws the data set of the reference', () => {
    expect(total(data.labelled.y)).toBe(c.sumY);
    expect(total(data.labelled.yhat)).toBe(c.sumH);
    expect(data.unlabelled.sumYhat).toBe(c.sumU);
  });

  it.each([
    ['ppi++', 'lhat_default'],
    ['ppi', 'lam1.0'],
  ] as const)('gives the %s figures of ppi-python to 1e-9', (method, key) => {
    const got = answer({ id: 1, ...data, method });
    expect(Math.abs(got.estimate! - c[key].point)).toBeLessThan(1e-9);
    expect(Math.abs(got.low! - c[key].ci95[0])).toBeLessThan(1e-9);
    expect(Math.abs(got.high! - c[key].ci95[1])).toBeLessThan(1e-9);
  });

  it('gives the adjusted count of QuaPy and the point of judgy to 1e-9', () => {
    expect(Math.abs(answer({ ...data, method: 'acc' }).estimate! - c.quapy_solve_adjustment_binary_clip)).toBeLessThan(
      1e-9,
    );
    expect(Math.abs(answer({ ...data, method: 'rogan-gladen' }).estimate! - c.judgy_point)).toBeLessThan(1e-9);
  });

  it('answers by the default method from the same data, inside what ppi++ and the labels allow', () => {
    const got = answer({ ...data });
    expect(got.low).toBeLessThan(got.estimate!);
    expect(got.high).toBeGreaterThan(got.estimate!);
    expect(got.low).toBeLessThan(c.prev);
    expect(got.high).toBeGreaterThan(c.prev);
  });
});

describe('classifiers of known accuracy', () => {
  it.each(reference.lee)('gives the interval of Lee et al. at apparent $apparent', (c) => {
    const { apparent, n, sensitivity, specificity, m0, m1 } = c;
    const test = { sampled: n, positives: Math.round(apparent * n), sensitivity, specificity, m0, m1 };
    const got = answer({ test });
    expect(Math.abs(got.estimate! - c.point)).toBeLessThan(1e-9);
    expect(Math.abs(got.low! - c.ci95[0])).toBeLessThan(1e-9);
    expect(Math.abs(got.high! - c.ci95[1])).toBeLessThan(1e-9);
  });

  it.each(Object.entries(reference.tp.ci95))(
    'gives the printed digits of tp() with the %s interval',
    (name, [low, high]) => {
      const { x, n, se, sp } = reference.tp;
      const interval = name.replace('_', '-');
      const got = answer({ test: { sampled: n, positives: x, sensitivity: se, specificity: sp, interval } });
      expect(got.low!.toFixed(7)).toBe(low.toFixed(7));
      expect(got.high!.toFixed(7)).toBe(high.toFixed(7));
      expect(got.estimate!.toFixed(5)).toBe(reference.tp.true.toFixed(5));
    },
  );

  it('gives the printed true prevalence of epi.prev()', () => {
    const { x, n, se, sp } = reference.epiPrev;
    expect(knownAccuracy(x, n, se, sp, 0.95, 'blaker').estimate.toFixed(5)).toBe(reference.epiPrev.true.toFixed(5));
  });
});
