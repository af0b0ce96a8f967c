// Corpora side by side: what each report estimates, and every other one's difference from the first with its interval.
import { difference } from '../estimate/contrast.js';
import type { Given, Interval, Report, Status } from './model.js';
import type { Table } from './tables.js';
import { givenWords, percent, strongest, withInterval } from './words.js';

export interface ComparedRow {
  /** `persona=character` among all passages, or `malevolent` given `situation: service` */
  readonly property: string;
  readonly given: Given | null;
  readonly unit: 'document' | 'passage' | 'word' | 'token' | null;
  readonly level: number;
  readonly values: readonly (Interval & { readonly status: Status })[];
  /** value − first value, for every corpus but the first; nulls where either is insufficient */
  readonly differences: readonly Interval[];
}

export interface Comparison {
  readonly schemaVersion: 1;
  readonly corpora: readonly {
    readonly name: string;
    readonly sources: readonly string[];
    readonly passages: number;
    readonly hits: number;
  }[];
  readonly prevalence: readonly ComparedRow[];
  readonly prior: readonly ComparedRow[];
  readonly caveats: readonly string[];
}

/**
 * Compares reports over all their sources. Differences are by MOVER (Newcombe 1998, method 10), which takes the corpora as
 * independent: where one is a filtered copy of another, or they share documents, the intervals are wider than need be.
 */
export function compareReports(names: readonly string[], reports: readonly Report[]): Comparison {
  return {
    schemaVersion: 1,
    corpora: reports.map((report, i) => ({
      name: names[i]!,
      sources: report.sources.map((s) => s.source),
      passages: sum(report.sources.map((s) => s.passages)),
      hits: sum(report.sources.map((s) => s.hits)),
    })),
    prevalence: prevalenceRows(reports),
    prior: priorRows(reports),
    caveats: caveats(names, reports),
  };
}

function prevalenceRows(reports: readonly Report[]): ComparedRow[] {
  const keys = new Map<string, { property: string; unit: ComparedRow['unit'] }>();
  for (const report of reports) {
    for (const { property, unit, source } of report.prevalence) {
      if (source === null) keys.set(`${property}|${unit}`, { property, unit });
    }
  }
  return [...keys.values()].map(({ property, unit }) =>
    compared(
      { property, given: null, unit },
      reports.map((report) =>
        strongest(report.prevalence.filter((r) => r.source === null && r.property === property && r.unit === unit)),
      ),
    ),
  );
}

function priorRows(reports: readonly Report[]): ComparedRow[] {
  const keys = new Map<string, { given: Given; over: string; label: string }>();
  for (const report of reports) {
    for (const { given, over, values } of report.prior) {
      if (given.name !== undefined || given.source !== undefined) continue;
      for (const label of Object.keys(values)) keys.set(JSON.stringify([given, over, label]), { given, over, label });
    }
  }
  return [...keys.values()].map(({ given, over, label }) =>
    compared(
      { property: `${over}=${label}`, given, unit: null },
      reports.map((report) => {
        const row = strongest(
          report.prior.filter((r) => r.over === over && JSON.stringify(r.given) === JSON.stringify(given)),
        );
        const value = row?.values[label];
        return row === undefined || value === undefined
          ? undefined
          : { ...value, status: row.status, level: row.level };
      }),
    ),
  );
}

function compared(
  what: Pick<ComparedRow, 'property' | 'given' | 'unit'>,
  found: readonly (({ status: Status; level: number } & Interval) | undefined)[],
): ComparedRow {
  const values = found.map((value) => ({
    estimate: value?.estimate ?? null,
    low: value?.low ?? null,
    high: value?.high ?? null,
    status: value?.status ?? ('insufficient' as const),
  }));
  return {
    ...what,
    level: found.find((value) => value !== undefined)?.level ?? 0.95,
    values,
    differences: values.slice(1).map((value) => minus(value, values[0]!)),
  };
}

function minus(a: Interval, b: Interval): Interval {
  if (
    a.estimate === null ||
    b.estimate === null ||
    a.low === null ||
    a.high === null ||
    b.low === null ||
    b.high === null
  ) {
    return { estimate: null, low: null, high: null };
  }
  const share = (x: Interval): Parameters<typeof difference>[0] => ({
    estimate: x.estimate,
    low: x.low!,
    high: x.high!,
    status: 'ok',
  });
  const { estimate, low, high } = difference(share(a), share(b));
  return { estimate, low: Math.max(-1, low), high: Math.min(1, high) };
}

function caveats(names: readonly string[], reports: readonly Report[]): string[] {
  const found = [
    'Differences take the corpora as independent samples of text; where they share documents their intervals are wider than need be.',
  ];
  const hashes = reports.map((report) => JSON.stringify(report.reproduce['hashes']));
  if (new Set(hashes).size > 1) {
    found.push('The corpora were scanned with different models or lexicons: a difference may be one of the models.');
  }
  const status = reports.map((r) => r.prevalence.some((row) => row.status === 'measured'));
  if (status.some((s) => s !== status[0])) {
    const without = names.filter((_, i) => !status[i]);
    found.push(
      `No labels were imported for ${without.join(', ')}: their figures are transferred, the others measured.`,
    );
  } else if (!status[0]) {
    found.push('No labels were imported: figures are the classifier’s, and its errors may differ between corpora.');
  }
  return found;
}

/** Rows of one kind as a table: a column a corpus, then a column for each difference from the first. */
export function comparedTable(comparison: Comparison, rows: readonly ComparedRow[]): Table {
  const names = comparison.corpora.map((c) => c.name);
  return {
    head: ['what', ...names, ...names.slice(1).map((name) => `${name} − ${names[0]!}`)],
    rows: rows.map((row) => [
      row.given === null
        ? `${row.property}, share of ${row.unit}s`
        : `${row.property} | ${givenWords({ ...row.given })}`,
      ...row.values.map((value) =>
        value.estimate === null ? 'insufficient' : `${withInterval(value)}, ${value.status}`,
      ),
      ...row.differences.map(points),
    ]),
  };
}

/** Difference of two shares in percentage points, with `*` where the interval leaves out 0. */
function points({ estimate, low, high }: Interval): string {
  if (estimate === null || low === null || high === null) return 'insufficient';
  const signed = (x: number): string => `${x < 0 ? '−' : '+'}${percent(Math.abs(x)).replace('%', '')}`;
  return `${signed(estimate)} points (${signed(low)} to ${signed(high)})${low > 0 || high < 0 ? ' *' : ''}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
