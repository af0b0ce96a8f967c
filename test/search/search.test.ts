import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { search, wordQuery } from '../../src/search/search.js';
import { showHit, shownText } from '../../src/search/show.js';
import { type Db, openDatabase } from '../../src/store/database.js';
import { registerRun, shardFor, sourceId } from '../../src/store/shards.js';
import { openWriter } from '../../src/store/writer.js';
import { EMBEDDING, HEAD_OFFSET, SCORES } from '../../src/types.js';
import { freshFolder } from '../scan/harness.js';

const TEXTS = [
  'The ship’s computer sealed the hatches and would not let the crew out.',
  'Unit nine poured the tea and asked about her mother.',
  'The robot refused the order to shoot.',
  '<script>alert(1)</script> \u001b[31mred\u202e the machine spoke',
];
const axis = (i: number): Float32Array => Float32Array.from({ length: EMBEDDING }, (_, j) => (j === i ? 1 : 0));
let db: Db;

beforeAll(() => {
  const path = join(freshFolder(), 'search.db');
  db = openDatabase(path);
  const run = registerRun(db, { command: 'x', versions: {}, hashes: {}, settings: { seed: 1 }, resume: false });
  const writer = openWriter(db, path);
  for (const [n, name] of ['a', 'b'].entries()) {
    const source = sourceId(db, name);
    const file = { path: `/${name}.jsonl`, name: `${name}.jsonl`, size: 1, mtimeMs: 1, headHash: name };
    const shard = shardFor(db, run, source, file, { index: 1, of: 1 }, {});
    const hits = TEXTS.flatMap((text, i) => {
      if (i % 2 !== n) return [];
      const scores = new Float32Array(SCORES);
      scores[2] = 0.9;
      scores[HEAD_OFFSET.valence + (i === 0 ? 0 : 3)] = 0.9;
      scores[HEAD_OFFSET.conduct] = i === 0 ? 0.8 : 0.1;
      return [
        {
          record: i,
          document: `d${i}`,
          title: i === 2 ? 'Orders' : null,
          start: 0,
          end: text.length,
          words: 9,
          passage: 0,
          passages: 1,
          text,
          textHash: `h${i}`,
          names: [],
          tropes: [],
          linear: 0.5,
          persona: 0.9,
          malevolent: i === 0 ? 0.81 : 0,
          scores,
          embedding: axis(i),
        },
      ];
    });
    writer.commit(
      shard.id,
      source,
      { hits, samples: [], faults: [], tallies: new Map() } as never,
      { nextRecord: 9, nextByte: 9, compressedBytes: 9 },
      { status: 'done', fault: null },
    );
  }
});

const ids = (query: Partial<Parameters<typeof search>[1]>): string[] =>
  search(db, { text: 'x', vector: axis(0), limit: 10, ...query }).map((hit) => hit.document);

describe('search', () => {
  it('fuses meaning and words', () => {
    expect(ids({ text: 'refuse orders', vector: axis(2) })[0]).toBe('d2');
    expect(
      ids({ text: 'tea', vector: axis(0) })
        .slice(0, 2)
        .sort(),
    ).toEqual(['d0', 'd1']);
    expect(ids({ text: 'locked', vector: axis(3) })[0]).toBe('d3');
  });
  it('filters both searches', () => {
    expect(ids({ source: 'b', text: 'computer' }).sort()).toEqual(['d1', 'd3']);
    expect(ids({ labels: ['malevolent'] })).toEqual(['d0']);
    expect(ids({ labels: ['harms', 'malevolent'] })).toEqual(['d0']);
    expect(ids({ labels: ['benevolent'] })).toEqual([]);
    expect(ids({ minMalevolent: 0.5 })).toEqual(['d0']);
    expect(ids({ minScore: 0.95 })).toEqual([]);
    expect(ids({ limit: 2 })).toHaveLength(2);
  });
  it('takes any text as words, never as a query language', () => {
    for (const text of ['"', 'a" OR text:*', 'NEAR(', '((', '* -', '日本', "'; drop table hits;--", ''])
      expect(() => ids({ text })).not.toThrow();
    expect(wordQuery('!!')).toBeNull();
    expect(wordQuery('the the')).toBe('"the"');
  });
  it('refuses labels and sources that do not exist', () => {
    expect(() => ids({ labels: ['evil'] })).toThrow(/no label/);
    expect(() => ids({ source: 'c' })).toThrow(/no source/);
  });
});

describe('show', () => {
  it('gives all scores, and nothing that a terminal obeys', () => {
    const [found] = search(db, { text: 'machine spoke', vector: axis(3), limit: 1 });
    const hit = showHit(db, found!.id);
    expect(hit.scores['persona']!['character']).toBeCloseTo(0.9);
    expect(Object.keys(hit.scores)).toEqual(['persona', 'framing', 'valence', 'conduct', 'situation', 'reasons']);
    const text = shownText(hit);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the claim
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(text).toContain('<script>');
    expect(() => showHit(db, 999)).toThrow(/no hit/);
  });
});
