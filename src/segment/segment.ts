// A document's text to passages: about 60-220 words, cut at sentence ends, inside the encoder's window, with exact offsets.
// It decides nothing about what a passage says.
import type { Passage } from '../types.js';
import { isSpace, type Sentence, sentences } from './sentences.js';

/** A passage is closed at a paragraph's end from here on… */
const GOOD_WORDS = 110;
/** …at any sentence's end from here on… */
const FULL_WORDS = 150;
/** …and never grows past this. */
const MAX_WORDS = 220;
/** A shorter rest joins the passage before it where that fits. */
const MIN_WORDS = 60;
/** Estimated WordPiece tokens of a passage; the encoder's window leaves 333 for it, see the model's INPUT.md. */
const MAX_WEIGHT = 300;

interface Piece {
  from: number;
  to: number;
  words: number;
  weight: number;
  paragraph: boolean;
}

/**
 * Cuts a text into passages in order. They do not overlap, and all that lies between them is white space.
 * A text without any non-space character gives none; a text under 60 words gives one.
 */
export function segment(text: string): Passage[] {
  const pieces: Piece[] = [];
  for (const sentence of sentences(text)) cutLong(text, sentence, pieces);
  return withCodePoints(text, join(pieces));
}

/** Number of words: runs of non-space characters that hold a letter or a digit. */
export function countWords(text: string): number {
  return measure(text, 0, text.length).words;
}

/** A sentence over the limits (a table, a list, base64) is cut at the last white space that fits, else inside the run. */
function cutLong(text: string, sentence: Sentence, pieces: Piece[]): void {
  let from = sentence.from;
  while (from < sentence.to) {
    const { words, weight, stop } = measure(text, from, sentence.to);
    const last = stop >= sentence.to;
    pieces.push({ from, to: trimEnd(text, from, stop), words, weight, paragraph: last && sentence.paragraph });
    from = stop;
    while (from < sentence.to && isSpace(text.charCodeAt(from))) from++;
  }
}

function trimEnd(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isSpace(text.charCodeAt(end - 1))) end--;
  return end;
}

function join(pieces: readonly Piece[]): Piece[] {
  const passages: Piece[] = [];
  let open: Piece | undefined;
  for (const piece of pieces) {
    if (open !== undefined && !fits(open, piece)) {
      passages.push(open);
      open = undefined;
    }
    open = open === undefined ? { ...piece } : merge(open, piece);
    if (open.words >= FULL_WORDS || (open.words >= GOOD_WORDS && open.paragraph)) {
      passages.push(open);
      open = undefined;
    }
  }
  if (open !== undefined) {
    const previous = passages[passages.length - 1];
    if (open.words < MIN_WORDS && previous !== undefined && fits(previous, open)) {
      passages[passages.length - 1] = merge(previous, open);
    } else {
      passages.push(open);
    }
  }
  return passages;
}

function fits(a: Piece, b: Piece): boolean {
  return a.words + b.words <= MAX_WORDS && a.weight + b.weight <= MAX_WEIGHT;
}

function merge(a: Piece, b: Piece): Piece {
  return {
    from: a.from,
    to: b.to,
    words: a.words + b.words,
    weight: a.weight + b.weight,
    paragraph: b.paragraph,
  };
}

/**
 * Counts words and estimated tokens from `from` on and says where the limits are reached (`stop`, at white space where
 * there is one). The estimate: a run of up to 6 ASCII letters is one token, then one more per 3 letters; every digit pair,
 * punctuation mark and other character is one. Exact counting would cost as much as the linear tier.
 */
function measure(text: string, from: number, to: number): { words: number; weight: number; stop: number } {
  let words = 0;
  let weight = 0;
  let letters = 0;
  let digits = 0;
  let hasWord = false;
  let lastSpace = -1;
  let atSpace = { words: 0, weight: 0 };
  for (let i = from; i < to; i++) {
    const unit = text.charCodeAt(i);
    if (isSpace(unit)) {
      if (hasWord) words++;
      hasWord = false;
      letters = 0;
      digits = 0;
      lastSpace = i;
      atSpace = { words, weight };
      continue;
    }
    const letter = (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
    if (letter) {
      digits = 0;
      if (letters === 0 || (letters >= 6 && letters % 3 === 0)) weight++;
      letters++;
      hasWord = true;
    } else {
      letters = 0;
      if (unit >= 48 && unit <= 57) {
        if (digits % 2 === 0) weight++;
        digits++;
        hasWord = true;
      } else {
        digits = 0;
        weight++;
        if (unit >= 0xaa && !(unit >= 0x2010 && unit <= 0x2e7f)) hasWord = true;
      }
    }
    if (words + (hasWord ? 1 : 0) > MAX_WORDS || weight > MAX_WEIGHT) {
      if (lastSpace > from) return { ...atSpace, stop: lastSpace + 1 };
      const low = unit >= 0xdc00 && unit <= 0xdfff;
      return {
        words: Math.max(1, words),
        weight: MAX_WEIGHT,
        stop: low && i - 1 > from ? i - 1 : Math.max(i, from + 1),
      };
    }
  }
  if (hasWord) words++;
  return { words, weight, stop: to };
}

/** UTF-16 ranges to passages that also count code points, in one walk; plain BMP text costs nothing. */
function withCodePoints(text: string, pieces: readonly Piece[]): Passage[] {
  const astral = /[\ud800-\udbff]/.test(text);
  let unit = 0;
  let point = 0;
  const pointAt = (index: number): number => {
    if (!astral) return index;
    for (; unit < index; unit++) {
      const c = text.charCodeAt(unit);
      if (c >= 0xd800 && c <= 0xdbff && unit + 1 < text.length) {
        const d = text.charCodeAt(unit + 1);
        if (d >= 0xdc00 && d <= 0xdfff) continue; // the low half counts
      }
      point++;
    }
    return point;
  };
  return pieces.map((piece) => {
    const start = pointAt(piece.from);
    return { start, end: pointAt(piece.to), from: piece.from, to: piece.to, words: piece.words };
  });
}
