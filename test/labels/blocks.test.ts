// The sample of blocks as a sample: whom it reaches how often, what it adds up to, and that no order of work changes it.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { auditedPrevalence } from '../../src/audit.js';
import { compileGate } from '../../src/gate/gate.js';
import { loadLexicon } from '../../src/gate/lexicon.js';
import { drawAudit } from '../../src/labels/sample.js';
import { importLabels } from '../../src/labels/store.js';
import { loadReportData } from '../../src/report/load.js';
import { segment } from '../../src/segment/segment.js';
import { createSift } from '../../src/sift.js';
import { openDatabase } from '../../src/store/database.js';
import { sourceId } from '../../src/store/shards.js';
import { openWriter, SAMPLE_SIZE } from '../../src/store/writer.js';
import {
  BLOCK_BYTES,
  blockSamples,
  blocksOfText,
  drawnBlocks,
  mergeResults,
  type Sample,
  samplingKeys,
} from '../../src/unit.js';
import { fill, labelled, random, type Truth } from './corpus.js';

const encoder = new TextEncoder();

/** A document of `sentences`; some of it wide characters, and every seventh with white space for several blocks in it. */
function textOf(seed: number, sentences: number): string {
  const next = random(seed);
  const parts = Array.from({ length: sentences }, (_, i) => {
    const words = Array.from({ length: 4 + Math.floor(14 * next()) }, () => (next() < 0.1 ? 'прилив' : 'harbour'));
    return `Line ${i} ${words.join(' ')}.${next() < 0.1 ? '\n\n' : ' '}`;
  });
  if (seed % 7 === 0) parts.splice(Math.floor(sentences / 2), 0, ' '.repeat(3 * BLOCK_BYTES));
  return parts.join('');
}

describe('a sample of blocks', () => {
  const documents = Array.from({ length: 60 }, (_, i) => {
    const text = textOf(i, i % 10 === 0 ? 600 : 3 + (i % 10) * 4);
    return { id: `d${i}`, title: null, text, passages: segment(text), blocks: blocksOfText(text) };
  });
  const blocks = documents.reduce((sum, d) => sum + d.blocks, 0);
  const all = documents.flatMap((d) => d.passages);
  const words = all.reduce((sum, p) => sum + p.words, 0);

  /** The k blocks with the lowest keys under a seed. */
  function draw(seed: number, k: number): Sample[] {
    const keys = samplingKeys(seed, 's');
    const keyed = documents.flatMap((d) =>
      drawnBlocks(encoder.encode(d.id), d.blocks, keys, Number.MAX_SAFE_INTEGER).map((drawn) => ({ d, drawn })),
    );
    keyed.sort((a, b) => a.drawn.key - b.drawn.key);
    return keyed.slice(0, k).flatMap(({ d, drawn }) => blockSamples(d, d.passages, d.blocks, [drawn], keys));
  }

  it('deals every passage to exactly one block, and counts empty ones', () => {
    const whole = draw(1, blocks);
    expect(whole).toHaveLength(blocks);
    expect(whole.reduce((sum, s) => sum + s.unitPassages, 0)).toBe(all.length);
    expect(whole.reduce((sum, s) => sum + s.unitWords, 0)).toBe(words);
    expect(whole.some((s) => s.unitPassages === 0)).toBe(true);
    expect(whole.some((s) => s.unitPassages > 1)).toBe(true);
  });

  it('takes each passage as often as its inclusion says, and totals come out right on average', () => {
    const rounds = 600;
    const k = 30;
    const taken = new Map<string, number>();
    const inclusion = new Map<string, number>();
    const totals = { passages: [] as number[], words: [] as number[], shown: [] as number[] };
    // of the passages, crowded as they come in life: all of one long document, and some elsewhere
    const shows = (document: string, start: number): boolean => document === 'd20' || start % 11 === 0;
    const truth = documents.reduce((sum, d) => sum + d.passages.filter((p) => shows(d.id, p.start)).length, 0);
    for (let round = 0; round < rounds; round++) {
      const rows = draw(round, k);
      const expand = (of: (s: Sample) => number): number => (blocks / k) * rows.reduce((sum, s) => sum + of(s), 0);
      totals.passages.push(expand((s) => s.unitPassages));
      totals.words.push(expand((s) => s.unitWords));
      // the passage that was taken stands for its block
      totals.shown.push(expand((s) => (s.unitPassages > 0 && shows(s.document, s.start) ? s.unitPassages : 0)));
      for (const s of rows) {
        if (s.unitPassages === 0) continue;
        const place = `${s.document} ${s.start}`;
        taken.set(place, (taken.get(place) ?? 0) + 1);
        inclusion.set(place, k / blocks / s.unitPassages);
      }
    }
    const off = (values: readonly number[], expected: number): number => {
      const mean = values.reduce((a, b) => a + b, 0) / rounds;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (rounds - 1);
      return Math.abs(mean - expected) / Math.sqrt(variance / rounds);
    };
    // standard errors of a mean; the seeds are fixed
    expect(off(totals.passages, all.length)).toBeLessThan(3);
    expect(off(totals.words, words)).toBeLessThan(3);
    expect(off(totals.shown, truth)).toBeLessThan(3);
    const z = [...inclusion].map(([place, p]) => (taken.get(place)! - rounds * p) / Math.sqrt(rounds * p * (1 - p)));
    expect(z.length).toBe(all.length);
    expect(Math.max(...z.map(Math.abs))).toBeLessThan(4.5);
    const square = z.reduce((sum, v) => sum + v * v, 0) / z.length;
    expect(square).toBeGreaterThan(0.8);
    expect(square).toBeLessThan(1.2);
  });

  it('is the same whatever the size of units, the order of files, and where a scan was cut', () => {
    const gate = compileGate(loadLexicon(fileURLToPath(new URL('../../models', import.meta.url))));
    const files = [0, 1, 2].map((f) =>
      Array.from({ length: 300 }, (_, i) => {
        const text = textOf(1000 * f + i, i % 30 === 0 ? 400 : 5);
        return encoder.encode(JSON.stringify({ id: `${f}/${i}`, text }));
      }),
    );
    const mapping = { text: 'text', id: 'id', title: null };
    const scan = (order: readonly number[], unit: number): { rows: unknown[]; population: unknown } => {
      const db = openDatabase(':memory:');
      db.prepare(`insert into runs (started, status, command, versions, hashes, settings)
        values ('', 'done', 'scan', '{}', '{}', '{}')`).run();
      const writer = openWriter(db, ':memory:');
      const source = sourceId(db, 's');
      for (const f of order) {
        const shard = db
          .prepare(`insert into shards (source_id, run_id, path, name, status) values (?, 1, ?, ?, 'running')`)
          .run(source, String(f), String(f)).lastInsertRowid as number;
        const gateLimit = (): number => writer.limits(source)['gate'] ?? Number.MAX_SAFE_INTEGER;
        const keys = samplingKeys(3, 's');
        const options = { gate, mapping, file: String(f), keys, exactCounts: false, keepSkipped: false };
        let sift = createSift({ ...options, gateLimit });
        files[f]!.forEach((bytes, record) => {
          sift.add({ kind: 'json', record, offset: 0, bytes } as never);
          if ((record + 1) % unit !== 0 && record + 1 < files[f]!.length) return;
          const sifted = sift.take();
          expect(sifted.candidates).toHaveLength(0);
          const end = record + 1 < files[f]!.length ? null : { status: 'done' as const, fault: null };
          const cursor = { nextRecord: record + 1, nextByte: 0, compressedBytes: 0 };
          writer.commit(shard, source, mergeResults([sifted]), cursor, end);
          // as a scan that was cut here and went on
          if (record % 2 === 0) sift = createSift({ ...options, gateLimit });
        });
      }
      const rows = db.prepare('select * from samples order by key, document, start').all();
      const population = db.prepare(`select sum(n) from tallies where kind = 'population'`).pluck().get();
      db.close();
      return { rows, population };
    };
    const whole = scan([0, 1, 2], 300);
    expect(whole.population as number).toBeGreaterThan(2 * SAMPLE_SIZE);
    expect(whole.rows).toHaveLength(SAMPLE_SIZE);
    expect(scan([2, 0, 1], 7)).toEqual(whole);
    expect(scan([1, 2, 0], 41)).toEqual(whole);
  });

  it('of white space alone says nothing of the rest, and breaks no figure', async () => {
    const hit: Truth = { stratum: 'hit', valence: 'malevolent', persona: 0.9 };
    const { db, truths } = fill({
      a: [...Array.from({ length: 40 }, () => hit), [{ stratum: 'gate', valence: null }]],
    });
    db.prepare(`update tallies set n = 900 where kind = 'population' and reason = 'gate'`).run();
    db.prepare(`update samples set text = '', words = 0, unit_words = 0, unit_passages = 0, start = 0, end = 0
      where stratum = 'gate'`).run();
    const { rows } = drawAudit(db, { n: 40, design: 'neyman' });
    expect(rows.every((r) => r.sample.startsWith('hits'))).toBe(true);
    await importLabels(
      db,
      rows.map((r) => JSON.stringify(labelled(r, truths))),
    );
    const row = auditedPrevalence(db, loadReportData(db)).find(
      (r) => r.property === 'persona=character' && r.unit === 'passage' && r.source === null,
    )!;
    expect(row.low).toBeLessThanOrEqual(40 / 940);
    expect(row.high).toBe(1);
    expect(Number.isFinite(row.estimate)).toBe(true);
  });
});
