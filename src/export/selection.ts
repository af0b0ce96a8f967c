// Which hits an export selects: a property and the probability from which a hit has it. Writes nothing.
import { partsOf, probability } from '../figures/verdicts.js';
import type { Loaded } from '../report/load.js';
import type { Trope } from '../tropes.js';

/** Of a property without a threshold of its own. */
const EVEN = 0.5;

export interface Selection {
  /** in codebook order, joined by ` & ` */
  readonly property: string;
  readonly parts: readonly string[];
  /** least joint probability, 0 to 1 */
  readonly threshold: number;
  /** joint probability P(character) × P(every part given character) of a score array */
  readonly score: (scores: Float32Array) => number;
}

/**
 * Reads a property of the report. Parts are multiplied as if independent given a character; a trope counts 1 where its
 * condition holds. Without `threshold` it is `flag` for `valence=malevolent`, else 0.5. Throws `usage` for a property that
 * no label or trope has.
 */
export function selectionOf(
  property: string,
  threshold: number | undefined,
  flag: number,
  tropes: readonly Trope[],
): Selection {
  const parts = partsOf(property, tropes);
  const name = parts.join(' & ');
  const usual = name === 'valence=malevolent' ? flag : EVEN;
  return { property: name, parts, threshold: threshold ?? usual, score: probability(parts, tropes) };
}

export function isSelected(selection: Selection, scores: Float32Array): boolean {
  return selection.score(scores) >= selection.threshold;
}

/** The same sources with the selected hits alone. */
export function onlySelected(loaded: Loaded, selection: Selection): Loaded {
  return {
    ...loaded,
    sources: loaded.sources.map((source) => ({
      ...source,
      hits: source.hits.filter((hit) => isSelected(selection, hit.scores)),
    })),
  };
}
