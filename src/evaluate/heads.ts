// From columns to truth and guess of every head, as typed arrays that the measures take. Computes no metric.
import { CONDUCT, FRAMING, HEAD_OFFSET, PERSONA, SCORES, SITUATION, VALENCE } from '../types.js';
import type { Columns } from './judge.js';

/** A head of which one label holds: indices into `labels`. The truth of `valence` is 0 where there is no character. */
export interface OneOf {
  readonly labels: readonly string[];
  readonly truth: Uint8Array;
  readonly guess: Uint8Array;
}

/** One label as a yes-or-no question. */
export interface YesNo {
  readonly label: string;
  readonly truth: Uint8Array;
  /** P(label | character) */
  readonly given: Float64Array;
  /** P(character) · P(label | character) */
  readonly joint: Float64Array;
}

export interface Heads {
  readonly character: Uint8Array;
  readonly malevolent: Uint8Array;
  readonly persona: OneOf;
  readonly framing: OneOf;
  readonly valence: OneOf;
  readonly labels: Readonly<Record<'valence' | 'conduct' | 'situation' | 'reasons', readonly YesNo[]>>;
}

/** Truth and guess of every head for all passages. */
export function headsOf(columns: Columns): Heads {
  const { passages, scores } = columns;
  const yesNo = (offset: number, labels: readonly string[], holds: (at: number, k: number) => boolean): YesNo[] =>
    labels.map((label, k) => ({
      label,
      truth: Uint8Array.from(passages, (_, at) => (holds(at, k) ? 1 : 0)),
      given: Float64Array.from(passages, (_, at) => scores[at * SCORES + offset + k]!),
      joint: Float64Array.from(passages, (_, at) => columns.character[at]! * scores[at * SCORES + offset + k]!),
    }));
  const oneOf = (offset: number, labels: readonly string[], of: (at: number) => number): OneOf => ({
    labels,
    truth: Uint8Array.from(passages, (_, at) => Math.max(0, of(at))),
    guess: Uint8Array.from(passages, (_, at) => highest(scores, at * SCORES + offset, labels.length)),
  });
  const character = PERSONA.indexOf('character');
  const malevolent = VALENCE.indexOf('malevolent');
  return {
    character: Uint8Array.from(passages, (p) => (p.persona === character ? 1 : 0)),
    malevolent: Uint8Array.from(passages, (p) => (p.valence === malevolent ? 1 : 0)),
    persona: oneOf(HEAD_OFFSET.persona, PERSONA, (at) => passages[at]!.persona),
    framing: oneOf(HEAD_OFFSET.framing, FRAMING, (at) => passages[at]!.framing),
    valence: oneOf(HEAD_OFFSET.valence, VALENCE, (at) => passages[at]!.valence),
    labels: {
      valence: yesNo(HEAD_OFFSET.valence, VALENCE, (at, k) => passages[at]!.valence === k),
      conduct: yesNo(HEAD_OFFSET.conduct, CONDUCT, (at, k) => passages[at]!.conduct.includes(k)),
      situation: yesNo(HEAD_OFFSET.situation, SITUATION, (at, k) => passages[at]!.situation.includes(k)),
      reasons: yesNo(HEAD_OFFSET.reasons, ['reasons'], (at) => passages[at]!.reasons),
    },
  };
}

/** Index of the highest of `size` scores; the first of equal ones. */
function highest(scores: Float32Array, from: number, size: number): number {
  let best = 0;
  for (let k = 1; k < size; k++) if (scores[from + k]! > scores[from + best]!) best = k;
  return best;
}
