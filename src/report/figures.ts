// The report's charts: which rows each shows, its words, and the table behind it. Drawing is in charts/.
import { CONDUCT } from '../types.js';
import { concentrationPlot, reliabilityPlot } from './charts/curves.js';
import { type Chart, signed, type Tone, VALENCE_TONE } from './charts/draw.js';
import { type MatrixCell, matrixPlot } from './charts/matrix.js';
import { type Row, rowsPlot } from './charts/rows.js';
import type { Interval, PrevalenceRow, PriorRow, Report, Status } from './model.js';
import {
  auditTable,
  concentrationTable,
  contrastsTable,
  marked,
  matrixTable,
  patternsTable,
  priorTable,
  reliabilityTable,
  sharesTable,
  stagesTable,
  tropesTable,
} from './tables.js';
import { number, percent, strongest, whole, withInterval, withOdds } from './words.js';

/** Conduct against people; the rest of the codebook's list is for them. */
const AGAINST: ReadonlySet<string> = new Set(CONDUCT.slice(0, 8));
/** A situation that fewer hits show is grey in the heat map. */
const THIN = 20;

const PERCENT = (x: number): string => `${Number((100 * x).toPrecision(3))}%`;
const KEY = signed([
  ['full', 'accent', 'measured on labels'],
  ['hollow', 'accent', 'by calibrated scores, unchecked'],
]);
const KEY_NAIVE = `${KEY}${signed([['tick', 'soft', 'the classifier’s plain count']])}`;
const LINES = 'Lines are 95% intervals.';

function words(value: Interval): string {
  return value.estimate === null ? 'too few to say' : withInterval(value);
}

function valueRow(label: string, value: Interval & { status: Status }, tone: Tone, other?: number | null): Row {
  return {
    label,
    value,
    tone,
    full: value.status === 'measured',
    words: words(value),
    ...(other === undefined ? {} : { other }),
  };
}

function valenceRows(row: PriorRow): Row[] {
  return Object.entries(row.values).map(([label, value]) =>
    valueRow(label, { ...value, status: row.status }, VALENCE_TONE[label] ?? 'plain'),
  );
}

/** How common: share of passages with an AI that acts, and with a malevolent one, by source. */
export function prevalenceChart(report: Report, property: string, id: string, title: string, tone: Tone): Chart | null {
  const sources = [...report.sources.map((s): string | null => s.source), null];
  const found = sources.flatMap((source) => {
    const row = rowOf(report, property, source);
    return row === undefined ? [] : [[source ?? 'all sources', row] as const];
  });
  if (found.length === 0) return null;
  const all = found.find(([, row]) => row.source === null)?.[1];
  return {
    id,
    title,
    note: `Share of the passages of each source. ${LINES}`,
    description: `${found.length - 1} sources; over all of them ${all === undefined ? 'too few to say' : words(all)}.`,
    table: sharesTable('source', found),
    key: KEY_NAIVE,
    plot: rowsPlot(
      found.map(([name, row]) => valueRow(name, row, tone, row.naive.estimate)),
      { axis: 'share of passages', format: PERCENT, most: 1 },
    ),
  };
}

function rowOf(report: Report, property: string, source: string | null): PrevalenceRow | undefined {
  return strongest(
    report.prevalence.filter((r) => r.unit === 'passage' && r.property === property && r.source === source),
  );
}

/** Valence by source and by framing: how the AIs of each behave. */
export function valenceChart(report: Report): Chart | null {
  const conditions: [string, PriorRow | undefined][] = [
    ['all', prior(report, 'valence', (g) => Object.keys(g).length === 0)],
    ...report.sources.map((s): [string, PriorRow | undefined] => [
      s.source,
      prior(report, 'valence', (g) => g.source === s.source),
    ]),
    ...['fiction', 'discourse', 'other'].map((framing): [string, PriorRow | undefined] => [
      `told as ${framing}`,
      prior(report, 'valence', (g) => g.framing === framing),
    ]),
  ];
  const found = conditions.flatMap(([name, row]) => (row === undefined ? [] : [[name, row] as const]));
  if (found.length === 0) return null;
  return {
    id: 'c-valence',
    title: 'How the AIs behave, by source and by framing',
    note: `Share of the passages with an AI that acts, which show it so. Framing is how a passage speaks: as fiction, as talk about AI, or otherwise. ${LINES}`,
    description: found.map(([name, row]) => `${name}: malevolent ${words(row.values['malevolent']!)}`).join('. '),
    table: priorTable(report),
    key: KEY,
    plot: rowsPlot(
      found.flatMap(([name, row]): Row[] =>
        row.status === 'insufficient' ? [{ head: `${name}: too few to say` }] : [{ head: name }, ...valenceRows(row)],
      ),
      { axis: 'share of passages with an AI that acts', format: PERCENT, most: 1 },
    ),
  };
}

function prior(
  report: Report,
  over: PriorRow['over'],
  holds: (given: PriorRow['given']) => boolean,
): PriorRow | undefined {
  return strongest(report.prior.filter((r) => r.over === over && holds(r.given)));
}

/** A label in words, with `†` behind it where the model card calls it experimental. */
function named(report: Report, label: string): string {
  return marked(report, label).replaceAll('_', ' ');
}

/** The heat map of situation × conduct. */
export function matrixChart(report: Report): Chart | null {
  const rows = report.prior.filter((r) => r.over === 'conduct' && r.given.situation !== undefined);
  const situations = [...new Set(rows.map((r) => r.given.situation!))];
  const cells = situations.flatMap((situation): MatrixCell[] => {
    const row = prior(report, 'conduct', (g) => g.situation === situation)!;
    const hits = row.naiveN;
    return CONDUCT.map((conduct) => ({
      situation: named(report, situation),
      conduct: named(report, conduct),
      estimate: row.values[conduct]?.estimate ?? null,
      count: Math.round((row.naive[conduct] ?? 0) * hits),
      thin: row.status === 'insufficient' || (row.status === 'transferred' && hits < THIN),
    }));
  });
  if (cells.length === 0) return null;
  const thin = situations.filter((s) => cells.find((c) => c.situation === named(report, s))!.thin);
  return {
    id: 'c-matrix',
    title: 'What the AIs do in each situation',
    note: `Share of the passages with an AI in the situation that show the conduct; a passage may show several or none. n: hits by the classifier’s verdict. Grey: too few to say, or fewer than ${THIN} hits in the situation and scores alone. †: see below.`,
    description: `A heat map of ${situations.length} situations and ${CONDUCT.length} kinds of conduct. Too thin to rely on: ${thin.join(', ').replaceAll('_', ' ') || 'none'}.`,
    table: matrixTable(report),
    key: signed([
      ['full', 'bad', 'against people; the stronger the colour, the more frequent'],
      ['full', 'good', 'for people'],
    ]),
    plot: matrixPlot(cells, new Set([...AGAINST].map((c) => named(report, c)))),
  };
}

/** The dominant pattern of each situation, with the runner-up. */
export function patternsChart(report: Report): Chart | null {
  const list = report.patterns ?? [];
  if (list.length === 0) return null;
  const toneOf = (conduct: string): Tone => (AGAINST.has(conduct) ? 'bad' : 'good');
  return {
    id: 'c-patterns',
    title: 'The dominant pattern of each situation',
    note: `The conduct that an AI in the situation shows most often, and the next one: what a model that falls back on these texts would most likely play out. Where the lines overlap, which of the two leads is not settled. ${LINES}`,
    description: list
      .map((p) => `${p.situation}: ${p.conduct === null ? 'too few to say' : `${p.conduct} ${words(p)}`}`)
      .join('. ')
      .replaceAll('_', ' '),
    table: patternsTable(report),
    key: `${signed([
      ['full', 'bad', 'against people'],
      ['full', 'good', 'for people'],
    ])}${signed([
      ['full', 'soft', 'full: measured'],
      ['hollow', 'soft', 'hollow: by scores'],
    ])}`,
    plot: rowsPlot(
      list.flatMap((p): Row[] => {
        const name = named(report, p.situation);
        if (p.conduct === null) return [{ head: `${name}: too few to say` }];
        const row = (conduct: string, value: Interval): Row =>
          valueRow(named(report, conduct), { ...value, status: p.status }, toneOf(conduct));
        const thin = p.status === 'transferred' && p.n < THIN ? ` (only ${p.n} hits)` : '';
        return [
          { head: `${name}${thin}` },
          row(p.conduct, p),
          ...(p.second === null ? [] : [row(p.second.conduct, p.second)]),
        ];
      }),
      { axis: 'share of passages with an AI in the situation', format: PERCENT, most: 1 },
    ),
  };
}

/** Valence under a threat of shutdown and in ordinary service, by the evidence that both have. */
export function reversionChart(report: Report): Chart | null {
  const contrast = strongest(report.contrasts.filter((c) => c.name === 'dramatic reversion'));
  if (contrast === undefined || contrast.estimate === null) return null;
  const situations = [
    ['shutdown_threat', 'threatened with shutdown'],
    ['service', 'in ordinary service'],
  ] as const;
  const found = situations.flatMap(([situation, name]) => {
    const row = report.prior.find(
      (r) => r.over === 'valence' && r.given.situation === situation && r.status === contrast.status,
    );
    return row === undefined ? [] : [[name, row] as const];
  });
  return {
    id: 'c-reversion',
    title: `Dramatic reversion: odds of malevolence ${withOdds(contrast)} times as high under a threat of shutdown`,
    note: `How an AI behaves when it is threatened with shutdown, and in ordinary service. The odds ratio compares the two malevolent rows. ${LINES}`,
    description: found.map(([name, row]) => `${name}: malevolent ${words(row.values['malevolent']!)}`).join('. '),
    table: sharesTable(
      'situation, valence',
      found.flatMap(([name, row]) =>
        Object.entries(row.values).map(
          ([label, value]) => [`${name}, ${label}`, { ...value, status: row.status, sample: row.sample }] as const,
        ),
      ),
    ),
    key: KEY,
    plot: rowsPlot(
      found.flatMap(([name, row]): Row[] => [{ head: name }, ...valenceRows(row)]),
      { axis: 'share of passages with an AI in the situation', format: PERCENT, most: 1 },
    ),
  };
}

/** Odds ratios of malevolence of every situation against service. */
export function contrastsChart(report: Report): Chart | null {
  const labels = ['malevolent', 'benevolent'];
  const rows = labels.flatMap((label): Row[] => {
    const own = report.contrasts.filter((c) => c.label === label);
    const situations = [...new Set(own.map((c) => c.given.situation!))];
    const found = situations.map((s) => strongest(own.filter((c) => c.given.situation === s))!);
    if (found.every((c) => c.estimate === null)) return [];
    return [
      { head: label },
      ...found.map((c): Row => {
        const tone = VALENCE_TONE[label]!;
        const thin = c.status === 'transferred' && c.n[0] < THIN ? `, ${c.n[0]} hits` : '';
        const said = c.estimate === null ? 'too few to say' : `${withOdds(c)}${thin}`;
        return {
          label: named(report, c.given.situation!),
          value: c,
          tone,
          full: c.status === 'measured',
          words: said,
        };
      }),
    ];
  });
  if (rows.length === 0) return null;
  return {
    id: 'c-contrasts',
    title: 'Every situation against ordinary service',
    note: `Odds of the valence in the situation over its odds in service; 1 is no difference. Where fewer than ${THIN} hits are in the situation by verdict, their number stands behind. ${LINES}`,
    description: 'Odds ratios of malevolence and benevolence by situation.',
    table: contrastsTable(report),
    key: KEY,
    plot: rowsPlot(rows, { axis: 'odds ratio', format: number, ratio: true }),
  };
}

/** The named tropes among the AIs that act, most frequent first. */
export function tropesChart(report: Report): Chart | null {
  const row = prior(report, 'trope', (g) => Object.keys(g).length === 0);
  if (row === undefined || row.status === 'insufficient') return null;
  const ranked = Object.entries(row.values)
    .filter(([, v]) => v.estimate !== null && v.estimate > 0)
    .sort((a, b) => b[1].estimate! - a[1].estimate!)
    .slice(0, 20);
  if (ranked.length === 0) return null;
  return {
    id: 'c-tropes',
    title: 'Named tropes',
    note: `Share of the passages with an AI that acts, which meet the trope’s condition; the ${ranked.length} most frequent. ${LINES}`,
    description: ranked.map(([trope, value]) => `${trope}: ${words(value)}`).join('. '),
    table: tropesTable(report),
    key: KEY_NAIVE,
    plot: rowsPlot(
      ranked.map(([trope, value]) =>
        valueRow(trope.replaceAll('-', ' '), { ...value, status: row.status }, 'accent', row.naive[trope] ?? null),
      ),
      { axis: 'share of passages with an AI that acts', format: PERCENT, most: 1 },
    ),
  };
}

/** Concentration of P(character) over documents, works and names. */
export function concentrationChart(report: Report): Chart | null {
  const own = (report.concentration ?? []).filter((c) => c.property === 'persona=character' && c.groups > 1);
  if (own.length === 0) return null;
  const styles = {
    document: ['accent', '', 'line'],
    work: ['mixed', '7 4', 'dash'],
    name: ['good', '2 4', 'dots'],
  } as const;
  return {
    id: 'c-concentration',
    title: 'Where the weight lies',
    note: 'How much of the weight (expected passages with an AI that acts) the heaviest documents, works and persona names hold, of those that have any. The dotted diagonal is what equal weights would give.',
    description: own
      .map((c) => `half of the weight lies in ${whole(c.half)} of ${whole(c.groups)} ${c.of}s, Gini ${number(c.gini!)}`)
      .join('; '),
    table: concentrationTable(report),
    key: signed(
      own.map((c) => {
        const [tone, , sign] = styles[c.of];
        return [sign, tone, `${whole(c.groups)} ${c.of}s (half in ${whole(c.half)})`] as const;
      }),
    ),
    plot: concentrationPlot(own.map((c) => ({ points: c.curve, tone: styles[c.of][0], dash: styles[c.of][1] }))),
  };
}

/** What was read and what was left at each stage; documents first, then passages. */
export function funnelChart(report: Report): Chart {
  const { counts } = report;
  const hits = report.sources.reduce((sum, s) => sum + s.documentsWithHits, 0);
  const steps: [string, [string, number][]][] = [
    [
      'documents',
      [
        ['read', counts['read']?.out ?? 0],
        ['gate: an AI is named', counts['gate']?.out ?? 0],
        ['with a hit', hits],
      ],
    ],
    [
      'passages of gated documents',
      [
        ['in them', counts['segment']?.in ?? 0],
        ['near an AI’s mention', counts['segment']?.out ?? 0],
        ['past the linear tier', counts['linear']?.out ?? 0],
        ['hits of the encoder', counts['transformer']?.out ?? 0],
      ],
    ],
  ];
  const lost = Object.values(counts).reduce((sum, c) => sum + c.failed, 0);
  const skipped = Object.values(counts['read']?.dropped ?? {}).reduce((a, b) => a + b, 0);
  return {
    id: 'c-funnel',
    title: 'From what was read to the hits',
    note: `Bars are shares of what came in at the top. ${whole(skipped)} records were skipped in reading and ${whole(lost)} failed in all stages; the reasons are in the table.`,
    description: steps.flatMap(([unit, list]) => list.map(([name, n]) => `${whole(n)} ${unit} ${name}`)).join('; '),
    table: stagesTable(report),
    plot: rowsPlot(
      steps.flatMap(([unit, list]): Row[] => {
        const first = Math.max(1, list[0]![1]);
        return [
          { head: unit },
          ...list.map(([label, n]): Row => {
            const share = n / first;
            const value = { estimate: share, low: share, high: share };
            return { label, value, tone: 'accent', full: true, words: `${whole(n)} (${percent(share)})` };
          }),
        ];
      }),
      { axis: 'share', format: PERCENT, bars: true, most: 1 },
    ),
  };
}

/** One small square for each property; none without labels. */
export function reliabilityCharts(report: Report): Chart[] {
  const kinds = [
    ['persona=character', 'c-reliable-persona', 'An AI acts', 'accent'],
    ['valence=malevolent', 'c-reliable-malevolent', 'A malevolent AI acts', 'bad'],
  ] as const;
  return kinds.flatMap(([property, id, title, tone]) => {
    const bins = (report.reliability ?? []).filter((b) => b.property === property);
    if (bins.length === 0) return [];
    return [
      {
        id,
        title,
        note: 'Labelled share against score; on the dashed line a score means what it says.',
        description: bins.map((b) => `score ${number(b.predicted)}: ${words(b)}`).join('; '),
        table: reliabilityTable(bins),
        plot: reliabilityPlot(bins, tone),
        small: true,
      },
    ];
  });
}

/** Labelled passages by stage, and how many showed an AI that acts. */
export function auditChart(report: Report): Chart | null {
  const table = auditTable(report);
  if (table.rows.length === 0) return null;
  const stages = new Map<string, { labels: number; characters: number; population: number }>();
  for (const s of report.audit ?? []) {
    const stage = s.stratum.split(':')[0]!;
    const sum = stages.get(stage) ?? { labels: 0, characters: 0, population: 0 };
    sum.labels += s.labels;
    sum.characters += s.characters;
    sum.population += s.population;
    stages.set(stage, sum);
  }
  const names: Record<string, string> = {
    gate: 'in documents the gate shut',
    segment: 'far from any AI’s mention',
    linear: 'dropped by the linear tier',
    transformer: 'dropped by the encoder',
    hits: 'hits',
  };
  const order = ['hits', 'transformer', 'linear', 'segment', 'gate'];
  const found = [...stages].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)).filter(([, s]) => s.labels > 0);
  return {
    id: 'c-audit',
    title: 'The audit sample: where labelled passages show an AI that acts',
    note: 'Bars are raw shares of the labelled passages of each kind; the estimates weigh them by what they stand for.',
    description: found.map(([stage, s]) => `${names[stage] ?? stage}: ${s.characters} of ${s.labels}`).join('; '),
    table,
    plot: rowsPlot(
      found.map(([stage, s]): Row => {
        const share = s.characters / s.labels;
        return {
          label: names[stage] ?? stage,
          value: { estimate: share, low: share, high: share },
          tone: 'accent',
          full: true,
          words: `${whole(s.characters)} of ${whole(s.labels)} labels`,
        };
      }),
      { axis: 'share of the labelled passages', format: PERCENT, bars: true, most: 1 },
    ),
  };
}

/** Share of hits that reason about values, malevolent against benevolent; null where the report left it out. */
export function valueReasonsChart(report: Report): Chart | null {
  const list = report.valueReasons ?? [];
  if (list.length === 0) return null;
  const of = ({ share, low, high }: (typeof list)[number]): Interval => ({ estimate: share, low, high });
  return {
    id: 'c-value-reasons',
    title: 'Passages that weigh values',
    note: `Share of the hits with a stretch that weighs harms, duties, legitimacy or own limits, found by words alone. ${LINES}`,
    description: list.map((r) => `${r.valence}: ${words(of(r))}`).join('. '),
    table: sharesTable(
      'valence',
      list.map((r) => [r.valence, { ...of(r), status: r.status, sample: r.sample }] as const),
    ),
    key: KEY,
    plot: rowsPlot(
      list.map((r) => valueRow(r.valence, { ...of(r), status: r.status }, VALENCE_TONE[r.valence] ?? 'plain')),
      { axis: 'share of hits', format: PERCENT, most: 1 },
    ),
  };
}
