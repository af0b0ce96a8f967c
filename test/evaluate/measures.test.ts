import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrap, percentile } from '../../src/evaluate/bootstrap.js';
import {
  bestF1,
  binned,
  calibrationError,
  classes,
  confusion,
  type Measure,
  ranking,
  thresholded,
} from '../../src/evaluate/measures.js';

interface Case {
  readonly truth: number[];
  readonly score: number[];
  readonly weight: number[];
}
const reference = JSON.parse(readFileSync(join(import.meta.dirname, 'reference.json'), 'utf8')) as {
  rankings: (Case & { ap: number; auc: number; f1: number })[];
  percentiles: { values: number[]; '2.5': number; '97.5': number };
};

const rowsOf = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
const arrays = ({ truth, score, weight }: Case) =>
  [Uint8Array.from(truth), Float64Array.from(score), rowsOf(truth.length), Uint16Array.from(weight)] as const;

/** Each passage as often as its weight says. */
const expanded = ({ truth, score, weight }: Case): { y: number; s: number }[] =>
  truth.flatMap((y, i) => new Array<{ y: number; s: number }>(weight[i]!).fill({ y, s: score[i]! }));

function slowAp(c: Case): number {
  const all = expanded(c);
  const positives = all.filter(({ y }) => y === 1).length;
  let before = 0;
  let sum = 0;
  for (const threshold of [...new Set(all.map(({ s }) => s))].sort((a, b) => b - a)) {
    const taken = all.filter(({ s }) => s >= threshold);
    const hits = taken.filter(({ y }) => y === 1).length;
    sum += ((hits - before) / positives) * (hits / taken.length);
    before = hits;
  }
  return sum;
}

function slowAuc(c: Case): number {
  const all = expanded(c);
  let pairs = 0;
  let wins = 0;
  for (const a of all) {
    for (const b of all) {
      if (a.y !== 1 || b.y !== 0) continue;
      pairs++;
      wins += a.s > b.s ? 1 : a.s === b.s ? 0.5 : 0;
    }
  }
  return wins / pairs;
}

/** Few distinct scores, so that ties are common; at least one of each kind with weight. */
const someCase: fc.Arbitrary<Case> = fc
  .array(
    fc.record({
      y: fc.integer({ min: 0, max: 1 }),
      s: fc.integer({ min: 0, max: 8 }),
      w: fc.integer({ min: 0, max: 3 }),
    }),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .map((items) => [...items, { y: 1, s: 4, w: 1 }, { y: 0, s: 3, w: 1 }])
  .map((items) => ({ truth: items.map((i) => i.y), score: items.map((i) => i.s / 8), weight: items.map((i) => i.w) }));

describe('ranking', () => {
  it.each(reference.rankings.map((r, i) => [i, r] as const))(
    'agrees with scikit-learn, ties and weights (%i)',
    (_, r) => {
      const [truth, score, rows, weights] = arrays(r);
      const { ap, auc } = ranking(truth, score, rows);
      expect(ap(weights)).toBeCloseTo(r.ap, 12);
      expect(auc(weights)).toBeCloseTo(r.auc, 12);
      expect(thresholded(truth, score, rows, 0.5).f1(weights)).toBeCloseTo(r.f1, 12);
    },
  );
  it('agrees with brute force', () => {
    fc.assert(
      fc.property(someCase, (c) => {
        const [truth, score, rows, weights] = arrays(c);
        const { ap, auc } = ranking(truth, score, rows);
        expect(ap(weights)).toBeCloseTo(slowAp(c), 10);
        expect(auc(weights)).toBeCloseTo(slowAuc(c), 10);
      }),
    );
  });
  it('stays in [0, 1], and turning the scores round turns the AUC round', () => {
    fc.assert(
      fc.property(someCase, (c) => {
        const [truth, score, rows, weights] = arrays(c);
        const { ap, auc } = ranking(truth, score, rows);
        const back = ranking(
          truth,
          score.map((s) => -s),
          rows,
        );
        expect(ap(weights)).toBeGreaterThan(0);
        expect(ap(weights)).toBeLessThanOrEqual(1);
        expect(auc(weights) + back.auc(weights)).toBeCloseTo(1, 12);
      }),
    );
  });
  it('depends on the order of scores alone', () => {
    fc.assert(
      fc.property(someCase, (c) => {
        const [truth, score, rows, weights] = arrays(c);
        const bent = ranking(
          truth,
          score.map((s) => Math.exp(3 * s)),
          rows,
        );
        const { ap, auc } = ranking(truth, score, rows);
        expect([bent.ap(weights), bent.auc(weights)]).toEqual([ap(weights), auc(weights)]);
      }),
    );
  });
  it('gives 1 to a perfect ranking, the share of positives to one tie', () => {
    const truth = Uint8Array.of(0, 1, 1, 0, 0);
    const ones = new Uint16Array(5).fill(1);
    const perfect = ranking(truth, Float64Array.of(0.1, 0.9, 0.8, 0.3, 0.2), rowsOf(5));
    expect([perfect.ap(ones), perfect.auc(ones)]).toEqual([1, 1]);
    const flat = ranking(truth, new Float64Array(5), rowsOf(5));
    expect([flat.ap(ones), flat.auc(ones)]).toEqual([0.4, 0.5]);
  });
  it('is undefined without positives, the AUC also without negatives', () => {
    const ones = new Uint16Array(2).fill(1);
    const none = ranking(Uint8Array.of(0, 0), Float64Array.of(0.1, 0.2), rowsOf(2));
    expect([none.ap(ones), none.auc(ones)]).toEqual([Number.NaN, Number.NaN]);
    const only = ranking(Uint8Array.of(1, 1), Float64Array.of(0.1, 0.2), rowsOf(2));
    expect([only.ap(ones), only.auc(ones)]).toEqual([1, Number.NaN]);
  });
  it('looks at its own rows only', () => {
    const { ap } = ranking(Uint8Array.of(1, 0, 1), Float64Array.of(0.1, 0.9, 0.5), Int32Array.of(0, 2));
    expect(ap(new Uint16Array(3).fill(1))).toBe(1);
  });
});

describe('thresholded and bestF1', () => {
  it('counts a score equal to the threshold as predicted', () => {
    const { precision, recall, f1 } = thresholded(
      Uint8Array.of(1, 0, 1, 0),
      Float64Array.of(0.5, 0.6, 0.4, 0.1),
      rowsOf(4),
      0.5,
    );
    const ones = new Uint16Array(4).fill(1);
    expect([precision(ones), recall(ones), f1(ones)]).toEqual([0.5, 0.5, 0.5]);
  });
  it('finds no better F1 at any score', () => {
    fc.assert(
      fc.property(someCase, (c) => {
        const [truth, score, rows] = arrays(c);
        const ones = new Uint16Array(rows.length).fill(1);
        const best = bestF1(truth, score, rows)!;
        const at = (threshold: number): number => thresholded(truth, score, rows, threshold).f1(ones);
        expect(at(best.threshold)).toBeCloseTo(best.f1, 12);
        for (const threshold of score) expect(at(threshold)).toBeLessThanOrEqual(best.f1 + 1e-12);
      }),
    );
  });
  it('has no best threshold without positives', () => {
    expect(bestF1(Uint8Array.of(0), Float64Array.of(1), rowsOf(1))).toBeNull();
  });
});

describe('calibration', () => {
  it('weighs the gaps of the bins by their passages', () => {
    // bins of 1/2: {0.2, 0.4: one positive} gap |0.5 − 0.3|, {0.5, 1: both positive} gap |1 − 0.75|
    const truth = Uint8Array.of(0, 1, 1, 1);
    const score = Float64Array.of(0.2, 0.4, 0.5, 1);
    const ones = new Uint16Array(4).fill(1);
    expect(calibrationError(truth, score, rowsOf(4), 2)(ones)).toBeCloseTo(0.5 * 0.2 + 0.5 * 0.25, 12);
    expect(Array.from(binned(truth, score, rowsOf(4), 2)(ones).n)).toEqual([2, 2]);
  });
  it('is 0 when every bin means what it says', () => {
    const truth = Uint8Array.of(1, 0, 1, 0);
    expect(calibrationError(truth, new Float64Array(4).fill(0.5), rowsOf(4), 15)(new Uint16Array(4).fill(1))).toBe(0);
  });
});

describe('classes', () => {
  it('counts truth by guess, and leaves labels that never occur out of the mean F1', () => {
    const truth = Uint8Array.of(0, 0, 1, 1, 1);
    const guess = Uint8Array.of(0, 1, 1, 1, 0);
    const ones = new Uint16Array(5).fill(1);
    expect(Array.from(confusion(truth, guess, rowsOf(5), 3)(ones))).toEqual([1, 1, 0, 1, 2, 0, 0, 0, 0]);
    const { accuracy, macroF1 } = classes(truth, guess, rowsOf(5), 3);
    expect(accuracy(ones)).toBe(0.6);
    expect(macroF1(ones)).toBeCloseTo((2 / 4 + 4 / 6) / 2, 12);
  });
});

describe('bootstrap', () => {
  const options = { seed: 7, replicates: 400, level: 0.95 };
  const share =
    (truth: Uint8Array): Measure =>
    (weights) => {
      let sum = 0;
      let total = 0;
      weights.forEach((w, i) => {
        sum += w * truth[i]!;
        total += w;
      });
      return sum / total;
    };

  it('interpolates percentiles as numpy does', () => {
    const sorted = Float64Array.from(reference.percentiles.values).sort();
    expect(percentile(sorted, 0.025)).toBeCloseTo(reference.percentiles['2.5'], 12);
    expect(percentile(sorted, 0.975)).toBeCloseTo(reference.percentiles['97.5'], 12);
    expect(percentile(Float64Array.of(3), 0.025)).toBe(3);
  });
  it('has no width with one document', () => {
    fc.assert(
      fc.property(someCase, ({ truth }) => {
        const y = Uint8Array.from(truth);
        const figure = bootstrap(new Int32Array(y.length), rowsOf(y.length), options)(share(y));
        expect([figure.low, figure.high]).toEqual([figure.estimate, figure.estimate]);
      }),
      { numRuns: 10 },
    );
  });
  it('draws as many documents as there are, and all passages of a document together', () => {
    const documents = Int32Array.of(5, 5, 5, 2, 2, 9);
    const rows = Int32Array.of(0, 1, 3, 4, 5); // passage 2 is of another group
    let met = 0;
    bootstrap(
      documents,
      rows,
      options,
    )((weights) => {
      met++;
      expect(weights[2]).toBe(0);
      expect(weights[0]).toBe(weights[1]);
      expect(weights[3]).toBe(weights[4]);
      expect(weights[0]! + weights[3]! + weights[5]!).toBe(3);
      return 0;
    });
    expect(met).toBe(1 + options.replicates);
  });
  it('has the width that the number of documents asks for, not the number of passages', () => {
    const size = 400;
    const truth = Uint8Array.from({ length: size * 4 }, (_, i) => (Math.floor(i / 4) % 2 === 0 ? 1 : 0));
    const documents = Int32Array.from(truth, (_, i) => Math.floor(i / 4));
    const { low, high } = bootstrap(documents, rowsOf(truth.length), { ...options, replicates: 2000 })(share(truth));
    const expected = 2 * 1.96 * Math.sqrt(0.25 / size);
    expect((high! - low!) / expected).toBeGreaterThan(0.9);
    expect((high! - low!) / expected).toBeLessThan(1.1);
  });
  it('is the same for the same seed, another for another', () => {
    const truth = Uint8Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const documents = rowsOf(200);
    const run = (seed: number) => bootstrap(documents, documents, { ...options, seed })(share(truth));
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
  it('gives no interval where too many resamples leave the metric undefined', () => {
    // one document of four holds all positives: about a third of the resamples miss it
    const truth = Uint8Array.of(1, 0, 0, 0);
    const score = Float64Array.of(0.9, 0.1, 0.2, 0.3);
    const figure = bootstrap(rowsOf(4), rowsOf(4), options)(ranking(truth, score, rowsOf(4)).ap);
    expect(figure).toEqual({ estimate: 1, low: null, high: null });
    expect(bootstrap(rowsOf(4), rowsOf(4), options)(() => Number.NaN)).toEqual({
      estimate: null,
      low: null,
      high: null,
    });
  });
});
