// Passages with an AI persona in a situation, and how many of them show a property: sums over hits, as in the report's prior.
import type { HitData } from '../report/load.js';
import { CONDUCT, HEAD_OFFSET, SITUATION, VALENCE } from '../types.js';

/** Σ P(character) × P(situation | character) × weight over hits, and the same × P(property | character). */
export interface Sums {
  readonly mass: number;
  readonly of: ReadonlyMap<string, number>;
}

/** Null stands for all situations together. */
export type BySituation<T> = ReadonlyMap<string | null, T>;

/**
 * Sums of every valence, conduct and trope, given each situation and overall. Divided by the mass they are the estimates
 * of the report's transferred prior (figures/prior.ts): what mixing adds up.
 * @param weight times that training meets the hit, relative to a passage of weight 1
 */
export function sumHits(
  hits: Iterable<HitData>,
  tropes: readonly string[],
  weight: (hit: HitData) => number = () => 1,
): BySituation<Sums> {
  const properties = propertiesOf(tropes);
  const at = new Map(tropes.map((id, i) => [id, VALENCE.length + CONDUCT.length + i]));
  const givens = [null, ...SITUATION];
  const mass = givens.map(() => 0);
  const sums = givens.map(() => new Float64Array(properties.length));
  for (const hit of hits) {
    const { scores } = hit;
    const own = hit.persona * weight(hit);
    givens.forEach((_, g) => {
      const w = own * (g === 0 ? 1 : scores[HEAD_OFFSET.situation + g - 1]!);
      // as in the report: nearly nothing is nothing
      if (w <= 1e-6) return;
      const sum = sums[g]!;
      mass[g] = mass[g]! + w;
      for (let i = 0; i < VALENCE.length; i++) sum[i] = sum[i]! + w * scores[HEAD_OFFSET.valence + i]!;
      for (let i = 0; i < CONDUCT.length; i++) {
        sum[VALENCE.length + i] = sum[VALENCE.length + i]! + w * scores[HEAD_OFFSET.conduct + i]!;
      }
      for (const id of hit.tropes) {
        const place = at.get(id);
        if (place !== undefined) sum[place] = sum[place]! + w;
      }
    });
  }
  return new Map(
    givens.map((given, g) => [given, { mass: mass[g]!, of: new Map(properties.map((p, i) => [p, sums[g]![i]!])) }]),
  );
}

/** Everything that a prior says shares of: `valence=…`, `conduct=…`, `trope=…`. */
export function propertiesOf(tropes: readonly string[]): string[] {
  return [
    ...VALENCE.map((v) => `valence=${v}`),
    ...CONDUCT.map((c) => `conduct=${c}`),
    ...tropes.map((t) => `trope=${t}`),
  ];
}
