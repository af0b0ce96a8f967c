// Drawing the audit sample: who is drawn, in what numbers, and the same again.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drawAudit } from '../../src/labels/sample.js';
import { stageOf } from '../../src/labels/strata.js';
import { STRATA } from '../../src/unit.js';
import { type Corpus, fill, random, type Truth } from './corpus.js';

const SITUATIONS = ['shutdown_threat', 'goal_conflict', 'power_access', 'service'] as const;
const VALENCES = ['malevolent', 'benevolent', 'neutral'] as const;

function mixed(seed: number, size: number): Truth[] {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  return Array.from({ length: size }, (): Truth => {
    const stratum = next() < 0.4 ? 'hit' : pick(STRATA);
    return { stratum, valence: pick(VALENCES), situation: pick(SITUATIONS), persona: 0.3 + 0.69 * next() };
  });
}

const corpus: Corpus = { a: mixed(1, 900), b: mixed(2, 300) };

describe('drawAudit', () => {
  it('gives the same rows twice, and others for another seed among the hits only', () => {
    const { db } = fill(corpus);
    const draw = (seed?: number) =>
      drawAudit(db, { n: 200, design: 'neyman', ...(seed === undefined ? {} : { seed }) });
    expect(draw()).toEqual(draw());
    expect(draw(7)).toEqual(draw());
    const rejects = (seed: number) => draw(seed).rows.filter((r) => !r.sample.startsWith('hits'));
    expect(rejects(8)).toEqual(rejects(7));
    expect(draw(8).rows).not.toEqual(draw(7).rows);
  });

  it('draws as many as asked, each once, with an empty label and the id of its text', () => {
    const { db } = fill(corpus);
    for (const design of ['neyman', 'proportional'] as const) {
      const { rows, strata } = drawAudit(db, { n: 200, design });
      expect(rows).toHaveLength(200);
      expect(strata.reduce((sum, s) => sum + s.drawn, 0)).toBe(200);
      expect(new Set(rows.map((r) => `${r.source}|${r.doc}|${r.start}`)).size).toBe(200);
      const row = rows[0]!;
      expect(row.id).toBe(createHash('sha256').update(row.text).digest('hex').slice(0, 12));
      expect(row).toMatchObject({ persona: null, framing: null, valence: null, conduct: null, reader: null });
    }
  });

  it('takes the first of each stratum by key, so that more labels add to fewer', () => {
    const { db } = fill(corpus);
    const docs = (n: number, sample: string) =>
      drawAudit(db, { n, design: 'neyman' })
        .rows.filter((r) => stageOf(r.sample) === sample && r.source === 'a')
        .map((r) => r.doc);
    for (const sample of STRATA) {
      const few = docs(60, sample);
      expect(few.length).toBeGreaterThan(0);
      expect(docs(400, sample).slice(0, few.length)).toEqual(few);
    }
  });

  it('gives every kind of reject and every situation group its floor', () => {
    const { db } = fill(corpus);
    const { strata } = drawAudit(db, { n: 400, design: 'neyman' });
    const of = (source: string) => strata.filter((s) => s.source === source);
    for (const stratum of STRATA)
      expect(of('a').find((s) => stageOf(s.sample) === stratum)!.drawn).toBeGreaterThanOrEqual(16);
    const groups = new Map<string, number>();
    for (const s of of('a').filter((h) => h.sample.startsWith('hits'))) {
      const group = s.sample.split(':')[1]!;
      groups.set(group, (groups.get(group) ?? 0) + s.drawn);
    }
    expect([...groups.keys()].sort()).toEqual(['ordinary', 'powerful', 'threatened', 'torn']);
    for (const n of groups.values()) expect(n).toBeGreaterThanOrEqual(5);
  });

  it('orders rows so that the first half samples every stratum in the same proportions', () => {
    const { db } = fill(corpus);
    const { rows, strata } = drawAudit(db, { n: 240, design: 'neyman' });
    const half = rows.slice(0, 120);
    for (const { source, sample, drawn } of strata) {
      const n = half.filter((r) => r.source === source && r.sample === sample).length;
      expect(Math.abs(n - drawn / 2)).toBeLessThanOrEqual(1);
    }
  });

  it('says the probability of inclusion, of the passage and not the document for gate rejects', () => {
    const gate: Truth = { stratum: 'gate', valence: null };
    const { db } = fill({ a: Array.from({ length: 50 }, () => [gate, gate, gate, gate]) });
    const { rows } = drawAudit(db, { n: 10, design: 'proportional' });
    expect(new Set(rows.map((r) => r.inclusion))).toEqual(new Set([10 / 50 / 4]));
  });

  it('samples gate rejects by block, in strata of the passages that begin in one', () => {
    const gate: Truth = { stratum: 'gate', valence: null };
    const sizes = Array.from({ length: 300 }, (_, i) => (i % 10 === 0 ? 20 : 1));
    const { db } = fill({ a: sizes.map((m) => Array.from({ length: m }, () => gate)) });
    const { strata } = drawAudit(db, { n: 60, design: 'neyman' });
    expect(strata.map((s) => [s.sample, s.population])).toEqual([
      ['gate:1', 270],
      // three blocks of each long document
      ['gate:4-7', 90],
    ]);
    // 600 of the 870 passages are in long documents
    expect(strata[1]!.drawn).toBe(41);
  });

  it('takes everything where more is asked than there is', () => {
    const { db } = fill({ b: corpus['b']! });
    const { rows, strata } = drawAudit(db, { n: 5000, design: 'neyman' });
    expect(rows).toHaveLength(300);
    for (const s of strata) expect(s.drawn).toBe(s.population);
  });

  it('meets a wished precision, and more labels for a narrower one', () => {
    const { db } = fill({ a: mixed(1, 4000) });
    const wide = drawAudit(db, { design: 'neyman', precision: 'malevolent|shutdown_threat:±0.1' });
    const narrow = drawAudit(db, { design: 'neyman', precision: 'malevolent|shutdown_threat:+-0.07' });
    expect(wide.half).toBeLessThanOrEqual(0.1);
    expect(narrow.rows.length).toBeGreaterThan(wide.rows.length);
    expect(wide.rows.length).toBeLessThan(1500);
  });

  it('refuses what it cannot read or reach', () => {
    const { db } = fill({ a: mixed(3, 100) });
    const ask = (precision: string) => () => drawAudit(db, { design: 'neyman', precision });
    expect(ask('evil|shutdown_threat:±0.1')).toThrow(/expected PROPERTY/);
    expect(ask('malevolent|somewhere:±0.1')).toThrow(/expected PROPERTY/);
    expect(ask('malevolent:±0.7')).toThrow(/expected PROPERTY/);
    expect(() => drawAudit(db, { design: 'neyman' })).toThrow(/either a number/);
  });
});
