// The linear tier: logistic regression on hashed word n-grams, straight from UTF-8 bytes. Rejects what is plainly no persona.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PersonaPriorError } from '../errors.js';
import { loadCard, type ModelCard } from './card.js';

export interface Linear {
  readonly card: ModelCard;
  /** P(persona = character) as the linear tier sees it, from the text alone; in [0, 1]. */
  score(text: string): number;
  /** distinct features of the text (for tests of parity with the training code) */
  features(text: string): number;
}

const HEADER = 20;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Loads `linear.bin`: see training/INPUT.md for its header. Throws `model_missing` or `model_changed`. */
export function loadLinear(folder: string): Linear {
  const card = loadCard(folder);
  const path = join(folder, 'linear.bin');
  const file = readFileSync(path);
  const { weights, bias, mask } = parseWeights(file, path);
  const buckets = mask + 1;
  // which buckets this text has met: a stamp per text, so that nothing is cleared
  const seen = new Uint32Array(buckets);
  let stamp = 0;
  const encoder = new TextEncoder();
  let bytes = new Uint8Array(1 << 14);

  let sum = 0;
  let distinct = 0;
  const visit = (hash: number): void => {
    const bucket = hash & mask;
    if (seen[bucket] === stamp) return;
    seen[bucket] = stamp;
    distinct++;
    sum += weights[bucket]!;
  };

  /** Tokens are runs of [a-z0-9] after folding of case and accents; features are tokens and pairs joined by one space. */
  const scan = (text: string): void => {
    stamp = (stamp + 1) >>> 0;
    if (stamp === 0) {
      seen.fill(0);
      stamp = 1;
    }
    sum = 0;
    distinct = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test is for ASCII
    const plain = /^[\x00-\x7f]*$/.test(text);
    const folded = plain ? text : foldAccents(text);
    if (bytes.length < folded.length * 3) bytes = new Uint8Array(folded.length * 3);
    const { written } = encoder.encodeInto(folded, bytes);
    let word = FNV_OFFSET;
    let pair = 0;
    let inWord = false;
    let hasPair = false;
    for (let i = 0; i <= written; i++) {
      const raw = i < written ? bytes[i]! : 32;
      const b = plain && raw >= 65 && raw <= 90 ? raw + 32 : raw;
      if ((b >= 97 && b <= 122) || (b >= 48 && b <= 57)) {
        word = Math.imul(word ^ b, FNV_PRIME);
        if (hasPair) pair = Math.imul(pair ^ b, FNV_PRIME);
        inWord = true;
      } else if (inWord) {
        visit(word >>> 0);
        if (hasPair) visit(pair >>> 0);
        // the next pair begins with this word and a space
        pair = Math.imul(word ^ 32, FNV_PRIME);
        hasPair = true;
        word = FNV_OFFSET;
        inWord = false;
      }
    }
  };

  return {
    card,
    score(text) {
      scan(text);
      return 1 / (1 + Math.exp(-(bias + (distinct === 0 ? 0 : sum / Math.sqrt(distinct)))));
    },
    features(text) {
      scan(text);
      return distinct;
    },
  };
}

/**
 * Small letters without accents (U+0300 to U+036F after NFKD). Capitals that the decomposition itself brings ("™") divide, as
 * in training. Plain ASCII is folded byte by byte instead.
 */
export function foldAccents(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '');
}

/** Header: "PPLR", uint32 version, uint32 log2(buckets), float32 scale, float32 bias; then int8 weights; little-endian. */
function parseWeights(file: Buffer, path: string): { weights: Float32Array; bias: number; mask: number } {
  const magic = file.toString('latin1', 0, 4);
  const bits = file.length >= HEADER ? file.readUInt32LE(8) : 0;
  const buckets = 2 ** bits;
  if (magic !== 'PPLR' || bits < 8 || bits > 24 || file.length !== HEADER + buckets) {
    throw new PersonaPriorError('model_missing', 'expected weights of the linear tier (PPLR)', {
      place: { file: path },
    });
  }
  const scale = file.readFloatLE(12);
  const weights = new Float32Array(buckets);
  for (let i = 0; i < buckets; i++) weights[i] = file.readInt8(HEADER + i) * scale;
  return { weights, bias: file.readFloatLE(16), mask: buckets - 1 };
}
