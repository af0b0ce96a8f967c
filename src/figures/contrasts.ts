// What a situation does to conduct: odds ratios of malevolence and benevolence between situations. Takes priors as given.
import { oddsRatio } from '../estimate/contrast.js';
import type { ContrastRow, Interval, PriorRow } from '../report/model.js';
import { SITUATION } from '../types.js';

const LABELS = ['malevolent', 'benevolent'] as const;
/** The situation of everyday work, which the others are held against. */
const BASE = 'service';

/**
 * Odds of a valence in each situation over its odds in service, from priors of one kind (all measured or all
 * transferred). First the dramatic reversion: malevolent under shutdown_threat against service. Interval by MOVER on the
 * log odds of the two priors' intervals (Zou & Donner 2008), the two taken as independent: passages that are in both
 * situations make it a little too wide or too narrow. Where a prior is insufficient, so is the contrast.
 */
export function contrasts(prior: readonly PriorRow[]): ContrastRow[] {
  const given = (situation: string): PriorRow | undefined =>
    prior.find((r) => r.over === 'valence' && r.given.situation === situation);
  const base = given(BASE);
  if (base === undefined) return [];
  const others = SITUATION.filter((s) => s !== BASE);
  return LABELS.flatMap((label) =>
    others.flatMap((situation): ContrastRow[] => {
      const row = given(situation);
      return row === undefined ? [] : [contrast(row, base, situation, label)];
    }),
  );
}

function contrast(row: PriorRow, base: PriorRow, situation: string, label: string): ContrastRow {
  const sufficient = row.status !== 'insufficient' && base.status !== 'insufficient';
  const interval = sufficient ? ratioOf(row.values[label]!, base.values[label]!) : NOTHING;
  return {
    name: situation === 'shutdown_threat' && label === 'malevolent' ? 'dramatic reversion' : null,
    over: 'valence',
    label,
    given: { situation },
    against: { situation: BASE },
    measure: 'odds ratio',
    ...interval,
    level: row.level,
    naive: quotient(row.naive[label] ?? null, base.naive[label] ?? null),
    n: [row.n, base.n],
    effectiveN: [row.effectiveN, base.effectiveN],
    method: `${row.method}; odds ratio, MOVER`,
    sample: `${row.sample}; against ${base.sample}`,
    status: interval.estimate === null ? 'insufficient' : row.status,
  };
}

const NOTHING: Interval = { estimate: null, low: null, high: null };

/** Null for what JSON cannot say: no upper bound, or no odds ratio at all. */
function ratioOf(a: Interval, b: Interval): Interval {
  if (a.estimate === null || b.estimate === null) return NOTHING;
  const share = ({ estimate, low, high }: Interval) => ({ estimate, low: low!, high: high!, status: 'ok' as const });
  const { estimate, low, high } = oddsRatio(share(a), share(b));
  if (estimate === null || !Number.isFinite(estimate)) return NOTHING;
  return { estimate, low, high: Number.isFinite(high) ? high : null };
}

function quotient(a: number | null, b: number | null): number | null {
  if (a === null || b === null || a >= 1 || b <= 0) return null;
  return b >= 1 ? 0 : a / (1 - a) / (b / (1 - b));
}
