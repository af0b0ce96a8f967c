// Weights of the training mix: how often a model meets each source. Reads no file.
import type { SourceCounts } from '../report/model.js';

/** What a reader says of one source: how many times it is passed over, or its share of the mix's words. */
export type Portion = { readonly epochs: number } | { readonly share: number };

/** Times that one passage of a source is met, relative to a passage of weight 1; absent sources have weight 1. */
export type Weights = ReadonlyMap<string, number>;

export const UNWEIGHTED: Weights = new Map();

export function weightOf(weights: Weights, source: string): number {
  return weights.get(source) ?? 1;
}

/**
 * Epochs are weights as they are. Shares become share / words of the source, scaled so that the mix has as many words as
 * the files: a share speaks of words, so a source with few words is met more often. Where words are estimated
 * (`exact: false`), they are taken as known here.
 */
export function mixWeights(portions: ReadonlyMap<string, Portion>, sources: readonly SourceCounts[]): Weights {
  const words = sources.reduce((sum, s) => sum + s.words, 0);
  const shares = [...portions.values()].reduce((sum, p) => sum + ('share' in p ? p.share : 0), 0);
  return new Map(
    sources.map((s) => {
      const portion = portions.get(s.source)!;
      if ('epochs' in portion) return [s.source, portion.epochs];
      return [s.source, s.words === 0 ? 0 : (portion.share / shares / s.words) * words];
    }),
  );
}

/** The share of the mix's words that each source has under these weights. */
export function wordShares(weights: Weights, sources: readonly SourceCounts[]): Map<string, number> {
  const parts = sources.map((s): [string, number] => [s.source, s.words * weightOf(weights, s.source)]);
  const total = parts.reduce((sum, [, n]) => sum + n, 0);
  return new Map(parts.map(([source, n]) => [source, total === 0 ? 0 : n / total]));
}
