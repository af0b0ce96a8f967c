// What an allocation of labels can be expected to give for a share, and how many labels a wanted width takes. Allocates nothing.
import { fewest, type PlannedStratum, type Precision, roundTo } from './design.js';
import { prevalence } from './prevalence.js';

export interface ExpectedShare {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The interval for a share to expect from an allocation if the guessed rates were right: `prevalence` of the counts
 * n·rate, rounded by largest remainders. Where no positive is expected in a stratum this is the bound for none found: with
 * N/n units to a label the upper end cannot come closer than −ln(0.025)·N/n = 3.7 N/n units (the rule of three, two-sided),
 * N/n being the largest of the strata, however many labels the others have.
 * @param strata `population` in units of the estimate
 */
export function expectedShare(
  strata: readonly PlannedStratum[],
  allocation: readonly number[],
  level: number,
): ExpectedShare {
  const sampled = strata.map((s, h) => Math.min(Math.round(s.population), allocation[h]!));
  const expected = strata.map((s, h) => sampled[h]! * s.rate);
  const total = Math.round(expected.reduce((sum, v) => sum + v, 0));
  const positives = roundTo(
    expected,
    sampled.map((population) => ({ population })),
    total,
  );
  const counted = strata.map((s, h) => ({
    name: '',
    population: Math.round(s.population),
    sampled: sampled[h]!,
    positives: positives[h]!,
    weight: s.weight ?? 1,
  }));
  const { estimate, low, high } = prevalence(counted, level);
  return { estimate: estimate ?? 0, low, high };
}

/**
 * The smallest n ≤ `most` whose allocation is expected to give a share to ± `half` ({@link expectedShare}, half of the
 * width), by halving: the width falls with n but for rounding. `labels` is null where `most` do not reach it.
 */
export function labelsForShare(
  strata: readonly PlannedStratum[],
  half: number,
  level: number,
  most: number,
  allocation: (n: number) => readonly number[],
): Precision {
  return fewest(most, half, (n) => {
    const sizes = allocation(n);
    const { low, high } = expectedShare(strata, sizes, level);
    return { allocation: sizes, half: (high - low) / 2 };
  });
}
