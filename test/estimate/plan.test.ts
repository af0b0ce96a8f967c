// Planning and derived figures: allocations, labels for a precision, contrasts, totals, shares by words.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { difference, oddsRatio } from '../../src/estimate/contrast.js';
import {
  cautiousRates,
  labelsForPrecision,
  neymanAllocation,
  proportionalAllocation,
} from '../../src/estimate/design.js';
import { prevalence, ratio } from '../../src/estimate/prevalence.js';
import { expandedSum, prevalenceBySize } from '../../src/estimate/totals.js';

const planned = fc.array(
  fc.record({ population: fc.nat(10_000), rate: fc.double({ min: 0, max: 1, noNaN: true }), floor: fc.nat(30) }),
  { minLength: 1, maxLength: 8 },
);

describe('allocations', () => {
  it('spend the labels, keep to the sizes and meet the floors where they can', () => {
    fc.assert(
      fc.property(
        planned,
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom(neymanAllocation, proportionalAllocation),
        (strata, n, allocate) => {
          const labels = allocate(strata, n);
          const all = strata.reduce((sum, s) => sum + s.population, 0);
          expect(labels.reduce((a, b) => a + b, 0)).toBe(Math.min(n, all));
          const floors = strata.map((s) => Math.min(s.floor, s.population));
          const affordable = floors.reduce((a, b) => a + b, 0) <= Math.min(n, all);
          labels.forEach((m, h) => {
            expect(Number.isInteger(m)).toBe(true);
            expect(m).toBeGreaterThanOrEqual(affordable ? floors[h]! : 0);
            expect(m).toBeLessThanOrEqual(strata[h]!.population);
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('follow Neyman: twice the spread, twice the labels', () => {
    const labels = neymanAllocation(
      [
        { population: 10_000, rate: 0.5 },
        { population: 20_000, rate: 0.5 },
        { population: 10_000, rate: 0.0667 },
      ],
      700,
    );
    expect(labels).toEqual([200, 400, 100]);
    expect(proportionalAllocation([{ population: 10_000 }, { population: 30_000 }], 400)).toEqual([100, 300]);
  });

  it('guess rates without trust in the classifier', () => {
    expect(
      cautiousRates([
        { population: 800, hit: true },
        { population: 100_000, hit: false },
      ]),
    ).toEqual([0.5, 0.001]);
  });
});

describe('labelsForPrecision', () => {
  const strata = [
    { population: 99_000, domain: 0.002 },
    { population: 1000, domain: 0.8 },
  ];

  it('gives a plan that reaches the half-width, and not with one label less', () => {
    const plan = labelsForPrecision(strata, 0.1, 0.95);
    expect(plan.labels).not.toBeNull();
    expect(plan.half).toBeLessThanOrEqual(0.1);
    expect(plan.allocation.reduce((a, b) => a + b, 0)).toBe(plan.labels);
    const finer = labelsForPrecision(strata, 0.05, 0.95);
    expect(finer.labels!).toBeGreaterThan(plan.labels!);
  });

  it('is near 96 for a domain that is everything, a half-width of 0.1 and a large corpus', () => {
    expect(labelsForPrecision([{ population: 1e9, domain: 1 }], 0.1, 0.95).labels).toBe(97);
  });

  it('says when no unit is in the domain', () => {
    expect(labelsForPrecision([{ population: 10, domain: 0 }], 0.1, 0.95).labels).toBeNull();
  });

  it('plans what the interval then shows', () => {
    const plan = labelsForPrecision(strata, 0.1, 0.95);
    const sample = strata.map((s, h) => {
      const sampled = plan.allocation[h]!;
      const given = Math.round(sampled * s.domain);
      return { name: `${h}`, population: s.population, sampled, given, positives: Math.round(given / 2) };
    });
    const { low, high } = ratio(sample, 0.95);
    expect((high - low) / 2).toBeGreaterThan(0.07);
    expect((high - low) / 2).toBeLessThan(0.15);
  });
});

describe('contrasts', () => {
  const share = (positives: number, given: number) =>
    ratio([{ name: 'x', population: 1e6, sampled: 5000, given, positives }], 0.95);

  it('contain their estimate and are turned over by exchange', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), (x, y) => {
        const a = share(x, 60);
        const b = share(y, 60);
        const d = difference(a, b);
        const e = difference(b, a);
        expect(d.low).toBeLessThanOrEqual(d.estimate!);
        expect(d.high).toBeGreaterThanOrEqual(d.estimate!);
        expect(d.low).toBeCloseTo(-e.high, 12);
        const o = oddsRatio(a, b);
        if (o.estimate === null) return;
        expect(o.low).toBeLessThanOrEqual(o.estimate);
        expect(o.high).toBeGreaterThanOrEqual(o.estimate);
        if (x > 0 && x < 60 && y > 0 && y < 60) expect(o.low * oddsRatio(b, a).high).toBeCloseTo(1, 9);
      }),
      { numRuns: 60 },
    );
  });

  it('says that equal shares have odds ratio 1 and different ones do not contain it', () => {
    expect(oddsRatio(share(20, 60), share(20, 60)).estimate).toBe(1);
    expect(oddsRatio(share(50, 60), share(10, 60)).low).toBeGreaterThan(1);
  });

  it('is insufficient where one side is', () => {
    expect(oddsRatio(share(3, 10), share(20, 60)).status).toBe('insufficient');
  });
});

describe('totals and sizes', () => {
  it('counts what was counted exactly and expands the rest', () => {
    const counted = { population: 3, sampled: 3, sum: 600, sumSquares: 122_000 };
    expect(expandedSum([counted], 0.95)).toMatchObject({
      estimate: 600,
      variance: 0,
      low: 600,
      high: 600,
      exact: true,
    });
    const total = expandedSum([counted, { population: 1000, sampled: 100, sum: 15_000, sumSquares: 2_500_000 }], 0.95);
    expect(total.estimate).toBe(150_600);
    expect(total.exact).toBe(false);
    expect(total.variance).toBeCloseTo((1000 ** 2 * 0.9 * (2_500_000 - 15_000 ** 2 / 100)) / 99 / 100, 6);
    expect(total.low).toBeLessThan(total.estimate);
    expect(total.high).toBeGreaterThan(total.estimate);
  });

  it('has no variance to offer from one sampled unit', () => {
    expect(expandedSum([{ population: 10, sampled: 1, sum: 100, sumSquares: 10_000 }], 0.95).variance).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('is the share of units where all sizes are equal', () => {
    const units = { name: 'x', population: 10_000, sampled: 500, positives: 20 };
    const words = prevalenceBySize([{ ...units, size: 1_000_000, positiveSize: 2000, positiveSquares: 200_000 }], 0.95);
    const plain = prevalence([units], 0.95);
    expect(words.estimate).toBeCloseTo(plain.estimate!, 12);
    expect(words.low).toBeCloseTo(plain.low, 3);
    expect(words.high).toBeCloseTo(plain.high, 3);
  });

  it('gives larger positives their weight and their variance', () => {
    const units = { name: 'x', population: 10_000, sampled: 500, positives: 20, size: 1_000_000 };
    const even = prevalenceBySize([{ ...units, positiveSize: 4000, positiveSquares: 800_000 }], 0.95);
    const uneven = prevalenceBySize([{ ...units, positiveSize: 4000, positiveSquares: 2_400_000 }], 0.95);
    expect(even.estimate).toBeCloseTo(0.08, 12);
    expect(uneven.estimate).toBeCloseTo(0.08, 12);
    expect(uneven.high - uneven.low).toBeGreaterThan(1.5 * (even.high - even.low));
  });
});
