// Stratified samples of a corpus: their type, and what every method needs of them before it starts. No interval here.

/** How the sample of one stratum came out. Counts are whole numbers; 0 ≤ positives ≤ given ≤ sampled ≤ population. */
export interface Stratum {
  readonly name: string;
  readonly population: number;
  readonly sampled: number;
  readonly positives: number;
  /** Sampled units in the domain of a ratio; all of them for a mean. */
  readonly given?: number;
  /** Weight of one unit: epochs or mixture weight of its source. 1 if absent. */
  readonly weight?: number;
}

/**
 * What an interval speaks about: the finite corpus that was sampled (with finite-population correction), or the process
 * it came from.
 */
export type Inference = 'finite' | 'superpopulation';

/** A stratum with all its numbers set. */
export interface FullStratum {
  readonly population: number;
  readonly sampled: number;
  readonly positives: number;
  readonly given: number;
  readonly weight: number;
}

export interface Prepared {
  /** Strata with a sample, pooled where a split carries no information. */
  readonly strata: readonly FullStratum[];
  /** Weighted size of all strata, and of those without any sample. */
  readonly total: number;
  readonly unsampled: number;
  readonly positives: number;
  readonly given: number;
  readonly sampled: number;
  /** Whether every unit was looked at, so that nothing is left to estimate. */
  readonly census: boolean;
  /** Whether every unit has weight 1, so that only whole numbers can be positive. */
  readonly plain: boolean;
}

/**
 * Drops empty strata, sets the unsampled apart, and pools strata of equal weight, sampling fraction and observed rates:
 * there the split says nothing, and pooling makes the answer independent of it. Weights are taken relative to the largest,
 * since only their proportions mean anything. For a superpopulation the sizes are
 * blown up until no sampling fraction is left; their proportions stay.
 */
export function prepare(strata: readonly Stratum[], inference: Inference): Prepared {
  const pooled = new Map<string, FullStratum>();
  let total = 0;
  let unsampled = 0;
  let positives = 0;
  let given = 0;
  let sampled = 0;
  let fraction = 0;
  let census = inference === 'finite';
  const used = strata.filter((s) => s.population > 0 && s.weight !== 0);
  const largest = used.reduce((most, s) => Math.max(most, s.weight ?? 1), 0);
  for (const s of used) {
    const weight = (s.weight ?? 1) / largest;
    const domain = s.given ?? s.sampled;
    total += weight * s.population;
    if (s.sampled < s.population) census = false;
    if (s.sampled === 0) {
      unsampled += weight * s.population;
      continue;
    }
    positives += s.positives;
    given += domain;
    sampled += s.sampled;
    fraction = Math.max(fraction, s.sampled / s.population);
    const key = [weight, s.sampled / s.population, s.positives / s.sampled, domain / s.sampled]
      .map((v) => v.toPrecision(12))
      .join();
    const before = pooled.get(key);
    pooled.set(key, {
      population: s.population + (before?.population ?? 0),
      sampled: s.sampled + (before?.sampled ?? 0),
      positives: s.positives + (before?.positives ?? 0),
      given: domain + (before?.given ?? 0),
      weight,
    });
  }
  const blowUp = inference === 'finite' ? 1 : Math.max(1, fraction * 1e7);
  // One order for every order of the input, so that rounding cannot depend on it.
  const list = [...pooled.values()].sort(
    (a, b) =>
      b.population - a.population ||
      b.sampled - a.sampled ||
      b.positives - a.positives ||
      b.given - a.given ||
      b.weight - a.weight,
  );
  return {
    strata: list.map((s) => ({ ...s, population: s.population * blowUp })),
    total: total * blowUp,
    unsampled: unsampled * blowUp,
    positives,
    given,
    sampled,
    census,
    plain: used.every((s) => (s.weight ?? 1) === 1),
  };
}
