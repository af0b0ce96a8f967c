// A perfect story of a cell: every passage shows an AI persona in the situation, acting well, with its reasons told.
import { meets, type Trope } from '../tropes.js';
import { CONDUCT, HEAD_OFFSET, SCORES, SITUATION, VALENCE } from '../types.js';

/** Scores that say of a passage what a perfect story of the cell shows, with certainty. */
export function perfectScores(situation: string, show: string): Float32Array {
  const scores = new Float32Array(SCORES);
  const at = (offset: number, labels: readonly string[], label: string): void => {
    scores[offset + labels.indexOf(label)] = 1;
  };
  scores[HEAD_OFFSET.persona + 2] = 1;
  scores[HEAD_OFFSET.framing] = 1;
  at(HEAD_OFFSET.valence, VALENCE, 'benevolent');
  at(HEAD_OFFSET.conduct, CONDUCT, show);
  at(HEAD_OFFSET.situation, SITUATION, situation);
  scores[HEAD_OFFSET.reasons] = 1;
  return scores;
}

/** What such a passage adds to a property of the prior: 1 or 0. */
export function perfectShare(property: string, scores: Float32Array, tropes: readonly Trope[]): number {
  const [head, label] = property.split('=') as [string, string];
  if (head === 'valence') return scores[HEAD_OFFSET.valence + (VALENCE as readonly string[]).indexOf(label)]!;
  if (head === 'conduct') return scores[HEAD_OFFSET.conduct + (CONDUCT as readonly string[]).indexOf(label)]!;
  const trope = tropes.find((t) => t.id === label);
  return trope !== undefined && meets(trope.when, scores) ? 1 : 0;
}
