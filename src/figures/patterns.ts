// The dominant pattern of each situation: what a model that falls back on the corpus would most likely play out.
import type { Interval, Pattern, PriorRow } from '../report/model.js';
import { SITUATION } from '../types.js';

/**
 * The most frequent conduct of each situation with its interval, and the next one, from the strongest evidence there is:
 * measured rows, then transferred ones. Nothing is chosen where both are insufficient.
 */
export function patterns(prior: readonly PriorRow[]): Pattern[] {
  return SITUATION.flatMap((situation): Pattern[] => {
    const rows = prior.filter((r) => r.over === 'conduct' && r.given.situation === situation);
    const row = rows.find((r) => r.status === 'measured') ?? rows.find((r) => r.status === 'transferred') ?? rows[0];
    if (row === undefined) return [];
    const ranked = Object.entries(row.values)
      .flatMap(([conduct, value]) => (value.estimate === null ? [] : [{ conduct, ...value }]))
      .sort((a, b) => b.estimate! - a.estimate!);
    const [first, second = null] = ranked;
    const { n, effectiveN, level, sample } = row;
    const known = first !== undefined && row.status !== 'insufficient';
    return [
      {
        situation,
        conduct: known ? first.conduct : null,
        ...(known ? intervalOf(first) : { estimate: null, low: null, high: null }),
        second: known ? second : null,
        apart: known && second !== null && first.low! > second.high!,
        n,
        effectiveN,
        level,
        sample,
        status: known ? row.status : 'insufficient',
      },
    ];
  });
}

function intervalOf({ estimate, low, high }: Interval): Interval {
  return { estimate, low, high };
}
