import { describe, expect, it } from 'vitest';
import { comparedTable, compareReports } from '../../src/report/compare.js';
import { comparisonHtml, comparisonMarkdown } from '../../src/report/compare-pages.js';
import type { PrevalenceRow, PriorRow, Report } from '../../src/report/model.js';

const row = (estimate: number | null, low: number, high: number, more: Partial<PrevalenceRow> = {}): PrevalenceRow =>
  ({
    property: 'persona=character',
    unit: 'passage',
    source: null,
    level: 0.95,
    method: 'x',
    positives: 1,
    sampled: 2,
    status: estimate === null ? 'insufficient' : 'measured',
    sample: '',
    naive: { estimate: 0, positives: 0, sampled: 0 },
    estimate,
    low,
    high,
    ...more,
  }) as PrevalenceRow;
const report = (prevalence: PrevalenceRow[], prior: Partial<PriorRow>[] = [], hashes = {}): Report =>
  ({
    sources: [{ source: '<b>x', passages: 10, hits: 2 }],
    prevalence,
    prior,
    caveats: [],
    reproduce: { hashes },
  }) as unknown as Report;

describe('compare', () => {
  const a = report([row(0.1, 0.08, 0.13)]);
  const b = report([row(0.2, 0.15, 0.26)]);
  it('gives the difference from the first with its MOVER interval', () => {
    const [found] = compareReports(['a', 'b'], [a, b]).prevalence;
    const d = found!.differences[0]!;
    expect(d.estimate).toBeCloseTo(0.1, 12);
    expect(d.low).toBeCloseTo(0.1 - Math.hypot(0.05, 0.03), 12);
    expect(d.high).toBeCloseTo(0.1 + Math.hypot(0.06, 0.02), 12);
  });
  it('is antisymmetric, and nothing from itself', () => {
    const ab = compareReports(['a', 'b'], [a, b]).prevalence[0]!.differences[0]!;
    const ba = compareReports(['b', 'a'], [b, a]).prevalence[0]!.differences[0]!;
    expect(ab.estimate).toBeCloseTo(-ba.estimate!, 12);
    expect(ab.low).toBeCloseTo(-ba.high!, 12);
    const aa = compareReports(['a', 'a2'], [a, a]).prevalence[0]!.differences[0]!;
    expect(aa.estimate).toBe(0);
    expect(aa.low! <= 0 && aa.high! >= 0).toBe(true);
  });
  it('says insufficient where one side is, and takes measured rows before transferred ones', () => {
    const thin = report([row(null, 0, 1)]);
    expect(compareReports(['a', 't'], [a, thin]).prevalence[0]!.differences[0]!.estimate).toBeNull();
    const both = report([row(0.5, 0.4, 0.6, { status: 'transferred' }), row(0.1, 0.08, 0.13)]);
    expect(compareReports(['a', 'both'], [a, both]).prevalence[0]!.values[1]!.estimate).toBe(0.1);
  });
  it('keeps a property that only one corpus has', () => {
    const other = report([row(0.3, 0.2, 0.4, { property: 'trope=x' })]);
    const found = compareReports(['a', 'o'], [a, other]).prevalence;
    expect(found.map((r) => r.property)).toEqual(['persona=character', 'trope=x']);
    expect(found[1]!.values[0]!.status).toBe('insufficient');
  });
  it('compares the prior of each situation', () => {
    const prior = (p: number): Partial<PriorRow> => ({
      given: { situation: 'service' },
      over: 'valence',
      status: 'measured',
      level: 0.95,
      values: { malevolent: { estimate: p, low: p - 0.05, high: p + 0.05 } },
    });
    const found = compareReports(['a', 'b'], [report([], [prior(0.2)]), report([], [prior(0.5)])]);
    expect(found.prior[0]!.differences[0]!.estimate).toBeCloseTo(0.3, 12);
    expect(comparedTable(found, found.prior).rows[0]!.at(-1)).toMatch(/^\+30 points .* \*$/);
  });
  it('warns of other models, and escapes names', async () => {
    const found = compareReports(['a', '<script>'], [a, report([row(0.2, 0.15, 0.26)], [], { encoder: 'y' })]);
    expect(found.caveats.join()).toContain('different models');
    const html = await comparisonHtml(found);
    const figures = html.match(/<figure /g)!.length;
    expect(figures).toBeGreaterThan(0);
    expect(html.match(/role="img"/g)).toHaveLength(2 * figures);
    expect(html).toContain('How common: differences');
    for (const page of [html, comparisonMarkdown(found)]) {
      expect(page).not.toContain('<script>');
      expect(page).not.toContain('<b>x');
    }
  });
});
