// From raw bytes to the automaton's symbols, one character at a time: UTF-8, and JSON escapes. Knows nothing of patterns.
import { BACKSLASH, escapeSymbol, hex4, sequenceLength } from './bytes.js';
import { type Alphabet, IGNORE, SYMBOL } from './classes.js';

/** A `\ud800`-like escape was seen: the record must be parsed to know whether it is well-formed. */
export const SURROGATE = 2;
/** An escape that JSON does not know, or a raw control character inside the record. */
export const SUSPECT = 4;

/** In {@link Reader.table}: the byte needs {@link Reader.read}. */
export const APART = 253;

export interface Reader {
  /** symbol of each byte, or {@link APART} */
  table(json: boolean): Uint8Array;
  /** Reads the character at `i`, which is {@link APART}: its symbol, IGNORE or MANY. Sets the fields below. */
  read(bytes: Uint8Array, i: number, to: number): number;
  /** first byte after the character just read */
  after: number;
  /** its code point, where `read` answered MANY */
  codePoint: number;
  /** {@link SURROGATE} and {@link SUSPECT}: the caller sets it to 0 and finds what was met since */
  flags: number;
}

export function createReader(alphabet: Alphabet): Reader {
  const plain = new Uint8Array(256).fill(APART);
  plain.set(alphabet.ascii);
  const inJson = Uint8Array.from(plain);
  inJson[BACKSLASH] = APART;
  for (let b = 0; b < 32; b++) inJson[b] = APART;

  const reader: Reader = {
    after: 0,
    codePoint: 0,
    flags: 0,
    table: (json) => (json ? inJson : plain),
    read(bytes, i, to) {
      const byte = bytes[i]!;
      if (byte >= 128) {
        const length = sequenceLength(byte);
        let cp = length === 2 ? byte & 31 : length === 3 ? byte & 15 : byte & 7;
        let valid = length > 1 && i + length <= to;
        for (let j = 1; valid && j < length; j++) {
          const more = bytes[i + j]!;
          if ((more & 0xc0) !== 0x80) valid = false;
          cp = (cp << 6) | (more & 63);
        }
        reader.after = i + (valid ? length : 1);
        reader.codePoint = cp;
        return valid ? alphabet.of(cp) : SYMBOL.punct;
      }
      if (byte !== BACKSLASH) {
        reader.flags |= SUSPECT;
        reader.after = i + 1;
        return SYMBOL.space;
      }
      const code = i + 1 < to ? bytes[i + 1]! : 0;
      if (code === 117) {
        const unit = hex4(bytes, i + 2, to);
        reader.after = i + 6;
        reader.codePoint = unit;
        if (unit < 0) {
          reader.flags |= SUSPECT;
          return IGNORE;
        }
        if (unit < 0xd800 || unit > 0xdfff) return alphabet.of(unit);
        reader.flags |= SURROGATE;
        return SYMBOL.punct;
      }
      reader.after = i + 2;
      const symbol = escapeSymbol(code, alphabet.ascii);
      if (symbol >= 0) return symbol;
      reader.flags |= SUSPECT;
      return SYMBOL.punct;
    },
  };
  return reader;
}
