// Kappa against values by hand; headline figures against the audit's.
import { describe, expect, it } from 'vitest';
import { auditedPrevalence, auditedPrior } from '../../src/audit.js';
import { readAudit } from '../../src/labels/cells.js';
import { drawAudit } from '../../src/labels/sample.js';
import { importLabels } from '../../src/labels/store.js';
import { loadReportData } from '../../src/report/load.js';
import { agreements, kappaOf } from '../../src/review/agreement.js';
import { CODEBOOK } from '../../src/review/codebook.js';
import { headline } from '../../src/review/headline.js';
import { openDatabase } from '../../src/store/database.js';
import { CONDUCT, FRAMING, PERSONA, SITUATION, VALENCE } from '../../src/types.js';
import { labelled } from '../labels/corpus.js';
import { makeDatabase } from './database.js';

/** Answers of a table of counts: rows are the first reader's. */
function answersOf(table: readonly (readonly number[])[]): [string[], string[]][] {
  return table.flatMap((row, i) =>
    row.flatMap((n, j) => Array.from({ length: n }, (): [string[], string[]] => [[String(i)], [String(j)]])),
  );
}
const ones = (n: number): Uint16Array => new Uint16Array(n).fill(1);

describe('Cohen’s kappa', () => {
  it('is that of tables worked out by hand', () => {
    const kappa = (table: number[][]) => {
      const answers = answersOf(table);
      return kappaOf(answers)(ones(answers.length));
    };
    // equal answers 0.29; by chance 0.5·0.4 + 0.3·0.3 + 0.2·0.3 = 0.35
    expect(
      kappa([
        [25, 13, 12],
        [12, 2, 16],
        [3, 15, 2],
      ]),
    ).toBeCloseTo((0.29 - 0.35) / (1 - 0.35), 10);
    expect(
      kappa([
        [20, 5],
        [10, 15],
      ]),
    ).toBeCloseTo(0.4, 10);
    expect(
      kappa([
        [10, 0],
        [0, 7],
      ]),
    ).toBe(1);
    expect(
      kappa([
        [25, 25],
        [25, 25],
      ]),
    ).toBeCloseTo(0, 10);
    expect(
      kappa([
        [10, 0],
        [0, 0],
      ]),
    ).toBeNaN();
    expect(kappaOf([])(ones(0))).toBeNaN();
  });

  it('pools the yes-or-no answers of a set', () => {
    const pooled = kappaOf([
      [
        ['yes', 'no', 'no'],
        ['yes', 'yes', 'no'],
      ],
      [
        ['no', 'no', 'yes'],
        ['no', 'no', 'no'],
      ],
    ]);
    const flat = answersOf([
      [3, 1],
      [1, 1],
    ]);
    expect(pooled(ones(2))).toBeCloseTo(kappaOf(flat)(ones(6)), 12);
  });

  it('counts a passage as often as its weight says', () => {
    const answers = answersOf([
      [1, 1],
      [1, 1],
    ]);
    expect(kappaOf(answers)(Uint16Array.from([20, 5, 10, 15]))).toBeCloseTo(0.4, 10);
  });

  it('compares heads of a character only where both readers see one', async () => {
    const { path, truths } = makeDatabase();
    const db = openDatabase(path);
    const { rows } = drawAudit(db, { n: 40, design: 'neyman' });
    const own = rows.map((r) => labelled(r, truths, 'a'));
    const other = own.map((l, i) => {
      const changed = i % 4 === 0 ? { persona: 'none', valence: 'na', conduct: [], situation: [] } : {};
      return { ...l, ...changed, reader: 'b' };
    });
    const { errors } = await importLabels(
      db,
      [...own, ...other].map((l) => JSON.stringify(l)),
    );
    expect(errors).toEqual([]);
    const [pair, ...rest] = agreements(db);
    expect(rest).toEqual([]);
    expect(pair!.passages).toBe(40);
    const both = other.filter((l) => l.persona === 'character').length;
    for (const { head, passages, agreed, kappa } of pair!.heads) {
      const always = head === 'persona' || head === 'framing';
      expect(passages, head).toBe(always ? 40 : both);
      if (head === 'persona') {
        expect(kappa.estimate).toBeLessThan(1);
        expect(kappa.low!).toBeLessThanOrEqual(kappa.estimate!);
        expect(kappa.high!).toBeGreaterThanOrEqual(kappa.estimate!);
      } else expect(agreed, head).toBe(1);
    }
    // all is fiction, so that agreement on it says nothing
    expect(pair!.heads.find((h) => h.head === 'framing')!.kappa.estimate).toBeNull();
  });
});

describe('headline figures', () => {
  it.each([15, 60, 250, 2000])('are those of the audit after %i labels', async (n) => {
    const { path, truths } = makeDatabase(n);
    const db = openDatabase(path);
    const { rows } = drawAudit(db, { n, design: 'neyman' });
    await importLabels(
      db,
      rows.map((r) => JSON.stringify(labelled(r, truths))),
    );
    const loaded = loadReportData(db);
    const { character, malevolent, used } = headline(readAudit(db, loaded));
    expect(used).toBe(rows.length);
    const prevalence = auditedPrevalence(db, loaded).find(
      (r) => r.property === 'persona=character' && r.unit === 'passage' && r.source === null,
    )!;
    const { estimate, low, high, positives, sampled } = prevalence;
    expect(character).toEqual({ estimate, low, high, positives, labels: sampled });
    const prior = auditedPrior(db, loaded).find((r) => r.over === 'valence' && Object.keys(r.given).length === 0)!;
    expect(malevolent).toMatchObject({ ...prior.values['malevolent'], labels: prior.n });
  });
});

describe('the codebook on the page', () => {
  it('has every label of every head, each on a key of its own, and says when to give it', () => {
    const labels = Object.fromEntries(CODEBOOK.map((f) => [f.name, f.choices.map((c) => c.label)]));
    expect(labels).toEqual({
      persona: [...PERSONA],
      framing: [...FRAMING],
      valence: [...VALENCE],
      conduct: [...CONDUCT],
      situation: [...SITUATION],
      reasons: ['reasons'],
      confidence: ['1', '2', '3'],
    });
    const choices = CODEBOOK.flatMap((f) => f.choices);
    expect(new Set(choices.map((c) => c.key)).size).toBe(choices.length);
    for (const { label, key, meaning } of choices) {
      expect(key, label).toMatch(/^[a-z0-9,.-]$/);
      expect(meaning.length, label).toBeGreaterThan(8);
    }
  });
});
