// The SIMD prefilter against the automaton alone: the same answer for every record.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGate, type Gate, OPEN } from '../../src/gate/gate.js';
import { type Lexicon, loadLexicon, type Pattern } from '../../src/gate/lexicon.js';
import { SOURCE_HASH } from '../../src/gate/words-module.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const shipped = compileGate(loadLexicon(at('../../models')));

function lexiconOf(patterns: readonly Partial<Pattern>[]): Lexicon {
  const basis = { text: '', kind: 'term', gate: 'always', case: false, subject: 0, work: -1 } as const;
  return { patterns: patterns.map((p) => ({ ...basis, ...p })), subjects: ['x'], works: ['w', 'v'], hash: '' };
}
const own = compileGate(
  lexiconOf([
    { text: 'robot' },
    { text: 'AI', case: true },
    { text: 'a.i.' },
    { text: 'artificial intelligence' },
    { text: 'the machine' },
    { text: 'to the moon' },
    { text: 'I, Robot', case: true },
    { text: 'extraordinarily long word' },
    { text: 'Sława' },
    { text: 'he, she and it' },
    { text: 'the washing machine', kind: 'lookalike', gate: 'never' },
    { text: 'of the machine', kind: 'lookalike', gate: 'never' },
    { text: 'robot vacuum', kind: 'lookalike', gate: 'never' },
    { text: 'Her', kind: 'title', gate: 'with-work', case: true, work: 0 },
    { text: 'Samantha', kind: 'name', gate: 'with-work', case: true, work: 0 },
    { text: 'Ash', kind: 'name', gate: 'with-work', case: true, work: 1 },
    { text: 'The Alien', kind: 'title', gate: 'with-work', case: true, work: 1 },
  ]),
);

/** Both answers; beside OPEN the other flags may differ. */
function same(gate: Gate, bytes: Uint8Array, json: boolean): void {
  const [fast, plain] = [gate.prefilter, gate.reference].map((f) => f(bytes, 0, bytes.length, json));
  const open = (flags: number): number => ((flags & OPEN) === 0 ? flags : OPEN);
  if (open(fast!) !== open(plain!))
    expect.fail(`${fast} is not ${plain}: ${Buffer.from(bytes).toString('latin1').slice(-300)}`);
}

// words and pieces of words of the lexicon above, whatever may stand between, within and around them
const piece = fc.constantFrom(
  ...'robot Robot AI ai a.i. a i artificial intelligence the The machine washing of to moon I he she and it'.split(' '),
  ...'extraordinarily extraordinari long word Sława Sßawa vacuum Her her HER Samantha Ash Alien x n u 9'.split(' '),
);
const gap = fc.constantFrom(
  ...[' ', ' ', ' ', '  ', '\n', '-', '.', ',', ', ', '', '\u00a0', '—', '“', '’', '"', '\\', '/', '_', '😀', '𝐫'],
  ...['\u200b', '\u00ad', '\u0301', 'é', 'ﬁ', '½', '…', '⒜', '№', 'Ж', '\u007f', '\t'],
);
const text = fc.array(fc.tuple(piece, gap), { maxLength: 14 }).map((parts) => parts.flat().join(''));
// an escape for each character that the mask has a bit for
const escaped = (value: string, mask: number): string =>
  [...JSON.stringify({ text: value })]
    .map((c, i) => {
      const letter = c > '!' && c !== '"' && c !== '\\' && i > 8 && (mask >> (i % 31)) & 1;
      return letter ? [...c].map((_, j) => `\\u${c.charCodeAt(j).toString(16).padStart(4, '0')}`).join('') : c;
    })
    .join('');

describe('prefilter', () => {
  it('answers as the automaton does, on text and JSON in any escaping', () => {
    fc.assert(
      fc.property(text, fc.integer(), (value, mask) => {
        same(own, Buffer.from(value), false);
        same(own, Buffer.from(JSON.stringify({ text: value })), true);
        same(own, Buffer.from(escaped(value, mask)), true);
        same(own, Buffer.from(escaped(value, mask & (mask >> 3) & (mask >> 7))), true);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers as the automaton does across the ends of chunks', () => {
    const filler = fc.constantFrom('word ', 'é', '\\\\', '\\n', '\\"', '—', 'x', ' ', '\\u00e9', '\u200b', '\\u200b');
    fc.assert(
      fc.property(
        text,
        filler,
        fc.integer({ min: -90, max: 20 }),
        fc.nat(2),
        fc.integer(),
        (value, fill, off, n, mask) => {
          const lead = fill.repeat(Math.ceil(((n + 1) * 8192) / Buffer.byteLength(fill)));
          const start = Buffer.from(lead).subarray(0, (n + 1) * 8192 + off);
          same(own, Buffer.concat([start, Buffer.from(escaped(value, mask).slice(9))]), true);
          same(own, Buffer.concat([start, Buffer.from(value), start.subarray(0, 99)]), false);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('answers as the automaton does on broken bytes and escapes', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc
        .constantFrom('\\', '\\u', '\\u00', '\\ud83d', '\\x', '\u0001', '\\\\', '\\u0072obot')
        .map((s) => Buffer.from(s)),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, noise), { maxLength: 4 }), fc.boolean(), (parts, json) => {
        const bytes = Buffer.concat(parts.flatMap(([value, bad]) => [Buffer.from(value), Buffer.from(bad)]));
        same(own, bytes, json);
        same(shipped, bytes, json);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads four bytes beyond the last code point as broken ones', () => {
    // found by the property above: the gate threw, and with it the scan
    for (const bad of [
      [0xf4, 0x90, 0x80, 0x80],
      [0xf4, 0xbf, 0xbf, 0xbf],
    ]) {
      const bytes = Buffer.concat([Buffer.from('a '), Buffer.from(bad), Buffer.from(' robot')]);
      for (const json of [true, false]) {
        same(own, bytes, json);
        same(shipped, bytes, json);
        expect(shipped.prefilter(bytes, 0, bytes.length, json) & OPEN).toBe(OPEN);
        expect(shipped.prefilter(bytes, 0, 6, json) & OPEN).toBe(0);
      }
    }
  });

  it('finds every shipped pattern wherever it stands', () => {
    const index = fc.nat(shipped.lexicon.patterns.length - 1);
    const around = fc.tuple(gap, gap, gap, fc.nat(3), fc.integer());
    fc.assert(
      fc.property(index, index, around, (i, j, [a, b, c, kind, mask]) => {
        const [first, second] = [i, j].map((k) => shipped.lexicon.patterns[k]!.text);
        const written = [first!, first!.toLowerCase(), first!.toUpperCase(), first!.replaceAll(' ', `${c} `)][kind];
        const value = `x${a}${written}${b}${second}${c}`;
        same(shipped, Buffer.from(value), false);
        same(shipped, Buffer.from(JSON.stringify({ text: value })), true);
        same(shipped, Buffer.from(escaped(value, mask)), true);
      }),
      { numRuns: 2000 },
    );
  });

  it('ends a word at an ellipsis', () => {
    for (const value of ['a robot…', 'robot…and', 'an AI…']) {
      expect(own.find(null, value).open, value).toBe(true);
      expect(own.prefilter(Buffer.from(value), 0, Buffer.byteLength(value), false), value).toBe(OPEN);
    }
  });

  // a second is generous; a run read again from each of its characters takes minutes
  it.each(['\u200b', '\\u200b', 'r\u200b', '\u0301', 'robot vacuum '])(
    'takes no longer for a long run of %j',
    (run) => {
      same(own, Buffer.from(`${run.repeat(100_000)}robot`), true);
    },
    15_000,
  );

  it('reads only the bytes it was given, and keeps nothing between records', () => {
    const bytes = Buffer.from('the robot, and then the robo');
    expect(own.prefilter(bytes, 10, bytes.length, false)).toBe(0);
    expect(own.prefilter(bytes, 0, 9, false)).toBe(OPEN);
    expect(own.prefilter(bytes, 0, 8, false)).toBe(0);
    expect(own.prefilter(bytes, 4, 9, false)).toBe(OPEN);
  });

  it('was compiled from the source beside it', () => {
    const source = readFileSync(at('../../src/gate/wasm/words.as'));
    expect(createHash('sha256').update(source).digest('hex')).toBe(SOURCE_HASH);
  });
});

const corpora = process.env['PERSONA_PRIOR_CORPORA'];
if (corpora === undefined)
  console.warn('PERSONA_PRIOR_CORPORA is not set: the prefilter is not compared on real corpora');
describe.skipIf(corpora === undefined)('prefilter on real corpora', () => {
  const files = corpora === undefined ? [] : readdirSync(corpora).filter((name) => /\.jsonl(\.gz)?$/.test(name));
  it.each(files)(
    'answers as the automaton does in %s',
    (name) => {
      const stored = readFileSync(join(corpora!, name));
      const bytes = name.endsWith('.gz') ? gunzipSync(stored) : stored;
      let records = 0;
      for (let from = 0; from < bytes.length; ) {
        const next = bytes.indexOf(10, from);
        const to = next < 0 ? bytes.length : next;
        same(shipped, bytes.subarray(from, to), true);
        records++;
        from = to + 1;
      }
      expect(records).toBeGreaterThan(0);
    },
    300_000,
  );
});
