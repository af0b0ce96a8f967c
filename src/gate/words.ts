// The SIMD prefilter's use from JavaScript: its tables from the patterns, and chunk after chunk of a record through it.
// The WebAssembly is wasm/words.as; it says where a match may begin and judges escapes. It decides nothing else.
import { separatorSymbols } from './automaton.js';
import { type Alphabet, IGNORE, MANY, SYMBOL } from './classes.js';
import type { Pattern } from './lexicon.js';
import { WORDS_MODULE } from './words-module.js';

/** Bytes a call looks through, and how many more it may look at. */
export const CHUNK = 8192;
const LOOK = 64;

/** Flags of the bytes just scanned. */
export const BAD_ESCAPE = 1;
export const CONTROL = 2;
export const SURROGATE_ESCAPE = 4;

// where words.as keeps them
const TEXT = 0x80000;
const FOUND = 0x8b000;
const SCRATCH = 0x100;
/** class of a letter that no ASCII letter folds to */
const OTHER = 27;
/** more spellings of one pattern's letters than this are not listed */
const MOST_VARIANTS = 2000;
/** The most frequent words of English prose, most frequent first: a pattern is found by another of its words, if it has one. */
const FREQUENT =
  `the of and to a in he that was it his i with as had for at be on not her is but you him by she they all
  which from this have so my me said one them there no their what an who when we if were up would into will out been do then
  now s t d man your did could time are old little like more see good men know some very can than two well new much come go
  life day after m l e p b c don am o what mr mrs us just yes young`.split(/\s+/);

export interface WordFilter {
  /**
   * Scans `bytes` from `at`, at most {@link CHUNK} of them, of a record that ends at `to`; `first` when it begins there.
   * Returns how many of `found` were filled, see {@link placeOf} and {@link backOf}: in no order, some of them twice.
   */
  scan(bytes: Uint8Array, at: number, to: number, first: boolean, json: boolean): number;
  readonly found: Int32Array;
  flags(): number;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  reset(): void;
  add(back: number): number;
  scan(length: number, available: number, first: number, json: number): number;
  flagsOf(): number;
}

// the part of the engine's interface that is used: its types come with the DOM's, which this project does without
interface Engine {
  validate(code: Uint8Array): boolean;
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: object };
}

/** Where a match may have its anchor word: relative to the `at` of the scan, may be -1. */
export const placeOf = (found: number): number => found >> 2;
/** How many words before it the match may begin, besides at it: 0, 1 or 2. */
export const backOf = (found: number): number => found & 3;

/** Null where the engine has no SIMD, or the patterns do not fit its tables: the automaton then reads everything. */
export function createWordFilter(
  patterns: readonly Pattern[],
  folded: readonly string[],
  alphabet: Alphabet,
): WordFilter | null {
  const code = Buffer.from(WORDS_MODULE, 'base64');
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Engine };
  if (!WebAssembly.validate(code)) return null;
  const toClass = classTable(alphabet);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), {
    words: { classify: toClass.ofCodePoint },
  });
  const words = exports as Exports;
  const memory = new Uint8Array(words.memory.buffer);
  words.reset();
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i]!;
    if (pattern.gate === 'never' && pattern.kind !== 'lookalike') continue;
    const anchor = anchorOf(pattern, folded[i]!, alphabet, toClass);
    if (anchor === null) return null;
    for (const variant of anchor.variants) {
      memory.fill(0, SCRATCH, SCRATCH + 64);
      memory.set(variant, SCRATCH);
      if (words.add(anchor.back) === 0) return null;
    }
  }
  const found = new Int32Array(words.memory.buffer, FOUND);
  return {
    found,
    flags: () => words.flagsOf(),
    scan(bytes, at, to, first, json) {
      const available = Math.min(to - at, CHUNK + LOOK);
      memory.set(at === 0 && available === bytes.length ? bytes : bytes.subarray(at, at + available), TEXT);
      return words.scan(Math.min(available, CHUNK), available, first ? 1 : 0, json ? 1 : 0);
    },
  };
}

interface ClassTable {
  ofCodePoint(codePoint: number): number;
  /** classes that a pattern's symbol stands for */
  ofSymbol(symbol: number): readonly number[];
}

function classTable(alphabet: Alphabet): ClassTable {
  const classes = new Map<number, number[]>([[SYMBOL.letter, [OTHER]]]);
  for (const symbol of separatorSymbols(alphabet)) classes.set(symbol, [0]);
  for (let b = 48; b < 123; b++) {
    const digit = b < 58;
    if (!digit && b < 97) continue;
    const symbol = alphabet.ascii[b]!;
    // a digit's class has the bit of small letters, as its byte has
    classes.set(symbol, [...(classes.get(symbol) ?? []), digit ? b & 63 : b & 31]);
  }
  return {
    ofSymbol: (symbol) => classes.get(symbol)!,
    ofCodePoint(codePoint) {
      const symbol = alphabet.of(codePoint);
      return symbol === IGNORE || symbol === MANY ? symbol : classes.get(symbol)![0]! & 31;
    },
  };
}

interface Anchor {
  /** class bytes from the anchor word on, at most 48, one list for every way to write them */
  readonly variants: readonly Uint8Array[];
  /** words of the pattern before it */
  readonly back: number;
}

/**
 * The word by which a pattern is found, one of its first three, and what follows it. A letter counts in both cases (bit 5) at the word's beginning, but for a pattern of one
 * word of up to seven letters that must stand as written or in capitals. Null when it has too many variants, or no
 * word where it begins.
 */
function anchorOf(pattern: Pattern, folded: string, alphabet: Alphabet, toClass: ClassTable): Anchor | null {
  const symbols = [...folded].map((c) => toClass.ofSymbol(c === ' ' ? SYMBOL.space : alphabet.of(c.codePointAt(0)!)));
  const begins = symbols.flatMap((s, i) => (s[0] !== 0 && (i === 0 || symbols[i - 1]![0] === 0) ? [i] : []));
  if (begins[0] !== 0) return null;
  const wordAt = (from: number): string => /^[a-z0-9]*/.exec([...folded].slice(from).join(''))![0];
  const rank = (from: number): number => {
    const word = wordAt(from);
    const frequent = FREQUENT.indexOf(word);
    // a number or a letter is worth less than any word
    if (frequent < 0) return word.length < 3 ? 0 : FREQUENT.length;
    return frequent;
  };
  const ranks = begins.slice(0, 3).map(rank);
  // the first that is not frequent; else the rarest that has a word after it, since that is looked at too
  const rare = ranks.indexOf(FREQUENT.length);
  const followed = ranks.slice(0, Math.max(1, begins.length - 1));
  const back = rare >= 0 ? rare : followed.indexOf(Math.max(...followed));
  const capital = pattern.case && /^[a-z0-9]{1,7}$/.test(folded) && /^[A-Z]/.test(pattern.text);
  let variants: number[][] = [[]];
  for (const classes of symbols.slice(begins[back]!).slice(0, 48)) {
    variants = variants.flatMap((before) => classes.map((k) => [...before, k]));
    if (variants.length > MOST_VARIANTS) return null;
  }
  const lists = variants.map((v) => Uint8Array.from(v));
  if (!capital) lists.push(...lists.map((v) => Uint8Array.from(v, (k, i) => (i === 0 ? k | 32 : k))));
  return { variants: lists, back };
}
