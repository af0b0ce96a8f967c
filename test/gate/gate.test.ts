import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGate, OPEN, SURROGATE, SUSPECT } from '../../src/gate/gate.js';
import type { Lexicon, Pattern } from '../../src/gate/lexicon.js';

const pattern = (text: string, more: Partial<Pattern> = {}): Pattern => ({
  text,
  kind: 'term',
  gate: 'always',
  case: false,
  subject: 0,
  work: -1,
  ...more,
});
const lexicon: Lexicon = {
  patterns: [
    pattern('robot'),
    pattern('android', { subject: 1 }),
    pattern('AI', { case: true, subject: 2 }),
    pattern('a.i.', { subject: 2 }),
    pattern('artificial intelligence', { subject: 2 }),
    pattern("ship's computer", { subject: 3 }),
    pattern('android phone', { kind: 'lookalike', gate: 'never' }),
    pattern('android phone case', { kind: 'lookalike', gate: 'never' }),
    pattern('phone robot', { kind: 'lookalike', gate: 'never' }),
    pattern('Ash', { kind: 'name', gate: 'with-work', case: true, subject: 4, work: 0 }),
    pattern('HAL 9000', { kind: 'name', gate: 'always', case: true, subject: 5, work: 1 }),
    pattern('Alien', { kind: 'title', gate: 'with-work', case: true, subject: -1, work: 0 }),
  ],
  subjects: ['robot', 'android', 'AI', "ship's computer", 'Ash', 'HAL 9000'],
  works: ['Alien', '2001'],
  hash: '',
};
const gate = compileGate(lexicon);
const opens = (text: string): boolean => {
  const exact = gate.find(null, text).open;
  const raw = Buffer.from(text);
  const json = Buffer.from(JSON.stringify({ text }));
  if (exact) {
    expect(gate.prefilter(raw, 0, raw.length, false) & OPEN).toBe(OPEN);
    expect(gate.prefilter(json, 0, json.length, true) & OPEN).toBe(OPEN);
  }
  return exact;
};

describe('gate', () => {
  it.each([
    'A robot.',
    'ROBOT',
    'robot',
    '(robot)',
    'x-robot-y',
    "robot's",
    'the\nrobot',
    'two\trobot',
    '“robot”',
    'robot—like',
    'the AI said',
    'an A.I. said',
    'artificial\n  intelligence',
    'artificial-intelligence',
    'Artificial Intelligence',
    'ship’s computer',
    "ship's\ncomputer",
    'rob\u00f3t',
    'ro\u00adbot',
    '\uff32obot',
    'HAL 9000',
    'HAL\n9000',
    'Ash in Alien',
    'Alien: Ash turns',
    'an android phone and an android',
    'android phone case, robot',
  ])('opens for %j', (text) => expect(opens(text)).toBe(true));

  it.each([
    'robots',
    'microrobot',
    'robot5',
    'robotaé',
    'éröbots',
    'ai',
    'Ai',
    'the aim',
    'artificial, intelligence',
    'android phone',
    'an Android\nPhone case',
    'Ash',
    'ash and Alien',
    'hal 9000',
    'HAL 90000',
    'ship computer',
    '',
  ])('stays shut for %j', (text) => expect(opens(text)).toBe(false));

  it('reads JSON escapes as JSON does', () => {
    const json = (inner: string): number => {
      const bytes = Buffer.from(`{"text":"${inner}"}`);
      return gate.prefilter(bytes, 0, bytes.length, true);
    };
    for (const inner of [
      '\\nrobot',
      '\\u0072obot',
      '\\"robot\\"',
      'a\\u2019robot',
      'artificial\\r\\nintelligence',
      '\\trobot\\\\',
    ]) {
      expect(json(inner) & OPEN, inner).toBe(OPEN);
    }
    for (const inner of ['\\u00e9robot', 'xrobot', 'robot\\u0073']) expect(json(inner) & OPEN, inner).toBe(0);
    expect(json('\\ud83d\\ude00')).toBe(SURROGATE);
    expect(json('\\x')).toBe(SUSPECT);
    expect(json('\\u12')).toBe(SUSPECT);
    expect(json('a\u0001b')).toBe(SUSPECT);
  });

  it('gives spans in UTF-16 units, and names by first offset', () => {
    const text = '😀 é the robot met HAL 9000 and an android phone';
    const found = gate.find(null, text);
    expect(found.spans.map((s) => text.slice(s.from, s.to))).toEqual(['robot', 'HAL 9000']);
    expect(found.names).toEqual(['HAL 9000']);
  });

  it('starts a match at its first character, past gaps, ligatures and zero-width characters', () => {
    const text = 'x artiﬁcial\u00a0\n- intelli\u00adgence, ro\u0301bot\u0301.';
    expect(gate.find(null, text).spans.map((s) => text.slice(s.from, s.to))).toEqual([
      'artiﬁcial\u00a0\n- intelli\u00adgence',
      'ro\u0301bot\u0301',
    ]);
  });

  it('opens for the title alone', () => {
    expect(gate.find('The Robot', 'nothing here').open).toBe(true);
    expect(gate.find('Alien', 'Ash turns').open).toBe(true);
  });

  it('never rejects raw what it accepts decoded, in JSON of any escaping', () => {
    const word = fc.constantFrom(
      'robot',
      'Robot',
      'AI',
      'ai',
      'a.i.',
      'artificial',
      'intelligence',
      'android',
      'phone',
      'case',
      'Ash',
      'Alien',
      'HAL',
      '9000',
      'x',
    );
    const gap = fc.constantFrom(
      ' ',
      '\n',
      '-',
      '.',
      '',
      '\u00a0',
      '—',
      '"',
      '\\',
      '\u00e9',
      '😀',
      '\u200b',
      "'",
      '\u0301',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(word, gap), { maxLength: 12 }), fc.boolean(), (parts, ascii) => {
        const text = parts.flat().join('');
        let json = JSON.stringify({ text });
        if (ascii)
          json = json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
        const bytes = Buffer.from(json);
        const raw = Buffer.from(text);
        if (gate.find(null, text).open) {
          expect(gate.prefilter(bytes, 0, bytes.length, true) & OPEN).toBe(OPEN);
          expect(gate.prefilter(raw, 0, raw.length, false) & OPEN).toBe(OPEN);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
