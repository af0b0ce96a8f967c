// Sample design before labelling: how many labels each stratum gets, and how many a wanted precision takes.

import { twoSidedZ } from './quantile.js';

export interface PlannedStratum {
  readonly population: number;
  /** Guess of the share of positives, from scores or an earlier audit; see {@link cautiousRates}. */
  readonly rate: number;
  readonly weight?: number;
  /** At least so many labels, as far as the stratum and the total allow. */
  readonly floor?: number;
}

/**
 * Guesses of the positives' share that do not trust the classifier: one half among hits, and among all that was rejected
 * together one eighth as many units as there are hits. With nothing known, this keeps the larger part of the sample in
 * the rejects, where the misses hide, and yet gives hits enough to know their precision.
 */
export function cautiousRates(strata: readonly { readonly population: number; readonly hit: boolean }[]): number[] {
  let hits = 0;
  let rejects = 0;
  for (const s of strata) {
    if (s.hit) hits += s.population;
    else rejects += s.population;
  }
  const missed = rejects === 0 ? 0 : Math.min(0.5, hits / 8 / rejects);
  return strata.map((s) => (s.hit ? 0.5 : missed));
}

/**
 * Neyman's allocation (1934): labels in proportion to w N √(q(1 − q)), with q the guessed rate but never taken under
 * 1/n or over 1 − 1/n, since a sample of n could not tell. Floors come first, no stratum gets more than it has, what that
 * frees goes to the others, and the whole numbers (largest remainders) sum to min(n, Σ N).
 */
export function neymanAllocation(strata: readonly PlannedStratum[], n: number, floor = 0): number[] {
  const guard = 1 / Math.max(2, n);
  const sizes = strata.map((s) => {
    const q = Math.min(1 - guard, Math.max(guard, s.rate));
    return (s.weight ?? 1) * s.population * Math.sqrt(q * (1 - q));
  });
  return allocate(strata, sizes, n, floor);
}

/** Labels in proportion to w N, with the same floors and caps. */
export function proportionalAllocation(
  strata: readonly Omit<PlannedStratum, 'rate'>[],
  n: number,
  floor = 0,
): number[] {
  return allocate(
    strata,
    strata.map((s) => (s.weight ?? 1) * s.population),
    n,
    floor,
  );
}

/** A stratum as a planned ratio sees it: `domain` is the guessed share of units in the domain. */
export interface PlannedDomain {
  readonly population: number;
  readonly domain: number;
  readonly weight?: number;
}

export interface Precision {
  /** Labels needed in all, and by stratum; null where even reading everything scanned would not do. */
  readonly labels: number | null;
  readonly allocation: readonly number[];
  /** Half-width expected with these labels. */
  readonly half: number;
}

/**
 * The smallest sample whose interval for P(positive | domain) is expected to reach ± `half`:
 * z²·r(1 − r)/m ≤ half² with m = (Σ wND)²/Σ (wN)²D/n effective units of the domain, labels going by Neyman to wN√D
 * (the error of a ratio comes from units of the domain only). `rate` = ½ is the safe guess of r.
 */
export function labelsForPrecision(
  strata: readonly PlannedDomain[],
  half: number,
  level: number,
  rate = 0.5,
  floor = 0,
): Precision {
  const planned = strata.map((s) => ({ ...s, rate }));
  const sizes = strata.map((s) => (s.weight ?? 1) * s.population * Math.sqrt(s.domain));
  const z = twoSidedZ(level);
  const bottom = strata.reduce((sum, s) => sum + (s.weight ?? 1) * s.population * s.domain, 0);
  const reach = (n: number): Reach => {
    const allocation = allocate(planned, sizes, n, floor);
    let variance = 0;
    strata.forEach((s, h) => {
      const m = allocation[h]!;
      if (m >= s.population || s.domain === 0) return;
      const correction = 1 - m / s.population;
      variance +=
        m === 0 ? Number.POSITIVE_INFINITY : (((s.weight ?? 1) * s.population) ** 2 * s.domain * correction) / m;
    });
    return { allocation, half: (z * Math.sqrt(rate * (1 - rate) * variance)) / bottom };
  };
  const all = strata.reduce((sum, s) => sum + s.population, 0);
  return bottom === 0 ? { labels: null, ...reach(all) } : fewest(all, half, reach);
}

type Reach = Omit<Precision, 'labels'>;

/**
 * The smallest n ≤ `most` whose `reach` is ± `half` or less, by halving: the half-width is taken to fall with n. `labels`
 * is null where `most` do not reach it; the rest is then what `most` reach.
 */
export function fewest(most: number, half: number, reach: (n: number) => Reach): Precision {
  let enough = most;
  let best = reach(most);
  if (best.half > half) return { labels: null, ...best };
  let few = 0;
  while (enough - few > 1) {
    const middle = Math.floor((enough + few) / 2);
    const tried = reach(middle);
    if (tried.half <= half) {
      enough = middle;
      best = tried;
    } else {
      few = middle;
    }
  }
  return { labels: enough, ...best };
}

function allocate(
  strata: readonly { readonly population: number; readonly floor?: number }[],
  sizes: readonly number[],
  n: number,
  floor: number,
): number[] {
  const budget = Math.min(
    Math.floor(n),
    strata.reduce((sum, s) => sum + s.population, 0),
  );
  const floors = strata.map((s) => Math.min(s.population, s.floor ?? floor));
  const floorSum = floors.reduce((sum, f) => sum + f, 0);
  if (floorSum > budget)
    return roundTo(
      floors.map((f) => (f * budget) / floorSum),
      strata,
      budget,
    );
  // Strata at a bound are fixed one round at a time; the rest share what is left.
  const fixed: (number | null)[] = strata.map(() => null);
  for (;;) {
    let left = budget;
    let weight = 0;
    strata.forEach((_, h) => {
      if (fixed[h] === null) weight += sizes[h]!;
      else left -= fixed[h]!;
    });
    const share = (h: number) => (weight > 0 ? (left * sizes[h]!) / weight : 0);
    let over = false;
    let under = false;
    strata.forEach((s, h) => {
      if (fixed[h] === null && share(h) > s.population) over = true;
      if (fixed[h] === null && share(h) < floors[h]!) under = true;
    });
    if (!over && !under) {
      const shares = strata.map((_, h) => fixed[h] ?? share(h));
      return roundTo(shares, strata, budget);
    }
    // Floors before caps: a cap that is fixed too early could leave no room for a floor.
    const current = strata.map((_, h) => share(h));
    strata.forEach((s, h) => {
      if (fixed[h] !== null) return;
      if (under && current[h]! < floors[h]!) fixed[h] = floors[h]!;
      else if (!under && current[h]! > s.population) fixed[h] = s.population;
    });
  }
}

/** Whole numbers by largest remainders that sum to `budget`, never over a stratum's size; what is free goes where there is room. */
export function roundTo(
  shares: readonly number[],
  strata: readonly { readonly population: number }[],
  budget: number,
): number[] {
  const whole = shares.map((v, h) => Math.min(strata[h]!.population, Math.floor(v + 1e-9)));
  let left = budget - whole.reduce((sum, v) => sum + v, 0);
  const order = shares
    .map((v, h) => ({ h, rest: v - Math.floor(v + 1e-9) }))
    .sort((a, b) => b.rest - a.rest || a.h - b.h);
  while (left > 0) {
    let gave = false;
    for (const { h } of order) {
      if (left === 0) break;
      if (whole[h]! < strata[h]!.population) {
        whole[h]!++;
        left--;
        gave = true;
      }
    }
    if (!gave) break;
  }
  return whole;
}
