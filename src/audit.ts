// Prevalence and prior measured on labels of the audit sample. Wires labels and strata to statistics; renders nothing.
import { kishSize } from './estimate/classical.js';
import { ENOUGH, ratio } from './estimate/prevalence.js';
import { prepare, type Stratum } from './estimate/strata.js';
import { expandedSum, type Measured, prevalenceBySize, type SizedStratum } from './estimate/totals.js';
import { type AuditSample, type Cell, readAudit } from './labels/cells.js';
import type { Label } from './labels/label.js';
import { isCharacter, listTests, propertiesOf, type Test, tropeTests, valenceTests } from './labels/properties.js';
import type { GateDocument, GateSize } from './labels/rejects.js';
import type { Loaded } from './report/load.js';
import type { Interval, PrevalenceRow, PriorRow } from './report/model.js';
import type { Db } from './store/database.js';
import type { Trope } from './tropes.js';
import { CONDUCT, FRAMING, SITUATION } from './types.js';

const LEVEL = 0.95;
const BY_UNIT = 'audit labels, stratified, test inversion';

/** Rows as the report has them, with a status of their own: estimated from labels of this corpus. */
export type MeasuredPrevalence = Omit<PrevalenceRow, 'status'> & { readonly status: 'measured' | 'insufficient' };
export type MeasuredPrior = Omit<PriorRow, 'status'> & { readonly status: 'measured' | 'insufficient' };

/**
 * Prevalence of every property that a label shows (and of persona and each valence), per passage and word, per source
 * with labels and overall (`source: null`); per document too where every document is one passage. Strata without labels
 * widen the interval by their whole share. `positives` and `sampled` count labels. See docs/estimates.md.
 */
export function auditedPrevalence(db: Db, loaded: Loaded, tropes: readonly Trope[] = []): MeasuredPrevalence[] {
  const sample = readAudit(db, loaded);
  const properties = propertiesOf(tropes);
  const rows: MeasuredPrevalence[] = [];
  for (const { source, cells } of groupsOf(sample)) {
    const labels = cells.flatMap((c) => c.units.map((u) => u.label));
    const gates = sample.gates.filter((g) => source === null || g.source === source);
    const estimate = remember(prevalenceBySize);
    for (const { property, test, always } of properties) {
      if (!always && !labels.some(test)) continue;
      for (const unit of ['passage', 'word'] as const) {
        const strata = cells.map((cell) => sized(cell, test, unit));
        const found = estimate(strata, LEVEL);
        const enough = found.effectiveN >= ENOUGH || isCensus(strata);
        const share = enough ? widen(found, strata, cells, gates, unit) : NOTHING;
        const counts = { positives: found.positives, sampled: found.sampled };
        const status = enough ? ('measured' as const) : ('insufficient' as const);
        const row = { property, unit, source, ...share, level: LEVEL, method: BY_UNIT, ...counts, status };
        rows.push(row);
        if (unit === 'passage' && onePassageEach(loaded, source, cells, gates)) rows.push({ ...row, unit: 'document' });
      }
    }
  }
  return rows;
}

/**
 * P(valence | character), P(conduct | character) and P(trope | character), overall and given a situation, framing or
 * source, as ratios whose denominators are estimated too. `n` counts the labels in the domain; under 20 effective ones
 * the row says `insufficient` and its values are null. Rows without any label are left out.
 */
export function auditedPrior(db: Db, loaded: Loaded, tropes: readonly Trope[] = []): MeasuredPrior[] {
  const sample = readAudit(db, loaded);
  const over = [
    { over: 'valence' as const, tests: valenceTests() },
    { over: 'conduct' as const, tests: listTests('conduct', CONDUCT) },
    { over: 'trope' as const, tests: tropeTests(tropes) },
  ].filter(({ tests }) => tests.length > 0);
  const rows: MeasuredPrior[] = [];
  const estimate = remember(ratio);
  for (const { given, cells, test: domain } of domainsOf(sample)) {
    const n = cells.reduce((sum, c) => sum + c.units.filter((u) => domain(u.label)).length, 0);
    if (n === 0) continue;
    const empty = cells.map((cell) => inDomain(cell, domain, () => false));
    const effectiveN = kishSize(prepare(empty, 'finite').strata, false);
    const status = effectiveN >= ENOUGH || isCensus(empty) ? ('measured' as const) : ('insufficient' as const);
    for (const { over: name, tests } of over) {
      const values: Record<string, Interval> = {};
      for (const [label, test] of tests) {
        const {
          estimate: share,
          low,
          high,
        } = status === 'insufficient'
          ? NOTHING
          : estimate(
              cells.map((c) => inDomain(c, domain, test)),
              LEVEL,
            );
        values[label] = { estimate: share, low, high };
      }
      rows.push({ given, over: name, values, n, effectiveN, method: `${BY_UNIT}, ratio`, status });
    }
  }
  return rows;
}

/** What a reader of the figures should know of the labels behind them. */
export function auditNotes(db: Db, loaded: Loaded): string[] {
  const { used, readers, outside, gaps, cells } = readAudit(db, loaded);
  if (used === 0) return [];
  const size = (list: readonly Cell[]): number => list.reduce((sum, c) => sum + c.population, 0);
  const unseen = size(cells.filter((c) => c.units.length === 0)) / size(cells);
  const notes = [`Measured figures rest on ${used} labels of the audit sample, read by ${readers.join(', ')}.`];
  if (unseen > 0) {
    notes.push(
      `${(100 * unseen).toPrecision(2)}% of the passages are in strata without labels: measured prevalence allows for any share there, measured priors speak of the rest.`,
    );
  }
  if (gaps > 0)
    notes.push(
      `${gaps} drawn passages were passed over by the reader; if they were the hard ones, the figures are off.`,
    );
  if (outside > 0)
    notes.push(`${outside} labels of audit strata belong to no passage of this database and were not used.`);
  return notes;
}

const NOTHING: Interval = { estimate: null, low: null, high: null };

/** Each source with labels, and all sources together. */
function groupsOf(sample: AuditSample): { source: string | null; cells: readonly Cell[] }[] {
  if (sample.used === 0) return [];
  const names = [...new Set(sample.cells.filter((c) => c.units.length > 0).map((c) => c.source))];
  return [
    ...names.map((source) => ({ source, cells: sample.cells.filter((c) => c.source === source) })),
    { source: null, cells: sample.cells },
  ];
}

function domainsOf(sample: AuditSample): { given: PriorRow['given']; cells: readonly Cell[]; test: Test }[] {
  const { cells } = sample;
  const bySource = groupsOf(sample).flatMap(({ source, cells: own }) =>
    source === null ? [] : [{ given: { source }, cells: own, test: isCharacter }],
  );
  return [
    { given: {}, cells, test: isCharacter },
    ...SITUATION.map((situation) => ({
      given: { situation },
      cells,
      test: (l: Label) => isCharacter(l) && l.situation.includes(situation),
    })),
    ...FRAMING.map((framing) => ({
      given: { framing },
      cells,
      test: (l: Label) => isCharacter(l) && l.framing === framing,
    })),
    ...bySource,
  ];
}

/** A cell as a stratum whose positives have sizes: passages they stand for, or words. */
function sized(cell: Cell, test: Test, unit: 'passage' | 'word'): SizedStratum {
  const found = cell.units.filter((u) => test(u.label)).map((u) => (unit === 'word' ? u.words : u.weight));
  return {
    name: `${cell.source}, ${cell.name}`,
    population: cell.population,
    sampled: cell.units.length,
    positives: found.length,
    size: unit === 'word' ? cell.words : cell.population,
    positiveSize: found.reduce((sum, s) => sum + s, 0),
    positiveSquares: found.reduce((sum, s) => sum + s * s, 0),
  };
}

/** A cell as a stratum of a ratio. In `gate` its weight makes the domain's passages those of the two-stage estimate. */
function inDomain(cell: Cell, domain: Test, test: Test): Stratum {
  const given = cell.units.filter((u) => domain(u.label));
  return {
    name: `${cell.source}, ${cell.name}`,
    population: cell.population,
    sampled: cell.units.length,
    given: given.length,
    positives: given.filter((u) => test(u.label)).length,
    weight: given.length === 0 ? 1 : given.reduce((sum, u) => sum + u.weight, 0) / given.length,
  };
}

function isCensus(strata: readonly Stratum[]): boolean {
  return strata.every((s) => s.sampled === s.population);
}

/**
 * Adds what the sizes of rejected documents leave open, where they are expanded from the kept ones. In the two-phase
 * estimate T/(total size) of a share p, a kept document of M passages and S words has the residual M·q − p·S, q being
 * what its class holds per passage (linearisation: Särndal, Swensson & Wretman 1992, 9.3 and 5.5). The half-width from
 * them is combined with that of the labels in quadrature; on the upper side the larger of those at p and at its limit.
 */
function widen(
  found: { readonly estimate: number | null; readonly low: number; readonly high: number },
  strata: readonly SizedStratum[],
  cells: readonly Cell[],
  gates: readonly GateSize[],
  unit: 'passage' | 'word',
): Interval {
  const { estimate, low, high } = found;
  if (estimate === null || gates.every(isKnown)) return { estimate, low, high };
  const total = strata.reduce((sum, s) => sum + s.size, 0);
  const density = new Map(cells.map((cell, i) => [cell, strata[i]!.positiveSize / Math.max(1, strata[i]!.sampled)]));
  const half = (share: number): number => {
    const residuals = gates.map((gate): Measured => {
      const size = (d: GateDocument): number => (unit === 'word' ? d.words : d.passages);
      const held = (d: GateDocument): number => d.passages * density.get(d.cell)!;
      const sum = (of: (d: GateDocument) => number): number => gate.kept.reduce((s, d) => s + of(d), 0);
      // counted sizes fix the sum over classes: only what differs from the gate's own mean is left
      const centre = gate.counted ? sum(held) / sum(size) : share;
      const residual = (d: GateDocument): number => held(d) - centre * size(d);
      const sums = { sum: sum(residual), sumSquares: sum((d) => residual(d) ** 2) };
      return { population: gate.documents, sampled: gate.kept.length, ...sums };
    });
    const { estimate: middle, high: most } = expandedSum(residuals, LEVEL);
    return (most - middle) / total;
  };
  const up = Math.max(half(estimate), half(high));
  return {
    estimate,
    low: Math.max(0, estimate - Math.hypot(estimate - low, half(estimate))),
    high: Math.min(1, estimate + Math.hypot(high - estimate, up)),
  };
}

function isKnown(gate: GateSize): boolean {
  return gate.kept.length === gate.documents;
}

/** Whether every document is one passage, and all were counted. */
function onePassageEach(
  loaded: Loaded,
  source: string | null,
  cells: readonly Cell[],
  gates: readonly GateSize[],
): boolean {
  const documents = loaded.sources
    .filter((s) => source === null || s.name === source)
    .reduce((sum, s) => sum + (s.tallies.get('read|out|') ?? 0), 0);
  return gates.every(isKnown) && cells.reduce((sum, c) => sum + c.population, 0) === documents;
}

/** The same strata are solved once: most properties of a small sample were found nowhere. */
function remember<S extends Stratum, E>(solve: (strata: readonly S[], level: number) => E): typeof solve {
  const solved = new Map<string, E>();
  return (strata, level) => {
    const key = JSON.stringify([strata, level]);
    let answer = solved.get(key);
    if (answer === undefined) {
      answer = solve(strata, level);
      solved.set(key, answer);
    }
    return answer;
  };
}
