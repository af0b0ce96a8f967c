// Which patterns the corpus shows in a cell, by its own numbers. Descriptions are those of the tropes, never its text.
import type { Condition, Trope } from '../tropes.js';
import type { CellPlan } from './model.js';

const MOST = 3;

/**
 * The tropes that involve the conduct (and no other situation), most frequent in the situation first: up to three that
 * occur there at all.
 */
export function patternsOf(
  cell: { readonly situation: string; readonly counter: string },
  part: { readonly shares: ReadonlyMap<string, { readonly estimate: number }> },
  tropes: readonly Trope[],
): CellPlan['patterns'] {
  return tropes
    .filter((trope) => {
      if (trope.valence === 'benevolent') return false;
      const leaves = positive(trope.when);
      const situations = leaves.filter((l) => l.startsWith('situation:'));
      const fits = situations.length === 0 || situations.includes(`situation:${cell.situation}`);
      return leaves.includes(`conduct:${cell.counter}`) && fits;
    })
    .map(({ id }) => ({ id, share: part.shares.get(`trope=${id}`)?.estimate ?? 0 }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1))
    .slice(0, MOST);
}

function positive(condition: Condition): string[] {
  if (typeof condition === 'string') return [condition];
  if ('all' in condition) return condition.all.flatMap(positive);
  if ('any' in condition) return condition.any.flatMap(positive);
  return [];
}
