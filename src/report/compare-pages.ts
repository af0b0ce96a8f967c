// A comparison as Markdown and as one HTML page.

import type { Chart } from './charts/draw.js';
import { type ComparedRow, type Comparison, comparedTable } from './compare.js';
import { table as markdownTable, plain } from './markdown.js';
import { e as escaped, table as htmlTable, page, short } from './page.js';
import type { Table } from './tables.js';
import { percent, whole } from './words.js';

const LEGEND =
  'Values are shares with 95% intervals; differences are percentage points from the first corpus, with * where the interval leaves out 0. Many rows are compared at once: one in twenty of those without a difference would show a * by chance.';

/** The parts of the page: title and table. */
function parts(comparison: Comparison): [string, Table][] {
  const passages = comparison.prevalence.filter((row) => row.unit === 'passage');
  const prior = (over: string): Table =>
    comparedTable(
      comparison,
      comparison.prior.filter((row) => row.property.startsWith(`${over}=`)),
    );
  return [
    [
      'The corpora',
      {
        head: ['corpus', 'sources', 'passages', 'hits'],
        rows: comparison.corpora.map((c) => [c.name, c.sources.join(', '), whole(c.passages), whole(c.hits)]),
      },
    ],
    ['Prevalence', comparedTable(comparison, passages)],
    ['The prior: valence', prior('valence')],
    ['The prior: conduct', prior('conduct')],
    ['The prior: tropes', prior('trope')],
  ];
}

export function comparisonMarkdown(comparison: Comparison): string {
  return [
    '# Corpora compared',
    LEGEND,
    ...parts(comparison).flatMap(([title, table]) => [
      `## ${title}`,
      table.rows.length === 0 ? 'None.' : markdownTable(table),
    ]),
    '## Caveats',
    comparison.caveats.map((c) => `- ${plain(c)}`).join('\n'),
    '',
  ].join('\n\n');
}

/** The page; the charts are loaded only when it is drawn. */
export async function comparisonHtml(comparison: Comparison): Promise<string> {
  const { figure } = await import('./charts/draw.js');
  const charts = await differenceCharts(comparison);
  return page(
    'Corpora compared',
    `<p>${escaped(LEGEND)}</p>
${charts.map(figure).join('\n')}
${parts(comparison)
  .map(([title, table]) => `<h2>${escaped(title)}</h2>\n${htmlTable(title, table)}`)
  .join('\n')}
<h2>Caveats</h2>
<ul>${comparison.caveats.map((c) => `<li>${escaped(c)}</li>`).join('\n')}</ul>
`,
  );
}

const KINDS: readonly [id: string, title: string, note: string, wanted: (row: ComparedRow) => boolean][] = [
  [
    'c-prevalence',
    'How common: differences',
    'Share of passages with an AI that acts, and with each valence.',
    (row) => row.unit === 'passage' && /^(persona=character|valence=\w+)$/.test(row.property),
  ],
  [
    'c-valence',
    'How the AIs behave: differences',
    'Share of the passages with an AI that acts.',
    (row) => row.property.startsWith('valence=') && row.given !== null && Object.keys(row.given).length === 0,
  ],
  [
    'c-conduct',
    'What they do: differences',
    'Share of the passages with an AI that acts.',
    (row) => row.property.startsWith('conduct=') && row.given !== null && Object.keys(row.given).length === 0,
  ],
];

/** Differences of every corpus from the first as rows with intervals; a chart for each kind that has any. */
async function differenceCharts(comparison: Comparison): Promise<Chart[]> {
  const { rowsPlot } = await import('./charts/rows.js');
  const names = comparison.corpora.map((c) => c.name);
  return KINDS.flatMap(([id, title, note, wanted]): Chart[] => {
    const own = [...comparison.prevalence, ...comparison.prior].filter(wanted);
    const known = own.filter((row) => row.differences.some((d) => d.estimate !== null));
    if (known.length === 0) return [];
    const rows = names.slice(1).flatMap((name, i) => [
      { head: `${short(name, 36)} minus ${short(names[0]!, 36)}` },
      ...known.map((row) => {
        const value = row.differences[i]!;
        const apart = value.low !== null && value.high !== null && (value.low > 0 || value.high < 0);
        const words = value.estimate === null ? 'too few to say' : points(value.estimate);
        const label = row.property.replace(/^(valence|conduct)=/, '').replaceAll('_', ' ');
        const more = row.property === 'persona=character' ? 'an AI acts' : label;
        return { label: more, value, tone: apart ? ('accent' as const) : ('soft' as const), full: apart, words };
      }),
    ]);
    return [
      {
        id,
        title,
        note: `${note} Full: the 95% interval leaves out 0.`,
        description: rows.flatMap((r) => ('head' in r ? [] : [`${r.label} ${r.words}`])).join('; '),
        table: comparedTable(comparison, known),
        plot: rowsPlot(rows, { axis: 'difference in percentage points', format: (x) => points(x), signed: true }),
      },
    ];
  });
}

/** `+1.2`: percentage points with their sign. */
function points(share: number): string {
  if (Math.abs(share) < 1e-12) return '0';
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share)).replace('%', '')}`;
}
