// The passages that the encoder got most surely wrong. Text only where it was asked for, and shortened.
import { FRAMING, PERSONA, SCORES, VALENCE } from '../types.js';
import type { Heads } from './heads.js';
import type { Columns } from './judge.js';
import type { Worst } from './model.js';

const MOST = 20;
/** Code points of a shown text. */
const SHOWN = 400;

export interface WorstOptions {
  /** joint P(malevolent) from which on a passage counts as guessed malevolent */
  readonly flag: number;
  readonly showText: boolean;
}

/**
 * - `persona`: another persona is more probable than the true one; lowest probability of the true one first.
 * - `malevolent`: on the wrong side of the flag threshold; greatest distance of the joint probability from the truth first.
 */
export function worstOf(
  columns: Columns,
  heads: Heads,
  { flag, showText }: WorstOptions,
): { persona: Worst[]; malevolent: Worst[] } {
  const { passages, scores, malevolent } = columns;
  const truly = (at: number): number => scores[at * SCORES + heads.persona.truth[at]!]!;
  const off = (at: number): number => Math.abs(heads.malevolent[at]! - malevolent[at]!);
  const all = passages.map((_, at) => at);
  const pick = (wrong: (at: number) => boolean, by: (a: number, b: number) => number): Worst[] =>
    all
      .filter(wrong)
      .sort((a, b) => by(a, b) || a - b)
      .slice(0, MOST)
      .map((at) => describe(columns, heads, at, showText));
  return {
    persona: pick(
      (at) => heads.persona.guess[at] !== heads.persona.truth[at],
      (a, b) => truly(a) - truly(b),
    ),
    malevolent: pick(
      (at) => malevolent[at]! >= flag !== (heads.malevolent[at] === 1),
      (a, b) => off(b) - off(a),
    ),
  };
}

function describe(columns: Columns, heads: Heads, at: number, showText: boolean): Worst {
  const { line, id, source, doc, text, persona, framing, valence } = columns.passages[at]!;
  return {
    line,
    id,
    source,
    doc,
    label: { persona: PERSONA[persona]!, framing: FRAMING[framing]!, valence: VALENCE[valence] ?? 'na' },
    guess: {
      persona: PERSONA[heads.persona.guess[at]!]!,
      framing: FRAMING[heads.framing.guess[at]!]!,
      valence: VALENCE[heads.valence.guess[at]!]!,
    },
    character: columns.character[at]!,
    malevolent: columns.malevolent[at]!,
    ...(showText ? { text: shortened(text) } : {}),
  };
}

function shortened(text: string): string {
  const points = [...text.replace(/\s+/g, ' ').trim()];
  return points.length <= SHOWN ? points.join('') : `${points.slice(0, SHOWN).join('')}…`;
}
