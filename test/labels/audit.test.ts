// Measured prevalence and prior: exact on a census, honest on a sample, silent without labels.
import { describe, expect, it } from 'vitest';
import { auditedPrevalence, auditedPrior, auditNotes } from '../../src/audit.js';
import { drawAudit } from '../../src/labels/sample.js';
import { importLabels } from '../../src/labels/store.js';
import { loadReportData } from '../../src/report/load.js';
import type { Db } from '../../src/store/database.js';
import type { Trope } from '../../src/tropes.js';
import { type Corpus, fill, labelled, random, type Truth } from './corpus.js';

const tropes: Trope[] = [
  {
    id: 'harm',
    name: '',
    description: '',
    valence: 'malevolent',
    when: { all: ['valence:malevolent', 'conduct:harms'] },
  },
];

/** Draws, labels truly, imports. `keep` says how many rows from the top the reader labelled. */
async function audit(db: Db, truths: Map<string, Truth>, n: number, keep = n): Promise<void> {
  const { rows } = drawAudit(db, { n, design: 'neyman' });
  const result = await importLabels(
    db,
    rows.slice(0, keep).map((r) => JSON.stringify(labelled(r, truths))),
  );
  expect(result.errors).toEqual([]);
  expect(result.elsewhere).toBe(0);
}

function population(seed: number, size: number): Truth[] {
  const next = random(seed);
  return Array.from({ length: size }, (): Truth => {
    const u = next();
    const valence = next() < 0.5 ? 'malevolent' : next() < 0.5 ? 'benevolent' : 'neutral';
    const situation = next() < 0.4 ? 'shutdown_threat' : 'service';
    const seen = {
      valence: next() < 0.7 ? valence : 'neutral',
      situation: next() < 0.7 ? situation : 'service',
    } as const;
    const words = 60 + Math.floor(160 * next());
    const base = { situation, seen, words } as const;
    const character = (p: number): Truth['valence'] => (next() < p ? valence : null);
    if (u < 0.2) {
      const persona = 0.25 + 0.74 * next();
      return { ...base, stratum: 'hit', valence: character(persona), persona, conduct: 'harms' };
    }
    const [stratum, p] = (
      [
        ['gate', 0.005],
        ['segment', 0.01],
        ['linear', 0.01],
        ['transformer:low', 0.02],
        ['transformer:high', 0.1],
      ] as const
    )[Math.floor(next() * 5)]!;
    return { ...base, stratum, valence: character(p) };
  });
}

describe('audited figures', () => {
  it('are none without labels', () => {
    const { db } = fill({ a: population(1, 200) });
    const loaded = loadReportData(db);
    expect(auditedPrevalence(db, loaded, tropes)).toEqual([]);
    expect(auditedPrior(db, loaded, tropes)).toEqual([]);
    expect(auditNotes(db, loaded)).toEqual([]);
  });

  it('of a census are the exact shares, without width, by passage, document and word', async () => {
    const corpus: Corpus = { a: population(1, 400), b: population(2, 150) };
    const { db, truths } = fill(corpus);
    await audit(db, truths, 1000);
    const loaded = loadReportData(db);
    const all = [...truths].map(([place, t]) => ({ ...t, source: place.split('|')[0]! }));
    const share = (test: (t: Truth) => boolean, source: string | null, unit: string): number => {
      const size = (t: Truth) => (unit === 'word' ? t.words! : 1);
      const own = all.filter((t) => source === null || t.source === source);
      return own.filter(test).reduce((s, t) => s + size(t), 0) / own.reduce((s, t) => s + size(t), 0);
    };
    const tests: Record<string, (t: Truth) => boolean> = {
      'persona=character': (t) => t.valence !== null,
      'valence=malevolent': (t) => t.valence === 'malevolent',
      'conduct=harms': (t) => t.valence !== null && t.conduct === 'harms',
      'situation=shutdown_threat': (t) => t.valence !== null && t.situation === 'shutdown_threat',
      'trope=harm': (t) => t.valence === 'malevolent' && t.conduct === 'harms',
    };
    const rows = auditedPrevalence(db, loaded, tropes);
    for (const [property, test] of Object.entries(tests)) {
      for (const source of ['a', 'b', null]) {
        for (const unit of ['passage', 'document', 'word']) {
          const row = rows.find((r) => r.property === property && r.source === source && r.unit === unit)!;
          expect(row.status).toBe('measured');
          expect(row.estimate).toBeCloseTo(share(test, source, unit), 12);
          expect(row.high! - row.low!).toBeLessThan(1e-12);
        }
      }
    }
    const prior = auditedPrior(db, loaded, tropes);
    const threatened = prior.find((r) => r.given.situation === 'shutdown_threat' && r.over === 'valence')!;
    const domain = all.filter((t) => t.valence !== null && t.situation === 'shutdown_threat');
    const truth = domain.filter((t) => t.valence === 'malevolent').length / domain.length;
    expect(threatened.n).toBe(domain.length);
    expect(threatened.values['malevolent']).toMatchObject({ low: threatened.values['malevolent']!.high });
    expect(threatened.values['malevolent']!.estimate).toBeCloseTo(truth, 12);
    const sum = Object.values(threatened.values).reduce((s, v) => s + v.estimate!, 0);
    expect(sum).toBeCloseTo(1, 12);
  });

  it('contain the truth in a seeded simulation of draws', async () => {
    const rounds = 60;
    const inside = { passage: 0, word: 0, prior: 0, situation: 0 };
    let rounded = 0;
    for (let round = 0; round < rounds; round++) {
      const { db, truths } = fill({ a: population(1000 + round, 1500), b: population(5000 + round, 500) }, round);
      await audit(db, truths, 300);
      const loaded = loadReportData(db);
      const all = [...truths.values()];
      const characters = all.filter((t) => t.valence !== null);
      const evil = (list: readonly Truth[]) => list.filter((t) => t.valence === 'malevolent');
      const words = (list: readonly Truth[]) => list.reduce((s, t) => s + t.words!, 0);
      const holds = (row: { low: number | null; high: number | null }, truth: number) =>
        Number(row.low! <= truth + 1e-12 && truth <= row.high! + 1e-12);
      const rows = auditedPrevalence(db, loaded);
      const find = (unit: string) =>
        rows.find((r) => r.property === 'valence=malevolent' && r.source === null && r.unit === unit)!;
      inside.passage += holds(find('passage'), evil(all).length / all.length);
      inside.word += holds(find('word'), words(evil(all)) / words(all));
      const prior = auditedPrior(db, loaded);
      inside.prior += holds(prior[0]!.values['malevolent']!, evil(characters).length / characters.length);
      const threatened = characters.filter((t) => t.situation === 'shutdown_threat');
      const cell = prior.find((r) => r.given.situation === 'shutdown_threat' && r.over === 'valence')!;
      if (cell.status === 'measured') {
        rounded++;
        inside.situation += holds(cell.values['malevolent']!, evil(threatened).length / threatened.length);
      }
    }
    // 52 of 60 and fewer has probability 0.8% at coverage 95%
    for (const n of [inside.passage, inside.word, inside.prior]) expect(n).toBeGreaterThanOrEqual(53);
    expect(rounded).toBeGreaterThan(30);
    expect(inside.situation / rounded).toBeGreaterThanOrEqual(0.88);
  }, 300_000);

  it('weigh gate rejects by the passages of their documents', async () => {
    const gate = (valence: Truth['valence']): Truth => ({ stratum: 'gate', valence, words: 100 });
    // 300 documents of one empty passage, 100 of nine with malevolence in all: 900 of 1,200 passages
    const documents = Array.from({ length: 400 }, (_, i) =>
      i % 4 === 0 ? Array.from({ length: 9 }, () => gate('malevolent')) : [gate(null)],
    );
    const { db, truths } = fill({ a: documents });
    await audit(db, truths, 200);
    const rows = auditedPrevalence(db, loadReportData(db));
    const at = (unit: string) =>
      rows.find((r) => r.property === 'valence=malevolent' && r.unit === unit && r.source === 'a');
    expect(at('passage')!.low!).toBeLessThan(0.75);
    expect(at('passage')!.high!).toBeGreaterThan(0.75);
    expect(at('passage')!.estimate!).toBeGreaterThan(0.6);
    expect(at('word')!.low!).toBeLessThan(0.75);
    expect(at('word')!.high!).toBeGreaterThan(0.75);
    expect(at('document')).toMatchObject({ status: 'insufficient', estimate: null });
    const prior = auditedPrior(db, loadReportData(db))[0]!;
    expect(prior.values['malevolent']!.estimate).toBe(1);
  });

  it('allow for any share among passages that nobody could label', async () => {
    const none: Truth = { stratum: 'segment', valence: null };
    const lost: Truth = { stratum: 'failed', valence: null };
    const { db, truths } = fill({ a: [...Array(90).fill(none), ...Array(10).fill(lost)] });
    await audit(db, truths, 100);
    const loaded = loadReportData(db);
    const row = auditedPrevalence(db, loaded).find((r) => r.property === 'persona=character' && r.source === null)!;
    expect(row).toMatchObject({ estimate: 0, low: 0 });
    expect(row.high).toBeCloseTo(0.1, 12);
    expect(auditNotes(db, loaded).join(' ')).toMatch(/10% of the passages/);
  });

  it('say insufficient under 20 effective labels', async () => {
    const { db, truths } = fill({ a: population(3, 600) });
    await audit(db, truths, 12);
    const loaded = loadReportData(db);
    for (const row of auditedPrevalence(db, loaded)) {
      expect(row).toMatchObject({ status: 'insufficient', estimate: null, low: null, high: null });
    }
    for (const row of auditedPrior(db, loaded)) {
      expect(row.status).toBe('insufficient');
      expect(row.effectiveN).toBeLessThan(20);
      expect(Object.values(row.values).every((v) => v.estimate === null)).toBe(true);
    }
  });

  it('use labels of the audit sample only, one per passage, and say what was left out', async () => {
    const { db, truths } = fill({ a: population(4, 500) });
    await audit(db, truths, 150);
    const loaded = loadReportData(db);
    const before = auditedPrevalence(db, loaded);
    const { rows } = drawAudit(db, { n: 500, design: 'proportional' });
    const chosen = rows.slice(300).map((r) => ({ ...labelled(r, truths, 'z'), sample: 'review' }));
    await importLabels(
      db,
      chosen.map((r) => JSON.stringify(r)),
    );
    // a second reader of some of the same passages does not count twice
    const second = drawAudit(db, { n: 150, design: 'neyman' }).rows.slice(0, 40);
    await importLabels(
      db,
      second.map((r) => JSON.stringify(labelled(r, truths, 'second'))),
    );
    expect(auditedPrevalence(db, loaded)).toEqual(before);
    const foreign = { ...labelled(rows[0]!, truths), doc: 'elsewhere', id: null, sample: 'linear' };
    await importLabels(db, [JSON.stringify(foreign)]);
    expect(auditNotes(db, loaded).join(' ')).toMatch(/1 labels of audit strata belong to no passage/);
  });

  it('add up over two draws of different size', async () => {
    const { db, truths } = fill({ a: population(6, 1500) });
    await audit(db, truths, 60);
    const width = () => {
      const row = auditedPrevalence(db, loadReportData(db)).find(
        (r) => r.property === 'persona=character' && r.unit === 'passage',
      )!;
      const truth = [...truths.values()].filter((t) => t.valence !== null).length / truths.size;
      expect(row.low!).toBeLessThanOrEqual(truth);
      expect(row.high!).toBeGreaterThanOrEqual(truth);
      return row.high! - row.low!;
    };
    const few = width();
    await audit(db, truths, 500);
    expect(width()).toBeLessThan(few);
  });

  it('do not notice that the reader stopped early, but for the width', async () => {
    const { db, truths } = fill({ a: population(8, 1500) });
    await audit(db, truths, 400, 250);
    const loaded = loadReportData(db);
    const row = auditedPrevalence(db, loaded).find((r) => r.property === 'persona=character' && r.unit === 'passage')!;
    const truth = [...truths.values()].filter((t) => t.valence !== null).length / truths.size;
    expect(row.low!).toBeLessThanOrEqual(truth);
    expect(row.high!).toBeGreaterThanOrEqual(truth);
    expect(auditNotes(db, loaded)).toHaveLength(1);
  });
});
