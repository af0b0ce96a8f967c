import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWords, segment } from '../../src/segment/segment.js';

const sentence = (n: number): string =>
  `The ${Array.from({ length: n - 1 }, (_, i) => (i === 10 ? 'tenth' : i === 70 ? 'later' : 'word')).join(' ')}.`;
const byCodePoints = (text: string, start: number, end: number): string => [...text].slice(start, end).join('');

describe('segment', () => {
  it('gives nothing for white space and one passage for a short text', () => {
    expect(segment(' \n\t ')).toEqual([]);
    expect(segment('')).toEqual([]);
    expect(segment('  The robot spoke.  ')).toMatchObject([{ start: 2, end: 18, words: 3 }]);
  });

  it('cuts at sentence ends into 60 to 220 words', () => {
    const text = Array.from({ length: 100 }, (_, i) => sentence(5 + (i % 20))).join(' ');
    const passages = segment(text);
    expect(passages.length).toBeGreaterThan(5);
    for (const p of passages.slice(0, -1)) {
      expect(p.words).toBeGreaterThanOrEqual(60);
      expect(p.words).toBeLessThanOrEqual(220);
      expect(text.slice(p.from, p.to).endsWith('.')).toBe(true);
    }
  });

  it('reads hard-wrapped lines as one paragraph', () => {
    const text = sentence(150)
      .replace(/tenth /g, 'tenth\n')
      .replace(/later /g, 'later\r\n');
    expect(segment(text)).toHaveLength(1);
  });

  it('does not end a sentence at Mr. or an initial', () => {
    const text = `${sentence(149).slice(0, -1)} and Mr. Brown, J. B. Hale and Dr. Ito came in. ${sentence(120)}`;
    const [first] = segment(text);
    expect(text.slice(first!.from, first!.to).endsWith('came in.')).toBe(true);
  });

  it('splits a sentence without end, and a run without white space, inside the limits', () => {
    for (const text of [sentence(5000), 'x'.repeat(5000), '机'.repeat(3000), '😀'.repeat(2000)]) {
      const passages = segment(text);
      expect(passages.length).toBeGreaterThan(3);
      for (const p of passages) expect(p.words).toBeLessThanOrEqual(220);
    }
  });

  it('counts offsets in code points', () => {
    const text = `😀😀 ${sentence(160)} 🤖 ${sentence(160)}`;
    for (const p of segment(text)) expect(byCodePoints(text, p.start, p.end)).toBe(text.slice(p.from, p.to));
  });

  it('covers every non-space character once, in order, for any text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('\n\n', '\n', ' ', '. ', '🤖', 'Mr. ', 'A.I. ', '\u2029', 'é', 'robot ', '\u0301'),
      fc.nat(300).map(sentence),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        const points = [...text];
        let at = 0;
        let unit = 0;
        for (const p of segment(text)) {
          expect(p.start).toBeGreaterThanOrEqual(at);
          expect(
            points
              .slice(at, p.start)
              .join('')
              .replace(/[\s\u0085]/g, ''),
          ).toBe('');
          expect(text.slice(unit, p.from).replace(/[\s\u0085]/g, '')).toBe('');
          expect(points.slice(p.start, p.end).join('')).toBe(text.slice(p.from, p.to));
          expect(p.end).toBeGreaterThan(p.start);
          at = p.end;
          unit = p.to;
        }
        expect(
          points
            .slice(at)
            .join('')
            .replace(/[\s\u0085]/g, ''),
        ).toBe('');
      }),
      { numRuns: 300 },
    );
  });
});

describe('countWords', () => {
  it('counts runs with a letter or digit', () => {
    expect(countWords('The robot -- 7 of them — spoke…')).toBe(6);
    expect(countWords(' ')).toBe(0);
  });
});
