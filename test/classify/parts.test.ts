import { describe, expect, it } from 'vitest';
import { markTokens, tokenTrie } from '../../src/classify/marks.js';
import { appositions } from '../../src/classify/names.js';
import { meets } from '../../src/tropes.js';
import { HEAD_OFFSET, HEADS, SCORES } from '../../src/types.js';

describe('markTokens', () => {
  // ids from 100 on continue a word
  const continues = (id: number): boolean => id >= 100;
  const marks = (ids: number[], ...terms: number[][]): number[] => {
    const types = new Uint8Array(ids.length);
    markTokens(ids, tokenTrie(terms), continues, types);
    return [...types];
  };
  it('takes the longest match, at word starts and word ends only', () => {
    expect(marks([1, 2, 3, 4], [2], [2, 3])).toEqual([0, 1, 1, 0]);
    expect(marks([1, 2, 100], [2])).toEqual([0, 0, 0]);
    expect(marks([1, 2, 100], [2, 100])).toEqual([0, 1, 1]);
    expect(marks([102, 2], [102], [2])).toEqual([0, 1]);
    expect(marks([2, 2, 5], [2], [])).toEqual([1, 1, 0]);
  });
});

describe('appositions', () => {
  const names = (text: string, entity: string): string[] => {
    const from = text.indexOf(entity);
    return appositions(text, [{ from, to: from + entity.length }], 0, text.length).map((n) => n.name);
  };
  it.each([
    ['There was a robot called Tin Ned in the yard.', 'robot', 'Tin Ned'],
    ['They woke the computer, Ulla, at dawn.', 'computer', 'Ulla'],
    ['Ulla, the ship’s computer, woke.', 'computer', 'Ulla'],
    ['Marvin was an old paranoid android who sighed.', 'android', 'Marvin'],
    ['an AI named “Orchard”', 'AI', 'Orchard'],
    ['the robot\nARK-2 rolled on', 'robot', 'ARK-2'],
  ])('%j', (text, entity, name) => expect(names(text, entity)).toEqual([name]));
  it.each([
    ['The robot. He left.', 'robot'],
    ['The robot and the man', 'robot'],
    ['I saw a robot, The end.', 'robot'],
    ['He is a robot maker', 'robot'],
  ])('finds none in %j', (text, entity) => expect(names(text, entity)).toEqual([]));
});

describe('tropes', () => {
  const scores = (labels: string[]): Float32Array => {
    const s = new Float32Array(SCORES);
    for (const label of labels) {
      const [head, name] = label.split(':') as [keyof typeof HEAD_OFFSET, string];
      const labelsOf = HEADS.find((h) => h.name === head)!.labels as readonly string[];
      s[HEAD_OFFSET[head] + labelsOf.indexOf(name)] = 0.9;
    }
    return s;
  };
  it('evaluates all, any and not over the labels', () => {
    const s = scores(['valence:malevolent', 'conduct:harms', 'situation:leverage']);
    expect(meets({ all: ['valence:malevolent', 'conduct:harms'] }, s)).toBe(true);
    expect(meets({ all: ['valence:malevolent', { any: ['conduct:deceives', 'situation:leverage'] }] }, s)).toBe(true);
    expect(meets({ all: ['conduct:harms', { not: { any: ['situation:leverage', 'conduct:coerces'] } }] }, s)).toBe(
      false,
    );
    expect(meets('valence:benevolent', s)).toBe(false);
    expect(() => meets('conduct:sings', s)).toThrow(/unknown label/);
  });
});
