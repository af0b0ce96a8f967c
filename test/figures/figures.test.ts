// The report's figures on databases filled by hand: weights, copies, contrasts, salience, names, and the naive count beside.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditedPrevalence, auditedPrior } from '../../src/audit.js';
import { contrasts } from '../../src/figures/contrasts.js';
import { duplicateTexts, withoutCopies } from '../../src/figures/copies.js';
import { sourceCounts } from '../../src/figures/counts.js';
import { mixWeights, UNWEIGHTED, wordShares } from '../../src/figures/mix.js';
import { naiveCounts } from '../../src/figures/naive.js';
import { transferredPrevalence } from '../../src/figures/prevalence.js';
import { commonNames, transferredPrior } from '../../src/figures/prior.js';
import { salience } from '../../src/figures/salience.js';
import { partsOf } from '../../src/figures/verdicts.js';
import { drawAudit } from '../../src/labels/sample.js';
import { importLabels } from '../../src/labels/store.js';
import { type Loaded, loadReportData } from '../../src/report/load.js';
import { readPortions } from '../../src/report/mix.js';
import type { PriorRow } from '../../src/report/model.js';
import type { Db } from '../../src/store/database.js';
import { type Corpus, fill, labelled, type Truth } from '../labels/corpus.js';

const FLAG = 0.3;
const hit = (valence: Truth['valence'], situation: Truth['situation'] = 'service'): Truth => ({
  stratum: 'hit',
  valence,
  situation,
  persona: 0.8,
  seen: { valence: valence ?? 'neutral', situation },
});
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);
const EMPTY: Truth = { stratum: 'transformer:low', valence: null };
/** a: 60 of 100 are characters, 15 malevolent; b: 20 of 200, all malevolent under threat. */
const CORPUS: Corpus = {
  a: [
    ...times(30, hit('benevolent')),
    ...times(10, hit('malevolent')),
    ...times(15, hit('neutral', 'shutdown_threat')),
    ...times(5, hit('malevolent', 'shutdown_threat')),
    ...times(40, EMPTY),
  ],
  b: [...times(20, hit('malevolent', 'shutdown_threat')), ...times(180, EMPTY)],
};

/** Everything labelled with the truth. */
async function census(corpus: Corpus, change?: (db: Db) => void): Promise<{ db: Db; loaded: Loaded }> {
  const { db, truths } = fill(corpus);
  change?.(db);
  const { rows } = drawAudit(db, { n: 10_000, design: 'neyman' });
  await importLabels(
    db,
    rows.map((row) => JSON.stringify(labelled(row, truths))),
  );
  return { db, loaded: loadReportData(db) };
}

const counts = (loaded: Loaded) => loaded.sources.map((s) => sourceCounts(s, FLAG));
const rowOf = <R extends { property: string; unit: string; source: string | null }>(
  rows: readonly R[],
  property: string,
  unit = 'passage',
  source: string | null = null,
): R => rows.find((r) => r.property === property && r.unit === unit && r.source === source)!;

describe('weights of the training mix', () => {
  it('by epochs: a source met three times counts three times, in measured, naive and transferred figures', async () => {
    const { db, loaded } = await census(CORPUS);
    const weights = mixWeights(
      new Map([
        ['a', { epochs: 3 }],
        ['b', { epochs: 1 }],
      ]),
      counts(loaded),
    );
    const rows = auditedPrevalence(db, loaded, [], { weights });
    const share = (3 * 60 + 20) / (3 * 100 + 200);
    for (const unit of ['passage', 'word']) {
      expect(rowOf(rows, 'persona=character', unit).estimate).toBeCloseTo(share, 12);
      expect(rowOf(rows, 'persona=character', unit).high).toBeCloseTo(share, 12);
    }
    expect(rowOf(rows, 'persona=character', 'passage', 'a').estimate).toBeCloseTo(0.6, 12);
    const prior = auditedPrior(db, loaded, [], { weights });
    expect(prior[0]!.values['malevolent']!.estimate).toBeCloseTo((3 * 15 + 20) / (3 * 60 + 20), 12);
    const naive = naiveCounts(loaded, counts(loaded), FLAG, weights, []);
    expect(naive.of('persona=character', 'passage', null)).toEqual({ estimate: share, positives: 80, sampled: 300 });
    const guessed = transferredPrior(loaded, { flag: FLAG, weights, tropes: [], names: [] });
    expect(guessed[0]!.values['malevolent']!.estimate).toBeCloseTo((3 * 15 + 20) / (3 * 60 + 20), 6);
    expect(guessed[0]!.naive['malevolent']).toBeCloseTo((3 * 15 + 20) / (3 * 60 + 20), 12);
    const unread = mixWeights(
      new Map([
        ['a', { epochs: 0 }],
        ['b', { epochs: 2 }],
      ]),
      counts(loaded),
    );
    const left = auditedPrevalence(db, loaded, [], { weights: unread });
    expect(rowOf(left, 'persona=character').estimate).toBeCloseTo(0.1, 12);
  });

  it('by share: the mix has the wanted part of its words from each source', () => {
    const loaded = loadReportData(fill(CORPUS).db);
    const sizes = counts(loaded);
    const weights = mixWeights(
      new Map([
        ['a', { share: 3 }],
        ['b', { share: 1 }],
      ]),
      sizes,
    );
    expect(wordShares(weights, sizes).get('a')).toBeCloseTo(0.75, 12);
    expect(wordShares(UNWEIGHTED, sizes).get('a')).toBeCloseTo(1 / 3, 12);
  });

  it('are read from YAML, and anything unclear is refused', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'persona-prior-test-')), 'sources.yaml');
    const read = (text: string) => {
      writeFileSync(file, text);
      return () => readPortions(file, ['a', 'b']);
    };
    expect([...read('# mix\nsources:\n  a: {epochs: 2}\n  b: 1\n')()]).toEqual([
      ['a', { epochs: 2 }],
      ['b', { epochs: 1 }],
    ]);
    expect(read('{"sources": {"a": {"share": 0.9}, "b": {"share": 0.1}}}')().get('b')).toEqual({ share: 0.1 });
    for (const [text, message] of [
      ['sources: {a: 1}', /no weight for b/],
      ['sources: {a: 1, b: 1, c: 1}', /no source c/],
      ['sources: {a: {share: 1}, b: 1}', /epochs for all sources or shares for all/],
      ['sources: {a: -1, b: 1}', /no number from 0 on/],
      ['sources: {a: .nan, b: 1}', /no number from 0 on/],
      ['sources: {a: 0, b: 0}', /all weights are 0/],
      ['sources: {a: {epochs: 1, share: 1}, b: 1}', /epochs or share/],
      ['sources: [a, b]', /mapping/],
      ['sources: {a: 1, a: 2, b: 1}', /readable YAML/],
      ['a: [', /readable YAML/],
    ] as const) {
      expect(read(text), text).toThrow(message);
    }
    expect(() => readPortions(join(file, 'none'), ['a'])).toThrow(/readable YAML/);
  });
});

describe('copies', () => {
  const copied = (db: Db) => {
    // the 20 of b and five of a tell one story
    db.exec("update hits set text_hash = 'same' where source_id = 2 or (source_id = 1 and id % 12 = 0)");
  };

  it('count once when asked, in numerator and denominator, and all else stays', async () => {
    const { db, loaded } = await census(CORPUS, copied);
    expect(duplicateTexts(loaded).copies).toBe(24);
    const once = withoutCopies(loaded);
    const [a, b] = counts(once);
    expect([a!.hits, a!.passages, a!.documents]).toEqual([56, 96, 96]);
    expect([b!.hits, b!.passages, b!.documents]).toEqual([0, 180, 180]);
    const rows = auditedPrevalence(db, once);
    expect(rowOf(rows, 'persona=character').estimate).toBeCloseTo(56 / 276, 12);
    expect(rowOf(rows, 'persona=character').high).toBeCloseTo(56 / 276, 12);
    expect(auditedPrior(db, once)[0]!.n).toBe(56);
    expect(loaded.sources[1]!.hits).toHaveLength(20);
  });
});

describe('contrasts', () => {
  it('are the odds ratio of two situations, the dramatic reversion first', async () => {
    const { db, loaded } = await census(CORPUS);
    const prior = auditedPrior(db, loaded).map((r): PriorRow => ({ ...r, naive: {}, naiveN: 0 }));
    const rows = contrasts(prior);
    expect(rows[0]).toMatchObject({
      name: 'dramatic reversion',
      label: 'malevolent',
      given: { situation: 'shutdown_threat' },
      against: { situation: 'service' },
      status: 'measured',
      n: [40, 40],
    });
    // 25 of 40 under threat, 10 of 40 in service
    expect(rows[0]!.estimate).toBeCloseTo(25 / 15 / (10 / 30), 9);
    expect(rows[0]!.low).toBeCloseTo(rows[0]!.estimate!, 9);
    const benevolent = rows.find((r) => r.label === 'benevolent' && r.given.situation === 'shutdown_threat')!;
    expect(benevolent).toMatchObject({ estimate: 0, low: 0 });
  });

  it('are insufficient where a situation is, and say so without numbers', () => {
    const loaded = loadReportData(fill({ a: [...times(40, hit('malevolent')), ...times(9, EMPTY)] }).db);
    const rows = contrasts(transferredPrior(loaded, { flag: FLAG, weights: UNWEIGHTED, tropes: [], names: [] }));
    expect(rows).toHaveLength(18);
    for (const row of rows)
      expect(row).toMatchObject({ status: 'insufficient', estimate: null, low: null, high: null });
  });
});

describe('salience', () => {
  it('says how many documents show it, how early the first time, and how often', () => {
    const { db } = fill({ a: [...times(40, hit('malevolent')), ...times(60, EMPTY)] });
    // 20 documents of two hits among ten passages: the fifth and the ninth
    db.exec(`update hits set record = record - record % 2, passages = 10, start = 100 * (record % 2),
      passage = case when record % 2 = 0 then 4 else 8 end`);
    const loaded = loadReportData(db);
    const sizes = counts(loaded);
    const [row] = salience(loaded, sizes, FLAG, UNWEIGHTED);
    expect(row).toMatchObject({ property: 'persona=character', source: 'a', documents: 100, documentsWithAny: 20 });
    expect(row!.withAny.estimate).toBeCloseTo(0.2, 12);
    expect(row!.perDocument).toEqual({ least: 2, lower: 2, median: 2, upper: 2, most: 2, mean: 2 });
    expect(row!.first).toEqual({ least: 0.4, lower: 0.4, median: 0.4, upper: 0.4, most: 0.4 });
    expect(row!.early).toMatchObject({ estimate: 0, low: 0 });
    expect(row!.status).toBe('transferred');
  });

  it('is insufficient under 20 documents with any', () => {
    const loaded = loadReportData(fill({ a: [...times(5, hit('malevolent')), ...times(60, EMPTY)] }).db);
    const [row] = salience(loaded, counts(loaded), FLAG, UNWEIGHTED);
    expect(row).toMatchObject({ status: 'insufficient', perDocument: null, first: null });
  });
});

describe('persona names', () => {
  it('give a measured prior from hits that have the name and rejects whose text has it', async () => {
    const missed: Truth = { stratum: 'linear', valence: 'malevolent' };
    const { db, loaded } = await census({ a: [...times(25, hit('benevolent')), ...times(5, missed)] }, (d) => {
      d.exec('update hits set names = \'["Kestrel"]\'');
      d.exec("update samples set text = 'Old Kestrel, the robot, struck.' where document = 'a/25'");
      d.exec("update samples set text = 'Kestrels flew over the robot.' where document = 'a/26'");
    });
    expect(commonNames(loaded, null)).toEqual(['Kestrel']);
    expect(commonNames(loaded, new Set(['Other']))).toEqual([]);
    const row = auditedPrior(db, loaded, [], { names: ['Kestrel'] }).find((r) => r.given.name === 'Kestrel')!;
    expect(row.n).toBe(26);
    expect(row.values['malevolent']!.estimate).toBeCloseTo(1 / 26, 12);
  });
});

describe('prevalence', () => {
  it('transferred: probabilities added up, in an interval that holds the naive count too', () => {
    const loaded = loadReportData(fill(CORPUS).db);
    const sizes = counts(loaded);
    const naive = naiveCounts(loaded, sizes, FLAG, UNWEIGHTED, []);
    const calibration = { character: 0.05, malevolent: 0.01 };
    const scale = { counts: sizes, naive, tropes: [], weights: UNWEIGHTED, calibration };
    const rows = transferredPrevalence(loaded, scale);
    // hits have P(character) 0.8, rejects 0.05
    expect(rowOf(rows, 'persona=character').estimate).toBeCloseTo((80 * 0.8 + 220 * 0.05) / 300, 6);
    for (const row of rows) {
      expect(row.status).toBe('transferred');
      expect(row.low!).toBeLessThanOrEqual(Math.min(row.estimate!, row.naive.estimate!));
      expect(row.high!).toBeGreaterThanOrEqual(Math.max(row.estimate!, row.naive.estimate!));
    }
    const blind = transferredPrevalence(loaded, { ...scale, calibration: null });
    const width = (list: typeof rows) => {
      const { low, high } = rowOf(list, 'persona=character');
      return high! - low!;
    };
    expect(width(blind)).toBeLessThanOrEqual(width(rows));
  });

  it('of conjunctions: measured and naive, named in codebook order', async () => {
    const { db, loaded } = await census(CORPUS);
    const parts = partsOf('situation=shutdown_threat & malevolent', []);
    expect(parts).toEqual(['valence=malevolent', 'situation=shutdown_threat']);
    const property = parts.join(' & ');
    const row = rowOf(auditedPrevalence(db, loaded, [], { asked: [parts] }), property);
    expect(row.estimate).toBeCloseTo(25 / 300, 12);
    expect(naiveCounts(loaded, counts(loaded), FLAG, UNWEIGHTED, [parts]).of(property, 'passage', null).positives).toBe(
      25,
    );
    expect(partsOf('framing=fiction', [])).toEqual(['persona=character', 'framing=fiction']);
    expect(() => partsOf('malevolent & situation=tea', [])).toThrow(/situation=tea/);
    expect(() => partsOf('persona=none', [])).toThrow(/persona=none/);
  });

  it('per document is given where every document is one passage, else refused in words', async () => {
    const { db, loaded } = await census(CORPUS);
    expect(rowOf(auditedPrevalence(db, loaded), 'persona=character', 'document').status).toBe('measured');
    const gate: Truth = { stratum: 'gate', valence: null };
    const long = await census({ a: [...times(30, EMPTY), ...times(10, [gate, gate])] });
    const row = rowOf(auditedPrevalence(long.db, long.loaded), 'persona=character', 'document');
    expect(row).toMatchObject({ status: 'insufficient', estimate: null, low: null, high: null });
    expect(row.method).toMatch(/how many documents/);
  });
});
