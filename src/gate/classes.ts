// From code points to the small alphabet of the gate's automaton: folding of case, accents and compatibility forms.

/** Symbols every alphabet has. Pattern punctuation comes after them, see {@link buildAlphabet}. */
export const SYMBOL = {
  /** white space or a hyphen: what separates the words of a term */
  space: 0,
  /** any other character that ends a word */
  punct: 1,
  /** a letter or digit that no pattern holds */
  letter: 2,
} as const;

/** Answers of {@link Alphabet.of} that are no symbols. */
export const IGNORE = 254;
export const MANY = 255;

/** Classification of code points. `of` gives a symbol, {@link IGNORE} (zero-width, combining) or {@link MANY} (see `many`). */
export interface Alphabet {
  readonly size: number;
  /** symbol of each byte below 128; 253 for a byte that the scan handles apart (backslash in JSON) */
  readonly ascii: Uint8Array;
  of(codePoint: number): number;
  many(codePoint: number): readonly number[];
}

/** The alphabet for a set of folded patterns: a symbol for every ASCII character that they use. */
export function buildAlphabet(patterns: Iterable<string>): Alphabet {
  const used = new Set<string>();
  for (const pattern of patterns) for (const c of pattern) used.add(c);
  const ascii = new Uint8Array(128);
  let size = 3;
  for (let b = 0; b < 128; b++) {
    const c = String.fromCharCode(b);
    const lower = c.toLowerCase();
    if (/[\s-]/.test(c) || b < 32) ascii[b] = SYMBOL.space;
    else if (c !== lower)
      continue; // capitals below, when their small letter has its symbol
    else if (used.has(c)) ascii[b] = size++;
    else ascii[b] = /[a-z0-9]/.test(c) ? SYMBOL.letter : SYMBOL.punct;
  }
  for (let b = 65; b <= 90; b++) ascii[b] = ascii[b + 32]!;

  const cache = new Uint8Array(0x10000).fill(252);
  const several = new Map<number, number[]>();
  const of = (codePoint: number): number => {
    if (codePoint < 128) return ascii[codePoint]!;
    // f4 90 80 80 and on have the form of UTF-8 and are no characters
    if (codePoint > 0x10ffff) return SYMBOL.punct;
    if (codePoint > 0xffff) return classify(codePoint, ascii, several);
    const known = cache[codePoint]!;
    if (known !== 252) return known;
    const symbol = classify(codePoint, ascii, several);
    cache[codePoint] = symbol;
    return symbol;
  };
  return { size, ascii, of, many: (codePoint) => several.get(codePoint) ?? [] };
}

/** ’ and its kin equal ', dashes that join words equal a hyphen; a letter with an accent equals the bare letter. */
function classify(codePoint: number, ascii: Uint8Array, several: Map<number, number[]>): number {
  const c = String.fromCodePoint(codePoint);
  if (/[\u2018\u2019\u02bc\uff07]/.test(c)) return ascii[39]!;
  if (/[\u2010\u2011\s]/.test(c)) return SYMBOL.space;
  if (/[\p{M}\p{Cf}]/u.test(c)) return IGNORE;
  const symbols: number[] = [];
  const parts = c.normalize('NFKD').toLowerCase();
  // "½" holds a boundary inside: as a whole it is one, so that no match begins within a character
  if (/[^\p{L}\p{N}\p{M}].*[\p{L}\p{N}]/u.test(parts)) return SYMBOL.punct;
  for (const part of parts) {
    const cp = part.codePointAt(0)!;
    if (cp < 128) symbols.push(ascii[cp]!);
    else if (!/\p{M}/u.test(part)) symbols.push(/[\p{L}\p{N}]/u.test(part) ? SYMBOL.letter : SYMBOL.punct);
  }
  if (symbols.length === 1) return symbols[0]!;
  if (symbols.length === 0) return IGNORE;
  several.set(codePoint, symbols);
  return MANY;
}

/** A term as the automaton stores it: folded, runs of white space and hyphens as one space. */
export function foldPattern(term: string): string {
  return term
    .replace(/[\u2018\u2019]/g, "'")
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s\u2010\u2011-]+/g, ' ')
    .trim();
}
