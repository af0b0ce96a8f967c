// The report's tables as words, before they become Markdown or HTML. Nothing is escaped here.
import type { Report } from './model.js';
import { evidence, givenWords, whole, withInterval } from './words.js';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Documents, passages, words, hits and flags of each source; `≈` where passages and words are estimated. */
export function sourcesTable(report: Report): Table {
  return {
    head: ['source', 'documents', 'with a hit', 'passages', 'words', 'hits', 'flags'],
    rows: report.sources.map((s) => [
      s.source,
      whole(s.documents),
      whole(s.documentsWithHits),
      `${s.exact ? '' : '≈ '}${whole(s.passages)}`,
      `${s.exact ? '' : '≈ '}${whole(s.words)}`,
      whole(s.hits),
      whole(s.flags),
    ]),
  };
}

/** What became of what each stage got. */
export function stagesTable(report: Report): Table {
  return {
    head: ['stage', 'in', 'out', 'dropped', 'failed'],
    rows: Object.entries(report.counts).map(([stage, c]) => [
      stage,
      whole(c.in),
      whole(c.out),
      Object.entries(c.dropped)
        .map(([reason, n]) => `${whole(n)} ${reason}`)
        .join(', ') || '0',
      whole(c.failed),
    ]),
  };
}

/** Share of passages of every property that matches, by source and over all; null where none was found. */
export function prevalenceTable(report: Report, wanted: RegExp): Table | null {
  const sources = [...report.sources.map((s): string | null => s.source), null];
  const found = report.prevalence.filter((r) => r.unit === 'passage' && wanted.test(r.property));
  const properties = [...new Set(found.map((r) => r.property))].sort();
  if (properties.length === 0) return null;
  return {
    head: ['property', ...sources.map((s) => s ?? 'all')],
    rows: properties.map((property) => [
      property,
      ...sources.map((source) => {
        const row = found.find((r) => r.property === property && r.source === source);
        return row === undefined ? '0' : `${withInterval(row)}, ${evidence(row)}`;
      }),
    ]),
  };
}

const VALENCES = ['malevolent', 'ambivalent', 'benevolent', 'neutral'];

/** P(valence | character, given). */
export function priorTable(report: Report): Table {
  return {
    head: ['given', 'hits', 'effective documents', ...VALENCES],
    rows: report.prior
      .filter((row) => row.over === 'valence')
      .map((row) => [
        givenWords({ ...row.given }),
        whole(row.n),
        row.effectiveN.toFixed(1),
        ...VALENCES.map((v) => withInterval(row.values[v]!)),
      ]),
  };
}

/** The strongest hits; `place` heads the column of their offsets. */
export function examplesTable(report: Report, place: string): Table {
  return {
    head: ['source', 'document', place, 'P(malevolent)', 'conduct', 'situation', 'text'],
    rows: report.examples.map((x) => [
      x.source,
      x.document,
      `${x.start}-${x.end}`,
      x.malevolent.toFixed(3),
      x.conduct.join(', '),
      x.situation.join(', '),
      x.text ?? '(left out)',
    ]),
  };
}
