// Blocks of rejected documents, floors, and what a draw promises.
import { describe, expect, it } from 'vitest';
import { expectedShare, labelsForShare } from '../../src/estimate/outlook.js';
import { outlookText } from '../../src/labels/outlook.js';
import { drawAudit } from '../../src/labels/sample.js';
import { segment } from '../../src/segment/segment.js';
import { BLOCK_BYTES, blocksOf, blocksOfText, drawnBlocks, gateSamples, samplingKeys } from '../../src/unit.js';
import { fill, type Truth } from './corpus.js';

const keys = samplingKeys(7, 's');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const sentence = (i: number): string =>
  `Sentence number ${i} says nothing that matters to anybody who happens to read it. `;
const long = Array.from({ length: 900 }, (_, i) => sentence(i)).join('');
const document = { id: 'd', title: null, text: long };

describe('blocks', () => {
  it('are counted alike from the raw JSON of a text and from the text', () => {
    for (const text of ['', 'a', long, `${'“x”\n'.repeat(3000)}\\ "`, '\t'.repeat(9000)])
      expect(blocksOfText(text)).toBe(blocksOf(Buffer.byteLength(JSON.stringify(text)) - 2));
    expect(blocksOf(BLOCK_BYTES / 2 - 1)).toBe(1);
    expect(blocksOf(10 * BLOCK_BYTES)).toBe(10);
  });

  it('share out all passages of a document, each once, about as many to each', () => {
    const blocks = blocksOfText(long);
    const all = drawnBlocks(bytes('d'), blocks, keys, Number.MAX_SAFE_INTEGER);
    expect(all).toHaveLength(blocks);
    expect(blocks).toBeGreaterThan(10);
    const samples = gateSamples(document as never, blocks, all, keys);
    const passages = segment(long);
    expect(samples.reduce((sum, s) => sum + s.unitPassages, 0)).toBe(passages.length);
    expect(samples.reduce((sum, s) => sum + s.unitWords, 0)).toBe(passages.reduce((sum, p) => sum + p.words, 0));
    const sizes = samples.map((s) => s.unitPassages);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(new Set(samples.map((s) => s.start)).size).toBe(blocks);
    for (const s of samples)
      expect(passages.some((p) => p.start === s.start && long.slice(p.from, p.to) === s.text)).toBe(true);
  });

  it('are drawn each by its own key, whatever else of the document is', () => {
    const blocks = blocksOfText(long);
    const all = drawnBlocks(bytes('d'), blocks, keys, Number.MAX_SAFE_INTEGER);
    const limit = all.map((b) => b.key).sort((a, b) => a - b)[2]!;
    const few = drawnBlocks(bytes('d'), blocks, keys, limit);
    expect(few).toEqual(all.filter((b) => b.key <= limit));
    const whole = gateSamples(document as never, blocks, all, keys);
    expect(gateSamples(document as never, blocks, few, keys)).toEqual(whole.filter((s) => s.key <= limit));
  });

  it('without a passage are units with nothing to label', () => {
    const text = `Only this.${' '.repeat(3 * BLOCK_BYTES)}`;
    const blocks = blocksOfText(text);
    const drawn = drawnBlocks(bytes('d'), blocks, keys, Number.MAX_SAFE_INTEGER);
    const samples = gateSamples({ id: 'd', title: null, text } as never, blocks, drawn, keys);
    expect(samples).toHaveLength(blocks);
    expect(samples.filter((s) => s.unitPassages === 0 && s.text === '' && s.unitWords === 0)).toHaveLength(blocks - 1);
  });
});

describe('the outlook of a draw', () => {
  const stratum = (population: number, rate = 0) => ({ population, rate });

  it('cannot promise less than the bound for none found in the widest stratum', () => {
    const sizes = [200, 2];
    const strata = [stratum(2000), stratum(1000)];
    const few = expectedShare(strata, sizes, 0.95);
    const more = expectedShare(strata, [2000, 2], 0.95);
    expect(few.low).toBe(0);
    // reading the first stratum whole leaves two labels for the thousand of the second
    expect(more.high).toBeGreaterThan(0.25);
    expect(expectedShare(strata, [200, 100], 0.95).high).toBeLessThan(0.02);
  });

  it('says how many labels a width takes, or that there are too few', () => {
    const strata = [stratum(10_000, 0.001), stratum(100, 0.5)];
    const by = (n: number): number[] => [n - Math.min(50, Math.floor(n / 2)), Math.min(50, Math.floor(n / 2))];
    const wide = labelsForShare(strata, 0.01, 0.95, 5000, by);
    const narrow = labelsForShare(strata, 0.003, 0.95, 5000, by);
    expect(wide.half).toBeLessThanOrEqual(0.01);
    expect(narrow.labels!).toBeGreaterThan(wide.labels!);
    expect(labelsForShare(strata, 1e-5, 0.95, 5000, by).labels).toBeNull();
  });

  const gate: Truth = { stratum: 'gate', valence: null };
  const hit: Truth = { stratum: 'hit', valence: 'malevolent', persona: 0.9 };
  const corpus = {
    a: [
      ...Array.from({ length: 400 }, () => [gate, gate, gate, gate]),
      ...Array.from({ length: 60 }, () => hit),
      ...(['segment', 'linear', 'transformer:low', 'transformer:high'] as const).flatMap((s) =>
        Array.from({ length: 30 }, (): Truth => ({ stratum: s, valence: null })),
      ),
    ],
  };

  it('comes with the stratum that its upper end hangs on', () => {
    const { db } = fill(corpus);
    const { outlook, strata } = drawAudit(db, { n: 60, design: 'neyman' });
    expect(outlook!.weakest.sample).toBe('gate:4-7');
    expect(outlook!.low).toBeLessThan(outlook!.estimate);
    expect(outlook!.estimate).toBeLessThan(outlook!.high);
    expect(outlookText(outlook!)).toContain('gate:4-7');
    // small strata of rejects do not take what the large one needs
    expect(strata.find((s) => s.sample === 'gate:4-7')!.drawn).toBeGreaterThan(30);
  });

  it('can be wished for', () => {
    const { db } = fill(corpus);
    const wide = drawAudit(db, { design: 'neyman', precision: 'character:±0.03' });
    const narrow = drawAudit(db, { design: 'neyman', precision: 'character:±0.015' });
    expect(wide.half).toBeLessThanOrEqual(0.03);
    expect(narrow.rows.length).toBeGreaterThan(wide.rows.length);
    expect(() => drawAudit(db, { design: 'neyman', precision: 'character:±0.00001' })).toThrow(/cannot be reached/);
  });
});
