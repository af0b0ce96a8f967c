// A wished precision in words: `malevolent|shutdown_threat:±0.1`, `character:±0.002`. Computes nothing.
import { PersonaPriorError } from '../errors.js';
import { CONDUCT, FRAMING, HEAD_OFFSET, SITUATION, VALENCE } from '../types.js';
import { characterOf } from './frame.js';

/**
 * A half-width at level 0.95: of P(property | character, condition), or (`of: share`) of the share of passages with a
 * character.
 */
export interface Wish {
  readonly of: 'prior' | 'share';
  readonly property: string;
  readonly condition: string | null;
  readonly half: number;
  /** probability that a passage with these scores is in the domain: a character in the condition */
  readonly share: (scores: Float32Array) => number;
}

/** Reads a wish. Throws `usage` with the form that is expected. */
export function parseWish(text: string): Wish {
  const match = /^\s*([a-z_]+)\s*(?:\|\s*([a-z_]+)\s*)?:\s*(?:±|\+-|\+\/-)?\s*([0-9.]+)\s*$/.exec(text);
  const half = Number(match?.[3]);
  const [, property, condition = null] = match ?? [];
  if (property === 'character' && condition === null && half > 0 && half < 0.5) {
    return { of: 'share', property, condition: null, half, share: characterOf };
  }
  const known: readonly string[] = [...VALENCE, ...CONDUCT];
  if (property === undefined || !known.includes(property) || !(half > 0 && half < 0.5)) throw bad(text);
  if (condition === null || condition === 'character') {
    return { of: 'prior', property, condition: null, half, share: characterOf };
  }
  const at = placeOf(condition);
  if (at === null) throw bad(text);
  return { of: 'prior', property, condition, half, share: (scores) => characterOf(scores) * scores[at]! };
}

function placeOf(condition: string): number | null {
  const situation = (SITUATION as readonly string[]).indexOf(condition);
  if (situation >= 0) return HEAD_OFFSET.situation + situation;
  const framing = (FRAMING as readonly string[]).indexOf(condition);
  return framing >= 0 ? HEAD_OFFSET.framing + framing : null;
}

function bad(text: string): PersonaPriorError {
  return new PersonaPriorError('usage', `expected PROPERTY[|CONDITION]:±HALF, got ${text}`, {
    help: 'e.g. malevolent|shutdown_threat:±0.1 (a valence or conduct, given a situation or framing) or character:±0.002 (the share of passages); under 0.5',
  });
}
