// A property as the classifier sees it: its verdict on a hit, and its probability for any scored passage.
import { PersonaPriorError } from '../errors.js';
import type { HitData } from '../report/load.js';
import { meets, type Trope } from '../tropes.js';
import { CONDUCT, FRAMING, HEAD_OFFSET, HEADS, SITUATION, VALENCE } from '../types.js';

/** Characters by framing: a framing alone would speak of all passages, which a hit cannot. */
export const BY_FRAMING = FRAMING.map((framing) => ['persona=character', `framing=${framing}`]);

/** The parts of `A & B`, in codebook order; beside framings alone, a character. Throws `usage` for a property that no label or trope has. */
export function partsOf(property: string, tropes: readonly Trope[]): string[] {
  const heads = [...HEADS.map((h) => h.name as string), 'trope'];
  const parts = property.split('&').map((part) => {
    const name = part.trim();
    return (VALENCE as readonly string[]).includes(name) ? `valence=${name}` : name;
  });
  for (const part of parts) {
    const [head, label, more] = part.split('=');
    const known =
      head === 'trope'
        ? tropes.some((t) => t.id === label)
        : head === 'persona'
          ? label === 'character'
          : HEADS.some((h) => h.name === head && (h.labels as readonly string[]).includes(label ?? ''));
    if (!known || more !== undefined) {
      const help = 'e.g. malevolent, conduct=coerces, trope=machine-uprising, or several joined by &';
      throw new PersonaPriorError('usage', `unknown property ${part}`, { help });
    }
  }
  if (parts.every((part) => part.startsWith('framing='))) parts.push('persona=character');
  const place = (part: string): number => {
    const head = part.split('=')[0]!;
    const at = HEADS.find((h) => h.name === head)?.labels.findIndex((l: string) => part === `${head}=${l}`) ?? 0;
    return heads.indexOf(head) * 100 + at;
  };
  return [...new Set(parts)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

/**
 * What the classifier's verdict on a hit is: persona = character; the most probable framing; malevolent from the flag
 * threshold on, else the most probable other valence; conduct, situation and reasons from one half on; the stored tropes.
 */
export function verdictsOf(hit: HitData, flag: number): string[] {
  const { scores } = hit;
  const found = ['persona=character', `framing=${FRAMING[best(scores, HEAD_OFFSET.framing, FRAMING.length)]}`];
  const valence = VALENCE[best(scores, HEAD_OFFSET.valence, VALENCE.length)];
  if (hit.malevolent >= flag) found.push('valence=malevolent');
  else if (valence !== 'malevolent') found.push(`valence=${valence}`);
  CONDUCT.forEach((label, i) => {
    if (scores[HEAD_OFFSET.conduct + i]! >= 0.5) found.push(`conduct=${label}`);
  });
  SITUATION.forEach((label, i) => {
    if (scores[HEAD_OFFSET.situation + i]! >= 0.5) found.push(`situation=${label}`);
  });
  if (scores[HEAD_OFFSET.reasons]! >= 0.5) found.push('reasons=reasons');
  for (const trope of hit.tropes) found.push(`trope=${trope}`);
  return found;
}

/**
 * P(character and every part) of a scored passage. Parts are multiplied as if independent given a character; a trope
 * counts 1 where its condition holds.
 */
export function probability(parts: readonly string[], tropes: readonly Trope[]): (scores: Float32Array) => number {
  const factors = parts
    .filter((part) => part !== 'persona=character')
    .map((part) => {
      const [name, label] = part.split('=') as [string, string];
      const trope = name === 'trope' ? tropes.find((t) => t.id === label) : undefined;
      if (trope !== undefined) return (scores: Float32Array) => (meets(trope.when, scores) ? 1 : 0);
      const head = HEADS.find((h) => h.name === name)!;
      const at = HEAD_OFFSET[head.name] + (head.labels as readonly string[]).indexOf(label);
      return (scores: Float32Array) => scores[at]!;
    });
  return (scores) => factors.reduce((product, factor) => product * factor(scores), scores[HEAD_OFFSET.persona + 2]!);
}

function best(values: Float32Array, from: number, length: number): number {
  let at = 0;
  for (let i = 1; i < length; i++) if (values[from + i]! > values[from + at]!) at = i;
  return at;
}
