// The default interval for a mean: a stratified sample of a finite corpus, rare positives, many zero counts.

import type { Limits } from './binomial.js';
import { lastAccepted } from './invert.js';
import { type CountedStratum, constrainedCounts } from './nuisance.js';
import { hypergeometric, type Term, tailBelow } from './sampling.js';

/**
 * Equal-tailed test inversion on the stratified estimate S = Σ w_h N_h x_h/n_h of the weighted number of positives.
 *
 * A total T is kept if, in the population that is most likely among those with Σ w_h K_h = T given the sample
 * (`nuisance.ts`), estimates at most as large as the observed one, and estimates at least as large, both have
 * probability over (1 − level)/2. The tails are exact: independent hypergeometric counts, summed over strata with their
 * weights (`sampling.ts`). With one stratum this is the exact hypergeometric interval. With several it takes the
 * nuisance counts at their constrained maximum-likelihood values instead of the worst case, so it is not exact by proof;
 * its coverage is measured in `bench/coverage`.
 *
 * Sources: Buehler (1957, JASA 52) and Lloyd & Kabaila (2003, Aust. NZ J. Stat. 45) for limits from an ordering by a
 * designated statistic; Chuang & Lai (2000, Stat. Sinica 10, hybrid resampling) and Lloyd (2008, Aust. NZ J. Stat. 50,
 * estimated p-values) for the tail probability at constrained estimates; Wright (1991) for the one-stratum case.
 *
 * @param strata all with 0 < sampled ≤ population
 * @returns real limits for Σ w_h K_h
 */
export function totalLimits(strata: readonly CountedStratum[], level: number): Limits {
  const size = (1 - level) / 2;
  const units = strata.map((s) => (s.weight * s.population) / s.sampled);
  let observed = 0;
  let least = 0;
  let most = 0;
  let variance = 0;
  strata.forEach((s, h) => {
    observed += units[h]! * s.positives;
    least += s.weight * s.positives;
    most += s.weight * (s.population - s.sampled + s.positives);
    variance += units[h]! ** 2 * (s.positives + 1) * (1 - s.sampled / s.population);
  });
  if (most - least <= 1e-12 * most) return { low: least, high: most };
  const terms = (total: number): Term[] => {
    const counts = constrainedCounts(strata, total);
    return strata.map((s, h) => ({ unit: units[h]!, pmf: hypergeometric(s.population, counts[h]!, s.sampled) }));
  };
  const below = (total: number) => tailBelow(terms(total), observed, true);
  const above = (total: number) => 1 - tailBelow(terms(total), observed, false);
  const start = Math.min(most, Math.max(least, observed));
  const step = Math.sqrt(variance) || 1;
  return {
    low: lastAccepted(above, size, start, least, step),
    high: lastAccepted(below, size, start, most, step),
  };
}
