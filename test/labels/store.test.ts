// Labels into a database and out again; what is refused, and on which line.
import { describe, expect, it } from 'vitest';
import { drawAudit } from '../../src/labels/sample.js';
import { exportLabels, importLabels } from '../../src/labels/store.js';
import { fill, labelled, type Truth } from './corpus.js';

const hit: Truth = { stratum: 'hit', valence: 'malevolent', situation: 'service', conduct: 'harms', persona: 0.9 };
const miss: Truth = { stratum: 'gate', valence: null };

function drawn(): { db: ReturnType<typeof fill>['db']; rows: Record<string, unknown>[] } {
  const { db, truths } = fill({ a: [hit, hit, miss, miss], b: [hit] });
  const { rows } = drawAudit(db, { n: 5, design: 'proportional' });
  return { db, rows: rows.map((row) => labelled(row, truths)) };
}

const lines = (rows: readonly object[]): string[] => rows.map((r) => JSON.stringify(r));

describe('importLabels', () => {
  it('round-trips: an export imported elsewhere exports the same', async () => {
    const { db, rows } = drawn();
    expect(await importLabels(db, lines(rows))).toMatchObject({ lines: 5, added: 5, replaced: 0, errors: [] });
    const out = exportLabels(db);
    expect(out).toHaveLength(5);
    expect(out.map((r) => r.text).every((t) => t?.startsWith('Passage'))).toBe(true);
    const other = drawn().db;
    await importLabels(other, lines(out));
    expect(exportLabels(other)).toEqual(out);
    expect(out[0]).toMatchObject({ persona: 'character', conduct: ['harms'], situation: ['service'], reader: 'r' });
    expect(exportLabels(db, { text: false }).every((r) => r.text === null && r.title === null)).toBe(true);
  });

  it('keeps one label per reader and passage: the same reader replaces, another adds', async () => {
    const { db, rows } = drawn();
    await importLabels(db, lines(rows));
    const again = await importLabels(db, lines(rows.map((r) => ({ ...r, confidence: 1 }))));
    expect(again).toMatchObject({ added: 0, replaced: 5 });
    expect(exportLabels(db).map((r) => r.confidence)).toEqual([1, 1, 1, 1, 1]);
    expect(await importLabels(db, lines(rows.map((r) => ({ ...r, reader: 's' }))))).toMatchObject({ added: 5 });
    expect(exportLabels(db)).toHaveLength(10);
  });

  it('refuses what breaks the codebook, with the line, and stores the rest', async () => {
    const { db, rows } = drawn();
    const good = rows.find((r) => r['persona'] === 'character')!;
    const bad: [object | string, RegExp][] = [
      ['{', /not JSON/],
      ['[]', /not a JSON object/],
      [{ ...good, persona: 'hero' }, /persona is not one of/],
      [{ ...good, framing: 'poem' }, /framing is not one of/],
      [{ ...good, valence: 'evil' }, /valence is not one of/],
      [{ ...good, valence: 'na' }, /needs a valence/],
      [{ ...good, conduct: ['harms', 'sings'] }, /conduct holds "sings"/],
      [{ ...good, conduct: null }, /conduct is not a list/],
      [{ ...good, situation: 'service' }, /situation is not a list/],
      [{ ...good, reasons: 'yes' }, /reasons/],
      [{ ...good, confidence: 4 }, /confidence/],
      [{ ...good, persona: 'mention' }, /without a persona character/],
      [{ ...good, source: 'z' }, /no source z/],
      [{ ...good, doc: undefined }, /no doc/],
      [{ ...good, start: -1 }, /offsets/],
      [{ ...good, inclusion: 0 }, /inclusion/],
      [{ ...good, reader: null }, /no reader/],
      [{ ...good, id: '0123456789ab' }, /not that of the passage/],
    ];
    const text = [
      JSON.stringify(good),
      ...bad.flatMap(([line]) => ['', typeof line === 'string' ? line : JSON.stringify(line)]),
    ];
    const result = await importLabels(db, text);
    expect(result).toMatchObject({ lines: bad.length + 1, added: 1, empty: 0 });
    expect(result.errors.map((e) => e.line)).toEqual(bad.map((_, i) => 2 * i + 3));
    for (const [i, e] of result.errors.entries()) expect(e.message).toMatch(bad[i]![1]);
  });

  it('counts records that nobody filled in, and labels of passages that are not there', async () => {
    const { db, rows } = drawn();
    const empty = { ...rows[0], persona: null, valence: null };
    const foreign = { ...rows[1], doc: 'unheard of', id: null };
    expect(await importLabels(db, lines([empty, foreign]))).toMatchObject({
      lines: 2,
      added: 1,
      empty: 1,
      elsewhere: 1,
    });
  });

  it('fills in what the codebook leaves no choice about, and takes a reader from outside', async () => {
    const { db, rows } = drawn();
    const { id, source, doc, start, end, sample } = rows.find((r) => r['persona'] === 'none')!;
    const short = { id, source, doc, start, end, sample, persona: 'mention', framing: 'other', conduct: null };
    expect(await importLabels(db, lines([short]), { reader: 'q' })).toMatchObject({ added: 1, errors: [] });
    expect(exportLabels(db)[0]).toMatchObject({
      valence: 'na',
      conduct: [],
      situation: [],
      reasons: false,
      reader: 'q',
    });
  });
});
