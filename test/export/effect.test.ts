// Removal rates and collateral: counted where all was counted, measured where labels suffice, else transferred.
import { describe, expect, it } from 'vitest';
import { effectOf } from '../../src/export/effect.js';
import { isSelected, selectionOf } from '../../src/export/selection.js';
import { drawAudit } from '../../src/labels/sample.js';
import { importLabels } from '../../src/labels/store.js';
import { loadReportData } from '../../src/report/load.js';
import type { Db } from '../../src/store/database.js';
import { type Corpus, fill, labelled, random, type Truth } from '../labels/corpus.js';

const selection = selectionOf('valence=malevolent', 0.5, 0.3, []);
const effect = (db: Db) => effectOf(db, loadReportData(db), selection, []);

/** Hits that the classifier takes for malevolent with P = persona, right in `right` of the cases, and others. */
function population(seed: number, size: number, right: number): Truth[] {
  const next = random(seed);
  return Array.from({ length: size }, (): Truth => {
    if (next() < 0.3) return { stratum: 'linear', valence: next() < 0.02 ? 'malevolent' : null };
    const persona = 0.3 + 0.69 * next();
    const seen = next() < 0.5 ? 'malevolent' : 'benevolent';
    const valence = next() < right ? seen : 'neutral';
    return { stratum: 'hit', valence, seen: { valence: seen }, persona, words: 60 + Math.floor(100 * next()) };
  });
}

async function label(db: Db, truths: Map<string, Truth>, n: number): Promise<void> {
  const { rows } = drawAudit(db, { n, design: 'neyman' });
  const done = await importLabels(
    db,
    rows.map((row) => JSON.stringify(labelled(row, truths))),
  );
  expect(done.errors).toEqual([]);
}

/** The true share of selected passages without the property. */
function truth(truths: Map<string, Truth>): { selected: number; collateral: number; words: number } {
  const selected = [...truths.values()].filter(
    (t) => t.stratum === 'hit' && t.seen?.valence === 'malevolent' && Math.fround(t.persona!) >= 0.5,
  );
  const wrong = selected.filter((t) => t.valence !== 'malevolent').length;
  return {
    selected: selected.length,
    collateral: wrong / selected.length,
    words: selected.reduce((sum, t) => sum + t.words!, 0),
  };
}

describe('the effect of a removal', () => {
  it('is counted over documents, passages and words, by source and in all', () => {
    const corpus: Corpus = { a: population(1, 300, 0.7), b: population(2, 100, 0.7) };
    const { db, truths } = fill(corpus);
    const { all, sources, selected, hits } = effect(db);
    const expected = truth(truths);
    expect(selected).toBe(expected.selected);
    expect(hits).toBe([...truths.values()].filter((t) => t.stratum === 'hit').length);
    expect(all.documents).toEqual({
      ...{ removed: selected, of: 400, status: 'counted' },
      ...{ estimate: selected / 400, low: selected / 400, high: selected / 400 },
    });
    expect(all.passages.removed).toBe(selected);
    expect(all.words.removed).toBe(expected.words);
    expect(sources.map((s) => s.source)).toEqual(['a', 'b']);
    expect(sources[0]!.passages.removed + sources[1]!.passages.removed).toBe(selected);
  });

  it('has an interval where passages of rejected documents are expanded from a sample', () => {
    const gate = Array.from({ length: 700 }, (_, i): Truth[] =>
      Array.from({ length: 1 + (i % 5) }, () => ({ stratum: 'gate', valence: null })),
    );
    const { db } = fill({ a: [...gate, ...population(3, 100, 0.7)] });
    const { passages, documents } = effect(db).all;
    expect(documents.status).toBe('counted');
    expect(passages.status).toBe('expanded');
    const exact = passages.removed / (700 * 3 + 100);
    expect(passages.low!).toBeLessThan(exact);
    expect(passages.high!).toBeGreaterThan(exact);
    expect(passages.high! - passages.low!).toBeLessThan(0.1 * exact);
  });

  it('is transferred without labels: one minus the mean probability', () => {
    const { db } = fill({ a: population(4, 200, 0.7) });
    const { collateral } = effect(db);
    const chosen = loadReportData(db).sources[0]!.hits.filter((hit) => isSelected(selection, hit.scores));
    const mean = chosen.reduce((sum, hit) => sum + hit.malevolent, 0) / chosen.length;
    expect(collateral).toMatchObject({ status: 'transferred', low: null, high: null, labels: 0 });
    expect(collateral.estimate).toBeCloseTo(1 - mean, 12);
  });

  it('is the exact share, without width, when all is labelled', async () => {
    const { db, truths } = fill({ a: population(5, 200, 0.7) });
    await label(db, truths, 1000);
    const { collateral } = effect(db);
    const exact = truth(truths);
    expect(collateral).toMatchObject({ status: 'measured', labels: exact.selected });
    for (const key of ['estimate', 'low', 'high'] as const) expect(collateral[key]).toBeCloseTo(exact.collateral, 12);
  });

  it('holds the true share in its interval in nearly all draws', async () => {
    let covered = 0;
    for (let seed = 10; seed < 18; seed++) {
      const { db, truths } = fill({ a: population(seed, 400, 0.7) }, seed);
      await label(db, truths, 120);
      const { status, low, high, labels } = effect(db).collateral;
      expect(status).toBe('measured');
      expect(labels).toBeLessThan(120);
      const { collateral } = truth(truths);
      if (low! <= collateral && collateral <= high!) covered++;
      expect(high! - low!).toBeLessThan(0.5);
    }
    expect(covered).toBeGreaterThanOrEqual(7);
  });

  it('is not measured on a handful of labels', async () => {
    const { db, truths } = fill({ a: population(6, 600, 0.7) });
    await label(db, truths, 20);
    const { status, labels } = effect(db).collateral;
    expect(labels).toBeGreaterThan(0);
    expect(status).toBe('transferred');
  });

  it('says so when nothing is selected', () => {
    const { db } = fill({ a: [{ stratum: 'linear', valence: null }] });
    const { collateral, all } = effect(db);
    expect(collateral).toMatchObject({ status: 'none', estimate: null });
    expect(all.passages).toMatchObject({ removed: 0, estimate: 0 });
  });
});
