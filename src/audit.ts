// Prevalence and prior measured on labels of the audit sample. Wires labels and strata to statistics; renders nothing.
import { kishSize } from './estimate/classical.js';
import { ENOUGH, ratio } from './estimate/prevalence.js';
import { prepare, type Stratum } from './estimate/strata.js';
import { prevalenceBySize, type SizedStratum } from './estimate/totals.js';
import { UNWEIGHTED, type Weights, weightOf } from './figures/mix.js';
import { isKnown, widen } from './figures/sizes.js';
import { BY_FRAMING } from './figures/verdicts.js';
import { type AuditSample, type Cell, readAudit, type Unit } from './labels/cells.js';
import {
  conjunction,
  isCharacter,
  listTests,
  propertiesOf,
  type Test,
  tropeTests,
  valenceTests,
} from './labels/properties.js';
import type { GateSize } from './labels/rejects.js';
import type { Loaded } from './report/load.js';
import type { Interval, PrevalenceRow, PriorRow } from './report/model.js';
import type { Db } from './store/database.js';
import type { Trope } from './tropes.js';
import { CONDUCT, FRAMING, SITUATION } from './types.js';

const LEVEL = 0.95;
const BY_UNIT = 'audit labels, stratified, test inversion';

/** Why a sample of passages has no row per document. */
const NO_DOCUMENTS = 'none: labelled passages cannot say how many documents hold at least one';

/** Rows as the report has them, without the naive count; with a status of their own: estimated from labels of this corpus. */
export type MeasuredPrevalence = Omit<PrevalenceRow, 'status' | 'naive'> & {
  readonly status: 'measured' | 'insufficient';
};
export type MeasuredPrior = Omit<PriorRow, 'status' | 'naive' | 'naiveN'> & {
  readonly status: 'measured' | 'insufficient';
};

export interface AuditOptions {
  /** of the sources in figures that join them; default: the files as they are */
  readonly weights?: Weights;
  /** conjunctions, as lists of their parts; prevalence only */
  readonly asked?: readonly (readonly string[])[];
  /** persona names; priors only */
  readonly names?: readonly string[];
  /** the labels in their strata, where they are read already */
  readonly sample?: AuditSample;
}

/**
 * Prevalence of every property that a label shows (and of persona, each valence and what is asked for), per passage and
 * word, per source with labels and overall (`source: null`); per document too where every document is one passage, else
 * `insufficient`. Strata without labels widen the interval by their whole share. `positives` and `sampled` count labels.
 * See docs/estimates.md.
 */
export function auditedPrevalence(
  db: Db,
  loaded: Loaded,
  tropes: readonly Trope[] = [],
  { weights = UNWEIGHTED, asked = [], sample = readAudit(db, loaded) }: AuditOptions = {},
): MeasuredPrevalence[] {
  const joined = (list: readonly (readonly string[])[], always: boolean) =>
    list.map((parts) => ({ property: parts.join(' & '), test: conjunction(parts, tropes), always }));
  const properties = [...propertiesOf(tropes), ...joined(BY_FRAMING, false)];
  const more = joined(asked, true).filter(({ property }) => !properties.some((p) => p.property === property));
  const rows: MeasuredPrevalence[] = [];
  for (const { source, cells } of groupsOf(sample)) {
    const labels = cells.flatMap((c) => c.units.map((u) => u.label));
    const gates = sample.gates.filter((g) => source === null || g.source === source);
    const own = source === null ? weights : UNWEIGHTED;
    const byDocument = onePassageEach(loaded, source, cells, gates);
    const estimate = remember(prevalenceBySize);
    for (const { property, test, always } of [...properties, ...more]) {
      if (!always && !labels.some(test)) continue;
      for (const unit of ['passage', 'word'] as const) {
        const strata = cells.map((cell) => sized(cell, test, unit, own));
        const found = estimate(strata, LEVEL);
        const enough = found.effectiveN >= ENOUGH || isCensus(strata);
        const share = enough ? widen(found, strata, cells, gates, unit, own, LEVEL) : NOTHING;
        const counts = { positives: found.positives, sampled: found.sampled };
        const status = enough ? ('measured' as const) : ('insufficient' as const);
        const evidence = { level: LEVEL, method: BY_UNIT, ...counts, sample: `${found.sampled} audit labels` };
        const row = { property, unit, source, ...share, ...evidence, status };
        rows.push(row);
        if (unit !== 'passage') continue;
        if (byDocument) rows.push({ ...row, unit: 'document' });
        else if (always) {
          rows.push({ ...row, ...NOTHING, unit: 'document', method: NO_DOCUMENTS, status: 'insufficient' });
        }
      }
    }
  }
  return rows;
}

/**
 * P(valence | character), P(conduct | character) and P(trope | character), overall and given a situation, framing, source
 * or persona name, as ratios whose denominators are estimated too. `n` counts the labels in the domain; under 20
 * effective ones the row says `insufficient` and its values are null. Rows without any label are left out.
 */
export function auditedPrior(
  db: Db,
  loaded: Loaded,
  tropes: readonly Trope[] = [],
  { weights = UNWEIGHTED, names = [], sample = readAudit(db, loaded) }: AuditOptions = {},
): MeasuredPrior[] {
  const over = [
    { over: 'valence' as const, tests: valenceTests() },
    { over: 'conduct' as const, tests: listTests('conduct', CONDUCT) },
    { over: 'trope' as const, tests: tropeTests(tropes) },
  ].filter(({ tests }) => tests.length > 0);
  const rows: MeasuredPrior[] = [];
  const estimate = remember(ratio);
  for (const { given, cells, domain } of domainsOf(sample, names)) {
    const n = cells.reduce((sum, c) => sum + c.units.filter(domain).length, 0);
    if (n === 0) continue;
    const own = given.source === undefined ? weights : UNWEIGHTED;
    const empty = cells.map((cell) => inDomain(cell, domain, () => false, own));
    const effectiveN = kishSize(prepare(empty, 'finite').strata, false);
    const status = effectiveN >= ENOUGH || isCensus(empty) ? ('measured' as const) : ('insufficient' as const);
    for (const { over: name, tests } of over) {
      const values: Record<string, Interval> = {};
      for (const [label, test] of tests) {
        const strata = cells.map((c) => inDomain(c, domain, test, own));
        const found = status === 'insufficient' ? NOTHING : estimate(strata, LEVEL);
        values[label] = { estimate: found.estimate, low: found.low, high: found.high };
      }
      const evidence = { method: `${BY_UNIT}, ratio`, level: LEVEL, sample: `${n} audit labels in the domain` };
      rows.push({ given, over: name, values, n, effectiveN, ...evidence, status });
    }
  }
  return rows;
}

/** What a reader of the figures should know of the labels behind them. */
export function auditNotes(db: Db, loaded: Loaded, sample = readAudit(db, loaded)): string[] {
  const { used, readers, outside, gaps, cells, judged } = sample;
  const apart =
    judged > 0 ? [`${judged} labels by models (labels judge) stand apart: no figure here rests on them.`] : [];
  if (used === 0) return apart;
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
  return [...notes, ...apart];
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

type InDomain = (unit: Unit) => boolean;

function domainsOf(
  sample: AuditSample,
  names: readonly string[],
): { given: PriorRow['given']; cells: readonly Cell[]; domain: InDomain }[] {
  const { cells } = sample;
  const among =
    (test: Test): InDomain =>
    (u) =>
      isCharacter(u.label) && test(u.label);
  const sources = groupsOf(sample).filter(({ source }) => source !== null);
  return [
    { given: {}, cells, domain: among(() => true) },
    ...SITUATION.map((situation) => ({
      given: { situation },
      cells,
      domain: among((l) => l.situation.includes(situation)),
    })),
    ...FRAMING.map((framing) => ({ given: { framing }, cells, domain: among((l) => l.framing === framing) })),
    ...sources.map(({ source, cells: own }) => ({ given: { source: source! }, cells: own, domain: among(() => true) })),
    ...names.map((name) => ({
      given: { name },
      cells,
      domain: (u: Unit) => isCharacter(u.label) && u.bears(name),
    })),
  ];
}

/** A cell as a stratum whose positives have sizes: passages they stand for, or words. */
export function sized(cell: Cell, test: Test, unit: 'passage' | 'word', weights: Weights): SizedStratum {
  const found = cell.units.filter((u) => test(u.label)).map((u) => (unit === 'word' ? u.words : u.weight));
  return {
    name: `${cell.source}, ${cell.name}`,
    population: cell.population,
    sampled: cell.units.length,
    positives: found.length,
    size: unit === 'word' ? cell.words : cell.population,
    positiveSize: found.reduce((sum, s) => sum + s, 0),
    positiveSquares: found.reduce((sum, s) => sum + s * s, 0),
    weight: weightOf(weights, cell.source),
  };
}

/** A cell as a stratum of a ratio. In `gate` its weight makes the domain's passages those of the two-stage estimate. */
export function inDomain(cell: Cell, domain: InDomain, test: Test, weights: Weights): Stratum {
  const given = cell.units.filter(domain);
  const each = given.length === 0 ? 1 : given.reduce((sum, u) => sum + u.weight, 0) / given.length;
  return {
    name: `${cell.source}, ${cell.name}`,
    population: cell.population,
    sampled: cell.units.length,
    given: given.length,
    positives: given.filter((u) => test(u.label)).length,
    weight: each * weightOf(weights, cell.source),
  };
}

/** Whether every unit of every stratum was labelled. */
export function isCensus(strata: readonly Stratum[]): boolean {
  return strata.every((s) => s.sampled === s.population);
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
