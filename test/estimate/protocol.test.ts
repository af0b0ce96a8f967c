// The line protocol of `estimate`: answers in order, errors on their own line, the stream goes on.

import { describe, expect, it } from 'vitest';
import { estimateLines } from '../../src/estimate/command.js';

async function run(...problems: unknown[]) {
  const out: string[] = [];
  const lines = problems.map((p) => (typeof p === 'string' ? p : JSON.stringify(p)));
  const summary = await estimateLines(lines, (line) => void out.push(line));
  return { summary, answers: out.map((line) => JSON.parse(line)) };
}

const good = { name: 'rejects', population: 100_000, sampled: 400, positives: 3 };

describe('estimateLines', () => {
  it('answers each problem on its line and goes on after a bad one', async () => {
    const { summary, answers } = await run({ id: 'a', level: 0.95, strata: [good] }, 'no json', '', {
      id: 7,
      strata: [good],
    });
    expect(summary).toEqual({ problems: 3, failed: 1 });
    expect(answers.map((a) => a.id)).toEqual(['a', null, 7]);
    expect(answers[0]).toMatchObject({ estimate: 0.0075, method: 'default', level: 0.95, status: 'ok' });
    expect(answers[1].error.code).toBe('not_json');
    expect(answers[2].low).toBe(answers[0].low);
  });

  it('ignores unknown fields', async () => {
    const { answers } = await run({ id: 1, strata: [{ ...good, colour: 'blue' }], note: 'x' });
    expect(answers[0].status).toBe('ok');
  });

  it.each([
    ['negative counts', { strata: [{ ...good, positives: -1 }] }, 'not_a_count'],
    ['fractions', { strata: [{ ...good, sampled: 400.5 }] }, 'not_a_count'],
    ['positives over sampled', { strata: [{ ...good, positives: 401 }] }, 'inconsistent'],
    ['sampled over population', { strata: [{ ...good, population: 399 }] }, 'inconsistent'],
    ['given over sampled', { strata: [{ ...good, given: 401 }], target: 'ratio' }, 'inconsistent'],
    ['positives over given', { strata: [{ ...good, given: 2 }], target: 'ratio' }, 'inconsistent'],
    ['a missing population', { strata: [{ sampled: 4, positives: 1 }] }, 'missing'],
    ['a ratio without given', { strata: [good], target: 'ratio' }, 'missing'],
    ['no strata', { strata: [] }, 'missing'],
    ['nothing sampled', { strata: [{ population: 9, sampled: 0, positives: 0 }] }, 'undefined'],
    ['text for a number', { strata: [{ ...good, sampled: '400' }] }, 'not_a_number'],
    ['a negative weight', { strata: [{ ...good, weight: -1 }] }, 'not_a_number'],
    ['level 0', { level: 0, strata: [good] }, 'bad_level'],
    ['level 1', { level: 1, strata: [good] }, 'bad_level'],
    ['level in percent', { level: 95, strata: [good] }, 'bad_level'],
    ['an unknown method', { strata: [good], method: 'magic' }, 'unknown'],
    ['an unknown target', { strata: [good], target: 'median' }, 'unknown'],
    ['ppi on strata', { strata: [good], method: 'ppi' }, 'unsuited'],
    ['two kinds at once', { strata: [good], clusters: [], clustersInPopulation: 3 }, 'inconsistent'],
    ['no kind', {}, 'missing'],
    [
      'more clusters than there are',
      { clusters: [{ size: 3, sampled: 3, positives: 1 }], clustersInPopulation: 0 },
      'inconsistent',
    ],
    [
      'a cluster sampled over its size',
      { clusters: [{ size: 3, sampled: 4, positives: 1 }], clustersInPopulation: 9 },
      'inconsistent',
    ],
    ['no clustersInPopulation', { clusters: [{ size: 3, sampled: 3, positives: 1 }] }, 'missing'],
    ['a probability over 1', { test: { sampled: 10, positives: 1, sensitivity: 1.2, specificity: 1 } }, 'not_a_number'],
    [
      'a test that says nothing',
      { test: { sampled: 10, positives: 1, sensitivity: 0.5, specificity: 0.5 } },
      'undefined',
    ],
    ['labels of two lengths', { labelled: { y: [0, 1], yhat: [1] }, unlabelled: { n: 5, sumYhat: 1 } }, 'inconsistent'],
    ['a label of 2', { labelled: { y: [0, 0.5], yhat: [1, 1] }, unlabelled: { n: 5, sumYhat: 1 } }, 'not_a_number'],
    [
      'a prediction over 1',
      { labelled: { y: [0, 1], yhat: [1, 2] }, unlabelled: { n: 5, sumYhat: 1 } },
      'not_a_number',
    ],
    [
      'more hits than units',
      { labelled: { y: [0, 1], yhat: [1, 1] }, unlabelled: { n: 5, sumYhat: 6 }, method: 'ppi' },
      'not_a_number',
    ],
    [
      'scores where classes are needed',
      { labelled: { y: [0, 1], yhat: [0.3, 1] }, unlabelled: { n: 5, sumYhat: 1 } },
      'unsuited',
    ],
    [
      'scores without squares',
      { labelled: { y: [0, 1], yhat: [0.3, 1] }, unlabelled: { n: 5, sumYhat: 1 }, method: 'ppi' },
      'missing',
    ],
    [
      'Rogan-Gladen without a positive',
      { labelled: { y: [0, 0], yhat: [0, 1] }, unlabelled: { n: 5, sumYhat: 1 }, method: 'rogan-gladen' },
      'undefined',
    ],
    ['a list', [1], 'not_json'],
  ])('refuses %s', async (_, problem, code) => {
    const { answers, summary } = await run(Array.isArray(problem) ? problem : { id: 'bad', ...problem });
    expect(answers[0].error.code).toBe(code);
    expect(answers[0].error.message).not.toBe('');
    if (!Array.isArray(problem)) expect(answers[0].id).toBe('bad');
    expect(Object.keys(answers[0])).toEqual(['id', 'error']);
    expect(summary.failed).toBe(1);
  });

  it('gives a ratio with its effective number of domain units', async () => {
    const strata = [
      { name: 'rejects', population: 99_000, sampled: 400, given: 2, positives: 0 },
      { name: 'hits', population: 1000, sampled: 100, given: 70, positives: 40 },
    ];
    const { answers } = await run({ id: 1, strata, target: 'ratio' });
    expect(answers[0].estimate).toBeCloseTo((40 * 10) / (70 * 10 + 2 * 247.5), 12);
    expect(answers[0].effectiveN).toBeCloseTo((700 + 495) ** 2 / (70 * 100 + 2 * 247.5 ** 2), 9);
    expect(answers[0].status).toBe('insufficient');
  });
});
