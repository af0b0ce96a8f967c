// The default interval for a mean: a stratified sample of a finite corpus, rare positives, many zero counts.

import { lastAccepted } from './invert.js';
import type { CountedStratum } from './nuisance.js';
import { constrainedCounts } from './nuisance.js';
import { hypergeometric, tailBelow, type Term } from './sampling.js';

export interface Limits {
  readonly low: number;
  readonly high: number;
}

export function totalLimits(strata: readonly CountedStratum[], level: number): Limits {
  const size = (1 - level) / 2;
  const units = strata.map((s) => (s.weight * s.population) / s.sampled);
  let observed = 0;
  let least = 0;
  let most = 0;
  let step = 0;
  strata.forEach((s, h) => {
    observed += units[h]! * s.positives;
    least += s.weight * s.positives;
    most += s.weight * (s.population - s.sampled + s.positives);
    const f = s.sampled / s.population;
    if (f < 1) step += units[h]! ** 2 * (s.positives + 1) * (1 - f);
  });
  const terms = (total: number): Term[] => {
    const counts = constrainedCounts(strata, total);
    return strata.map((s, h) => ({ unit: units[h]!, pmf: hypergeometric(s.population, counts[h]!, s.sampled) }));
  };
  const below = (t: number) => tailBelow(terms(t), observed, true);
  const above = (t: number) => 1 - tailBelow(terms(t), observed, false);
  const start = Math.min(most, Math.max(least, observed));
  return {
    low: lastAccepted(above, size, start, least, Math.sqrt(step) || 1),
    high: lastAccepted(below, size, start, most, Math.sqrt(step) || 1),
  };
}
