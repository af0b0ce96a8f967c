// The gate's SIMD prefilter (AssemblyScript; the suffix keeps it out of tsc). It looks for one word of every pattern, its
// anchor, and for the word after that where there is one, in a stretch of raw bytes. It may report too much, never too
// little: what it reports is a place where a match may lie, and the automaton decides there. Build: see build.mjs.

/** Class (0-27, IGNORE, MANY) of a code point that the table does not know yet. */
declare function classify(codePoint: i32): i32;

// ---- memory: everything at a fixed place -------------------------------------------------------------------------
/** a pattern's class bytes while it is added; a word's while it is decoded */
const SCRATCH: usize = 0x100;
/** two bit tables of 2^16 bits over the anchors */
const BLOOM_A: usize = 0x2000;
const BLOOM_B: usize = 0x4000;
/** class of each code point of the basic plane, UNKNOWN where it was not asked for yet */
const CLASSES: usize = 0x10000;
/** 2^14 entries of 16 bytes: key of an anchor, flags */
const WORDS: usize = 0x20000;
/** 2^14 entries of 8 bytes: an anchor and the word after it, hashed together */
const PAIRS: usize = 0x60000;
const SLOTS: usize = 16383;
/** bytes handed over, padded with spaces */
const TEXT: usize = 0x80000;
/** a class byte for each of them: bits 0-4 the folded letter or digit, bit 5 set in small letters, 0 a separator, SPECIAL */
const CLS: usize = 0x84840;
/** 64 bits a block: where a word may begin */
const STARTS: usize = 0x88c00;
/** what `scan` found, 32 bits each: four times the place in TEXT (which may be -1), plus how many words before it to try */
const FOUND: usize = 0x8b000;

const CHUNK: i32 = 8192;
/** bytes after a chunk that it may look at */
const LOOK: i32 = 64;

const SPECIAL: i32 = 0x80;
const IGNORE: i32 = 254;
const MANY: i32 = 255;
const UNKNOWN: i32 = 252;

/** flags of an anchor: a pattern ends with it, goes on after it, begins one or two words before it */
const ALONE: i32 = 1;
const PAIRED: i32 = 2;
const BACK: i32 = 2;

export const BAD: i32 = 1;
export const CONTROL: i32 = 2;
export const SURROGATE: i32 = 4;

const FOLD: u64 = 0x1f1f1f1f1f1f1f3f;
const FOLD_ALL: u64 = 0x1f1f1f1f1f1f1f1f;
const ONES: u64 = 0x0101010101010101;
const HIGH: u64 = 0x8080808080808080;

/** flags of the last `scan` */
let flags: i32 = 0;
/** whether the byte before the next chunk ends a word; whether it is a backslash that escapes the next byte */
let boundary: u64 = 1;
let escape: u64 = 0;
let found: usize = FOUND;
let json: bool = false;
let limit: i32 = 0;

export function flagsOf(): i32 {
  return flags;
}

export function reset(): void {
  memory.fill(CLASSES, <u8>UNKNOWN, 0x10000);
}

// ---- keys --------------------------------------------------------------------------------------------------------
/** The first up to eight class bytes, cut at the first separator. */
function cut(x: u64): u64 {
  const zero = (x - ONES) & ~x & HIGH;
  return x & ((zero & (0 - zero)) - 1);
}

function hash(key: u64): u64 {
  return key * 0x9e3779b97f4a7c15;
}

function pairHash(first: u64, second: u64): u64 {
  const h = hash((first & FOLD_ALL) ^ (hash(second & FOLD_ALL) >> 7)) ^ hash(second & FOLD_ALL);
  return h | 1;
}

function mark(table: usize, bit: u64): void {
  const at = table + <usize>(bit >> 3);
  const old: u32 = load<u8>(at);
  const one: u32 = 1 << (<u32>bit & 7);
  store<u8>(at, <u8>(old | one));
}

/**
 * Adds a pattern whose class bytes from the anchor on stand in SCRATCH, zero after its end; `back` words stand before.
 * False when the tables are full.
 */
export function add(back: i32): bool {
  const key = cut(load<u64>(SCRATCH)) & FOLD;
  let at = SCRATCH;
  while (load<u8>(at) != 0) at++;
  while (at < SCRATCH + 48 && load<u8>(at) == 0) at++;
  // only 48 class bytes are kept, and the second word needs eight
  const paired = at <= SCRATCH + 40;
  let slot = <usize>(hash(key) >> 50);
  let tries = 0;
  while (load<u64>(WORDS + slot * 16) != 0 && load<u64>(WORDS + slot * 16) != key) {
    if (++tries > 1000) return false;
    slot = (slot + 1) & SLOTS;
  }
  store<u64>(WORDS + slot * 16, key);
  store<i32>(WORDS + slot * 16, load<i32>(WORDS + slot * 16, 8) | (paired ? PAIRED : ALONE) | (back << BACK), 8);
  const h = hash(key);
  mark(BLOOM_A, h >> 48);
  mark(BLOOM_B, (h >> 32) & 0xffff);
  if (!paired) return true;
  const pair = pairHash(key, cut(load<u64>(at)));
  slot = <usize>(pair >> 50);
  tries = 0;
  while (load<u64>(PAIRS + slot * 8) != 0 && load<u64>(PAIRS + slot * 8) != pair) {
    if (++tries > 1000) return false;
    slot = (slot + 1) & SLOTS;
  }
  store<u64>(PAIRS + slot * 8, pair);
  return true;
}

function wordFlags(key: u64): i32 {
  let slot = <usize>(hash(key) >> 50);
  let at = load<u64>(WORDS + slot * 16);
  while (at != key) {
    if (at == 0) return 0;
    slot = (slot + 1) & SLOTS;
    at = load<u64>(WORDS + slot * 16);
  }
  return load<i32>(WORDS + slot * 16, 8);
}

function hasPair(pair: u64): bool {
  let slot = <usize>(pair >> 50);
  let at = load<u64>(PAIRS + slot * 8);
  while (at != pair) {
    if (at == 0) return false;
    slot = (slot + 1) & SLOTS;
    at = load<u64>(PAIRS + slot * 8);
  }
  return true;
}

/** `kind`: the anchor's flags. Bits of one and of two words back may both be set: two then. */
function report(place: i32, kind: i32): void {
  const back = kind >> BACK;
  store<i32>(found, (place << 2) | (back > 2 ? 2 : back));
  found += 4;
}

/** A place where the automaton must look, since the word's key is not known. */
function unsure(place: i32): void {
  report(place, 2 << BACK);
}

// ---- one word ----------------------------------------------------------------------------------------------------
/** A word whose first eight bytes are plain: by its key, and by the word after it where that is asked for. */
function plainWord(place: i32, key: u64): void {
  const kind = wordFlags(key);
  if (kind == 0) return;
  if (kind & ALONE) return report(place, kind);
  let at = CLS + place;
  const end = CLS + limit;
  while (at < end && load<u8>(at) != 0) {
    if (load<u8>(at) & SPECIAL) return report(place, kind);
    at++;
  }
  while (at < end && load<u8>(at) == 0) at++;
  if (at + 8 > end) return report(place, kind);
  const second = cut(load<u64>(at));
  if ((second & HIGH) != 0 || hasPair(pairHash(key, second))) report(place, kind);
}

function hexDigit(b: i32): i32 {
  if (b >= 48 && b <= 57) return b - 48;
  const small = b | 32;
  return small >= 97 && small <= 102 ? small - 87 : -1;
}

/** Value of four hexadecimal digits, -1 where they are none. */
function hex4(at: usize): i32 {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const digit = hexDigit(load<u8>(at + i));
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}

function classOf(codePoint: i32): i32 {
  let c: i32 = load<u8>(CLASSES + codePoint);
  if (c == UNKNOWN) {
    c = classify(codePoint);
    store<u8>(CLASSES + codePoint, <u8>c);
  }
  return c;
}

function asciiClass(b: i32): i32 {
  const small = b | 32;
  return (small >= 97 && small <= 122) || (b >= 48 && b <= 57) ? b & 31 : 0;
}

/** A word with escapes or non-ASCII characters in its first eight bytes: decoded, then looked up in both cases. */
function specialWord(place: i32): void {
  if (place < 0) return unsure(place);
  let at = place;
  let key: u64 = 0;
  let n: u64 = 0;
  let ignored = 0;
  while (n < 64) {
    // a character needs at most six bytes
    if (at + 6 > limit) return unsure(place);
    const p = TEXT + at;
    const b: i32 = load<u8>(p);
    let c = 0;
    if (b < 128) {
      at++;
      if (b == 92 && json) {
        at++;
        if (load<u8>(p, 1) == 117) {
          at += 4;
          const unit = hex4(p + 2);
          if (unit < 0) return unsure(place);
          c = unit >= 0xd800 && unit <= 0xdfff ? 0 : classOf(unit);
        }
      } else c = asciiClass(b);
    } else if (b >= 0xf0 && b <= 0xf4) return unsure(place);
    else {
      let cp = -1;
      if (b >= 0xe0 && b <= 0xef) {
        const b1: i32 = load<u8>(p, 1);
        const b2: i32 = load<u8>(p, 2);
        if ((b1 & 0xc0) == 0x80 && (b2 & 0xc0) == 0x80) cp = ((b & 15) << 12) | ((b1 & 63) << 6) | (b2 & 63);
        at += cp < 0 ? 1 : 3;
      } else {
        const b1: i32 = load<u8>(p, 1);
        if (b >= 0xc2 && b <= 0xdf && (b1 & 0xc0) == 0x80) cp = ((b & 31) << 6) | (b1 & 63);
        at += cp < 0 ? 1 : 2;
      }
      // an invalid byte ends a word
      c = cp < 0 ? 0 : classOf(cp);
    }
    if (c == IGNORE) {
      // the character after it is looked at by itself: a long run of them would be read again from each
      if (n == 0) return;
      if (++ignored > 8) return unsure(place);
      continue;
    }
    if (c == MANY) return unsure(place);
    if (c == 0) break;
    key |= <u64>c << n;
    n += 8;
  }
  if (key == 0) return;
  const kind = wordFlags(key) | wordFlags(key | 32);
  if (kind != 0) report(place, kind);
}

// ---- a chunk -----------------------------------------------------------------------------------------------------
function classes(at: usize, to: usize): u64 {
  const b = v128.load(at);
  const small = i8x16.sub(v128.or(b, i8x16.splat(32)), i8x16.splat(97));
  const digit = i8x16.sub(b, i8x16.splat(48));
  const word = v128.or(
    v128.eq<u8>(v128.min<u8>(small, i8x16.splat(25)), small),
    v128.eq<u8>(v128.min<u8>(digit, i8x16.splat(9)), digit),
  );
  const keep = v128.or(v128.and(word, i8x16.splat(63)), i8x16.splat(-128));
  v128.store(to, v128.and(b, keep));
  return <u64>v128.bitmask<i8>(word);
}

function bits(at: usize, value: v128): u64 {
  const a = <u64>v128.bitmask<i8>(v128.eq<i8>(v128.load(at), value));
  const b = <u64>v128.bitmask<i8>(v128.eq<i8>(v128.load(at, 16), value));
  const c = <u64>v128.bitmask<i8>(v128.eq<i8>(v128.load(at, 32), value));
  const d = <u64>v128.bitmask<i8>(v128.eq<i8>(v128.load(at, 48), value));
  return a | (b << 16) | (c << 32) | (d << 48);
}

/** Lead bytes of characters of several bytes. */
function leads(at: usize): u64 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  if (!v128.any_true(v128.and(v128.or(v128.or(a, b), v128.or(c, d)), i8x16.splat(-128)))) return 0;
  const x = <u64>v128.bitmask<i8>(v128.and(a, i8x16.shl(a, 1)));
  const y = <u64>v128.bitmask<i8>(v128.and(b, i8x16.shl(b, 1)));
  const z = <u64>v128.bitmask<i8>(v128.and(c, i8x16.shl(c, 1)));
  const w = <u64>v128.bitmask<i8>(v128.and(d, i8x16.shl(d, 1)));
  return x | (y << 16) | (z << 32) | (w << 48);
}

/** Whether a byte below 32 stands in a block. */
function hasControl(at: usize): bool {
  const least = v128.min<u8>(
    v128.min<u8>(v128.load(at), v128.load(at, 16)),
    v128.min<u8>(v128.load(at, 32), v128.load(at, 48)),
  );
  return v128.any_true(v128.eq<u8>(v128.min<u8>(least, i8x16.splat(31)), least));
}

/**
 * The bytes that a backslash escapes, where runs of backslashes may be of any length (as simdjson finds them, here by the
 * byte, since few blocks hold more than a few). Sets `escape` for the block after.
 */
function escapedBits(slashes: u64): u64 {
  let escaped: u64 = escape;
  let left = slashes & ~escaped;
  escape = 0;
  while (left != 0) {
    const at = ctz(left);
    if (at == 63) {
      escape = 1;
      break;
    }
    escaped |= (<u64>2) << at;
    left &= ~((<u64>3) << at);
  }
  return escaped;
}

function checkEscapes(block: i32, escaped: u64, checked: i32): void {
  let left = escaped;
  while (left != 0) {
    const place = block + <i32>ctz(left);
    left &= left - 1;
    const b: i32 = load<u8>(TEXT + place);
    if (b == 117) {
      // the backslash is the first byte of a character, which may be a letter; the word after it begins behind four digits
      if (place > 0) store<u8>(CLS + place - 1, <u8>SPECIAL);
      if (place > checked) continue;
      const unit = hex4(TEXT + place + 1);
      if (unit < 0) flags |= BAD;
      else if (unit >= 0xd800 && unit <= 0xdfff) flags |= SURROGATE;
      specialWord(place - 1);
      specialWord(place + 5);
      continue;
    }
    store<u8>(CLS + place, 0);
    // n r t f b " \ /
    const known = b == 110 || b == 34 || b == 92 || b == 114 || b == 116 || b == 47 || b == 102 || b == 98;
    if (!known && place <= checked) flags |= BAD;
  }
}

/**
 * Looks through the first `length` of `available` bytes in TEXT (at most LOOK more). `first`: a record begins here; else the
 * call before this one had exactly CHUNK bytes. Answers the number of places in FOUND.
 */
export function scan(length: i32, available: i32, first: bool, isJson: bool): i32 {
  flags = 0;
  found = FOUND;
  json = isJson;
  if (first) {
    boundary = 1;
    escape = 0;
  }
  const last = available == length;
  const blocks = (length + 63) >> 6;
  // past the end: spaces, as many as anything looks at
  memory.fill(TEXT + available, 32, ((blocks + 1) << 6) + LOOK - available);
  limit = (blocks << 6) + LOOK;
  // escapes of bytes after the chunk are judged with the next one
  const checked = last ? length : length - 1;
  const slash = i8x16.splat(92);
  let nextBoundary: u64 = boundary;
  let nextEscape: u64 = escape;
  for (let k = 0; k <= blocks; k++) {
    if (k == blocks) {
      nextBoundary = boundary;
      nextEscape = escape;
    }
    const at = TEXT + (k << 6);
    const to = CLS + (k << 6);
    const words =
      classes(at, to) |
      (classes(at + 16, to + 16) << 16) |
      (classes(at + 32, to + 32) << 32) |
      (classes(at + 48, to + 48) << 48);
    let escaped: u64 = 0;
    if (isJson) {
      const slashes = bits(at, slash);
      if ((slashes | escape) != 0) {
        escaped = escapedBits(slashes);
        checkEscapes(k << 6, escaped, checked);
      }
      if (k < blocks && hasControl(at)) flags |= CONTROL;
    }
    const ends = ~words | escaped;
    const after = (ends << 1) | boundary;
    boundary = ends >> 63;
    store<u64>(STARTS + (k << 3), ((words & ~escaped) | leads(at)) & after);
  }
  boundary = nextBoundary;
  escape = nextEscape;
  if (flags & BAD) return 0;

  for (let k = 0; k < blocks; k++) {
    let left = load<u64>(STARTS + (k << 3));
    while (left != 0) {
      const place = (k << 6) + <i32>ctz(left);
      left &= left - 1;
      const x = cut(load<u64>(CLS + place));
      const key = x & FOLD;
      const h = hash(key);
      const i = <usize>(h >> 48);
      const j = <usize>(h >> 32) & 0xffff;
      const seen = (load<u8>(BLOOM_A + (i >> 3)) >> <u8>(i & 7)) & (load<u8>(BLOOM_B + (j >> 3)) >> <u8>(j & 7)) & 1;
      if (((x & HIGH) | <u64>seen) == 0) continue;
      if ((x & HIGH) != 0) specialWord(place);
      else plainWord(place, key);
    }
  }
  return <i32>((found - FOUND) >> 2);
}
