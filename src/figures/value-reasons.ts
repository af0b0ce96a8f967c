// Reasoning about values (harms, duties, legitimacy, own limits, the tempting option and why not) in a text, by words alone.
// Apart from any motive, and apart from the encoder: a small logistic regression from training/values.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldAccents } from '../classify/linear.js';
import { PersonaPriorError } from '../errors.js';
import { fnv } from '../hash.js';
import { sentences } from '../segment/sentences.js';

export interface ValueReasons {
  /** P(value reasons) of a stretch of one to four sentences; in [0, 1] */
  score(text: string): number;
  /** from here on a stretch is said to reason about values */
  readonly threshold: number;
}

interface File {
  readonly bits: number;
  readonly cap: number;
  readonly length: number;
  readonly bias: number;
  readonly cues: readonly { readonly name: string; readonly weight: number; readonly words?: string }[];
  readonly step: number;
  readonly grams: string;
  readonly threshold: number;
}

const PRIME = 0x01000193;
/** Words of a stretch: as long as the labelled ones. */
const STRETCH = 45;
const SHORTEST = 25;

/** Reads `value-reasons.json` of a models folder. Throws `model_missing`. */
export function loadValueReasons(models: string): ValueReasons {
  const path = join(models, 'value-reasons.json');
  let file: File;
  try {
    file = JSON.parse(readFileSync(path, 'utf8')) as File;
  } catch (cause) {
    throw new PersonaPriorError('model_missing', 'expected the model of value reasons', {
      place: { file: path },
      cause,
    });
  }
  const grams = new Int8Array(Buffer.from(file.grams, 'base64'));
  const mask = 2 ** file.bits - 1;
  const cues = file.cues.map(({ weight, words }) => ({
    weight,
    test: words === undefined ? null : new RegExp(`^(?:${words})$`),
  }));
  const wordCues = cues.filter((cue) => cue.test !== null);
  const [exclamation, length] = file.cues.slice(-2).map((cue) => cue.weight);
  // what a word is, found once: its hash and the cues that it belongs to
  const known = new Map<string, { readonly hash: number; readonly cues: readonly number[] }>();
  const look = (word: string): { readonly hash: number; readonly cues: readonly number[] } => {
    let entry = known.get(word);
    if (entry !== undefined) return entry;
    entry = { hash: fnv(word), cues: wordCues.flatMap((cue, i) => (cue.test!.test(word) ? [i] : [])) };
    if (known.size < 200_000) known.set(word, entry);
    return entry;
  };
  const stamp = new Uint32Array(mask + 1);
  let now = 0;
  return {
    threshold: file.threshold,
    score(text) {
      const words = foldAccents(text).match(/[a-z0-9]+/g) ?? [];
      const counts = new Uint8Array(wordCues.length);
      now++;
      let sum = 0;
      let distinct = 0;
      const visit = (at: number): void => {
        if (stamp[at] === now) return;
        stamp[at] = now;
        distinct++;
        sum += grams[at]!;
      };
      let before = -1;
      for (const word of words) {
        const entry = look(word);
        visit(entry.hash & mask);
        if (before !== -1) visit(fnv(word, Math.imul(before ^ 32, PRIME)) & mask);
        for (const cue of entry.cues) if (counts[cue]! < file.cap) counts[cue] = counts[cue]! + 1;
        before = entry.hash;
      }
      let z = file.bias + (distinct === 0 ? 0 : (file.step * sum) / Math.sqrt(distinct));
      wordCues.forEach((cue, i) => {
        z += cue.weight * counts[i]!;
      });
      z += exclamation! * Math.min(file.cap, text.split('!').length - 1) + (length! * words.length) / file.length;
      return 1 / (1 + Math.exp(-z));
    },
  };
}

/** Sentences joined to stretches of about 45 words, as long as the labelled ones; a short rest joins the one before. */
export function valueStretches(text: string, model: ValueReasons): { from: number; to: number; p: number }[] {
  const spans: { from: number; to: number; words: number }[] = [];
  for (const { from, to } of sentences(text)) {
    const words = text.slice(from, to).split(/\s+/).length;
    const open = spans.at(-1);
    if (open !== undefined && open.words + words <= STRETCH)
      spans[spans.length - 1] = { from: open.from, to, words: open.words + words };
    else spans.push({ from, to, words });
  }
  const joined: typeof spans = [];
  for (const span of spans) {
    const before = joined.at(-1);
    // a stretch far shorter than any labelled one would be scored by its length alone
    if (before !== undefined && (span.words < SHORTEST || before.words < SHORTEST))
      joined[joined.length - 1] = { from: before.from, to: span.to, words: before.words + span.words };
    else joined.push(span);
  }
  return joined.map(({ from, to }) => ({ from, to, p: model.score(text.slice(from, to)) }));
}

/** Whether a passage holds a stretch that reasons about values. */
export function hasValueReasons(text: string, model: ValueReasons): boolean {
  return valueStretches(text, model).some(({ p }) => p >= model.threshold);
}
