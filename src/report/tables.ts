// The report's tables as words, before they become Markdown or HTML. Nothing is escaped here.
import type { Interval, PriorRow, ReliabilityBin, Report, Status } from './model.js';
import { short } from './page.js';
import { evidence, givenWords, number, percent, strongest, whole, withInterval, withOdds } from './words.js';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What `†` after a label means. */
export const EXPERIMENTAL =
  '† experimental: on held-out passages the model tells this label less well than was asked of it, or too few passages show it to say.';

/** A property or condition with `†` behind it where one of its labels is experimental. */
export function marked(report: Report, words: string): string {
  const labels = new Set(words.split(/[^a-z_]+/));
  return report.calibration.experimental.some((label) => labels.has(label)) ? `${words} †` : words;
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

/**
 * Share of passages of every property that matches, by source and over all, each with its evidence and the naive count;
 * null where none was found.
 */
export function prevalenceTable(report: Report, wanted: RegExp): Table | null {
  const sources = [...report.sources.map((s): string | null => s.source), null];
  const found = report.prevalence.filter((r) => r.unit === 'passage' && wanted.test(r.property));
  const properties = [...new Set(found.map((r) => r.property))].sort();
  if (properties.length === 0) return null;
  return {
    head: ['property', ...sources.map((s) => s ?? 'all')],
    rows: properties.map((property) => [
      marked(report, property),
      ...sources.map((source) => {
        const row = strongest(found.filter((r) => r.property === property && r.source === source));
        return row === undefined ? '0' : `${withInterval(row)}, ${evidence(row)}`;
      }),
    ]),
  };
}

const VALENCES = ['malevolent', 'ambivalent', 'benevolent', 'neutral'];

/** P(valence | character, given), the naive share after each. */
export function priorTable(report: Report): Table {
  return {
    head: ['given', 'evidence', 'effective n', ...VALENCES],
    rows: priorsOver(report, 'valence').map((row) => [
      marked(report, givenWords({ ...row.given })),
      `${row.status}: ${row.sample}`,
      row.effectiveN.toFixed(1),
      ...VALENCES.map((v) => `${withInterval(row.values[v]!)}; naive ${percentOrNone(row.naive[v])}`),
    ]),
  };
}

/** P(conduct | character in a situation) without intervals, which are in report.json; rows are situations. */
export function matrixTable(report: Report): Table {
  const rows = priorsOver(report, 'conduct').filter(
    (row) => row.given.situation !== undefined || Object.keys(row.given).length === 0,
  );
  const conducts = Object.keys(rows[0]?.values ?? {});
  return {
    head: ['situation', 'evidence', ...conducts.map((c) => marked(report, c))],
    rows: rows.map((row) => [
      marked(report, row.given.situation ?? 'any'),
      `${row.status}, n = ${whole(row.n)}`,
      ...conducts.map((c) => percent(row.values[c]!.estimate)),
    ]),
  };
}

/** Odds ratios between situations. */
export function contrastsTable(report: Report): Table {
  const keys = [...new Set(report.contrasts.map((c) => `${c.label}|${c.given.situation}`))];
  const rows = keys.map((key) => strongest(report.contrasts.filter((c) => `${c.label}|${c.given.situation}` === key))!);
  return {
    head: ['contrast', 'odds ratio', 'naive', 'evidence'],
    rows: rows.map((c) => [
      `${c.name === null ? '' : `${c.name}: `}${c.label}, ${marked(report, c.given.situation ?? '')} against ${marked(report, c.against.situation ?? '')}`,
      withOdds(c),
      c.naive === null ? 'none' : number(c.naive),
      `${c.status}, n = ${whole(c.n[0])} and ${whole(c.n[1])}`,
    ]),
  };
}

/** How often and how early documents show a persona. */
export function salienceTable(report: Report): Table {
  return {
    head: [
      'property',
      'source',
      'documents with any',
      'hits in such a document: median (quartiles), mean',
      'place of the first: median (quartiles)',
      'first hit in the first tenth',
      'evidence',
    ],
    rows: report.salience.map((s) => [
      s.property,
      s.source ?? 'all',
      withInterval(s.withAny),
      s.perDocument === null
        ? 'insufficient'
        : `${s.perDocument.median} (${s.perDocument.lower} to ${s.perDocument.upper}), ${number(s.perDocument.mean)}`,
      s.first === null
        ? 'insufficient'
        : `${percent(s.first.median)} (${percent(s.first.lower)} to ${percent(s.first.upper)})`,
      withInterval(s.early),
      `${s.status}: ${s.sample}`,
    ]),
  };
}

/** Weights of the sources; null where none were given. */
export function mixTable(report: Report): Table | null {
  if (!report.mix.weighted) return null;
  return {
    head: ['source', 'weight of a passage', 'share of the words'],
    rows: report.mix.sources.map((s) => [s.source, number(s.weight), percent(s.wordShare)]),
  };
}

/** One row for each condition, by the strongest evidence. */
function priorsOver(report: Report, over: PriorRow['over']): PriorRow[] {
  const rows = report.prior.filter((row) => row.over === over);
  const keys = [...new Set(rows.map((row) => JSON.stringify(row.given)))];
  return keys.map((key) => strongest(rows.filter((row) => JSON.stringify(row.given) === key))!);
}

function percentOrNone(share: number | null | undefined): string {
  return share === null || share === undefined ? 'none' : percent(share);
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

/** Named values with their intervals and what they rest on. */
export function sharesTable(
  what: string,
  rows: readonly (readonly [string, Interval & { readonly status: Status; readonly sample: string }])[],
): Table {
  return {
    head: [what, 'share', 'evidence', 'from'],
    rows: rows.map(([name, row]) => [name, withInterval(row), row.status, row.sample]),
  };
}

/** The dominant conduct of each situation and the next one. */
export function patternsTable(report: Report): Table {
  return {
    head: ['situation', 'most frequent', 'share', 'next', 'share', 'settled', 'evidence'],
    rows: (report.patterns ?? []).map((p) => [
      marked(report, p.situation),
      p.conduct === null ? 'insufficient' : marked(report, p.conduct),
      withInterval(p),
      p.second === null ? 'none' : marked(report, p.second.conduct),
      p.second === null ? 'none' : withInterval(p.second),
      p.conduct === null ? 'insufficient' : p.apart ? 'yes' : 'no, the intervals overlap',
      `${p.status}, n = ${whole(p.n)}`,
    ]),
  };
}

/** Every named trope: its share of passages, and P(trope | character). */
export function tropesTable(report: Report): Table {
  const prior = priorsOver(report, 'trope').find((row) => Object.keys(row.given).length === 0);
  const names = Object.keys(prior?.values ?? {});
  return {
    head: ['trope', 'share of all passages', 'given an AI that acts', 'naive', 'evidence'],
    rows: names.map((trope) => {
      const found = report.prevalence.filter(
        (r) => r.property === `trope=${trope}` && r.source === null && r.unit === 'passage',
      );
      const row = strongest(found);
      return [
        trope,
        row === undefined ? '0' : withInterval(row),
        withInterval(prior!.values[trope]!),
        percentOrNone(prior!.naive[trope]),
        `${row?.status ?? 'none found'}; ${prior!.status}`,
      ];
    }),
  };
}

/** How the weight of both properties lies. */
export function concentrationTable(report: Report): Table {
  return {
    head: ['property', 'over', 'groups', 'expected passages', 'Gini', 'half of it lies in', 'heaviest 10% hold'],
    rows: (report.concentration ?? []).map((c) => [
      c.property,
      `${c.of}s`,
      whole(c.groups),
      number(c.total),
      c.gini === null ? 'none' : c.gini.toFixed(2),
      whole(c.half),
      c.groups < 10 ? 'too few' : percent(c.curve.filter(([x]) => x <= 0.1 + 1e-9).at(-1)?.[1] ?? null),
    ]),
  };
}

/** The heaviest documents, works or names; null where there are none. */
export function heaviestTable(report: Report, of: 'document' | 'work' | 'name'): Table | null {
  const found = report.concentration?.find((c) => c.of === of && c.property === 'persona=character');
  if (found === undefined || found.top.length === 0) return null;
  return {
    head: [of, ...(of === 'name' ? [] : ['source']), 'hits', 'share of the weight'],
    rows: found.top.map((t) => [
      t.name === null ? '(learnt from the text, left out)' : short(t.name, 80),
      ...(of === 'name' ? [] : [t.source ?? 'none']),
      whole(t.hits),
      percent(t.share),
    ]),
  };
}

/** The texts that stand in most places; null where none is repeated. */
export function copiesTable(report: Report): Table | null {
  const most = report.duplicates?.most ?? [];
  if (most.length === 0) return null;
  return {
    head: ['document of the first', 'source', 'offsets', 'places'],
    rows: most.map((m) => [short(m.document, 80), m.source, `${m.start}-${m.end}`, whole(m.copies)]),
  };
}

/** Scores against labels, bin by bin. */
export function reliabilityTable(bins: readonly ReliabilityBin[]): Table {
  return {
    head: ['score', 'mean score', 'labelled so', 'labels', 'passages they stand for'],
    rows: bins.map((b) => [
      `${b.from} to ${b.to}`,
      b.predicted.toFixed(3),
      withInterval(b),
      `${b.positives} of ${b.labels}`,
      whole(b.passages),
    ]),
  };
}

/** Strata of the audit sample that hold labels, and what is not labelled. */
export function auditTable(report: Report): Table {
  return {
    head: ['source', 'stratum', 'passages', 'labels', 'an AI acts', 'malevolent'],
    rows: (report.audit ?? []).map((s) => [
      s.source,
      s.stratum,
      whole(s.population),
      whole(s.labels),
      whole(s.characters),
      whole(s.malevolent),
    ]),
  };
}
