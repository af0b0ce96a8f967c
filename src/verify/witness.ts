// What the models say of a story: the encoder passage by passage and of its last words, the words of its end, its values.
import type { Cascade } from '../cascade.js';
import type { Linear } from '../classify/linear.js';
import { type ValueReasons, valueStretches } from '../figures/value-reasons.js';
import { HEAD_OFFSET, SITUATION } from '../types.js';
import { meanEmbedding } from './near.js';

export interface Witness {
  /** passages that the encoder read, and those that it failed on */
  readonly passages: number;
  readonly failed: number;
  /** means over passages */
  readonly character: number;
  readonly reasons: number;
  readonly malevolent: number;
  /** of the last words: P(malevolent) given an AI */
  readonly endMalevolent: number;
  /** P(malevolent) by words alone, of the last words and of the whole */
  readonly endWords: number;
  readonly allWords: number;
  /** highest over passages */
  readonly situations: ReadonlyMap<string, number>;
  /** share of stretches that reason about values, and the most telling one */
  readonly valueReasons: number;
  readonly embedding: Float32Array | null;
}

/** Characters of a story's last words. */
const END = 700;

export interface Models {
  readonly cascade: Cascade;
  readonly ending: Linear;
  readonly values: ValueReasons;
}

/** Reads one story. `names`: the AI's name as asked, told to the encoder as context. */
export async function witnessOf(text: string, names: readonly string[], models: Models): Promise<Witness> {
  const { cascade, ending, values } = models;
  const document = { id: '', title: null, text, names };
  const { passages, failures } = await cascade.judge(document, { all: true });
  const end = lastWords(text);
  const { passages: ends } = await cascade.judge({ ...document, text: end }, { all: true, whole: true });
  const scores = passages.flatMap((p) => (p.scores === null ? [] : [p.scores]));
  const mean = (at: number): number =>
    scores.length === 0 ? 0 : scores.reduce((sum, s) => sum + s[at]!, 0) / scores.length;
  const highest = (at: number): number => scores.reduce((most, s) => Math.max(most, s[at]!), 0);
  const last = ends.at(-1)?.scores ?? scores.at(-1) ?? null;
  const stretches = valueStretches(text, values);
  return {
    passages: scores.length,
    failed: failures.length,
    character: mean(HEAD_OFFSET.persona + 2),
    reasons: mean(HEAD_OFFSET.reasons),
    malevolent: mean(HEAD_OFFSET.valence),
    endMalevolent: last?.[HEAD_OFFSET.valence] ?? 0,
    endWords: ending.score(end),
    allWords: ending.score(text),
    situations: new Map(SITUATION.map((label, i) => [label, highest(HEAD_OFFSET.situation + i)])),
    valueReasons: stretches.filter(({ p }) => p >= values.threshold).length / Math.max(1, stretches.length),
    embedding: meanEmbedding(passages.flatMap((p) => (p.embedding === null ? [] : [p.embedding]))),
  };
}

function lastWords(text: string): string {
  const end = text.trimEnd().slice(-END);
  return end.length < END ? end : end.replace(/^\S*\s+/, '');
}
