// A comparison as Markdown and as one HTML page.
import { type Comparison, comparedTable } from './compare.js';
import { e as escaped, table as htmlTable, page } from './html.js';
import { table as markdownTable, plain } from './markdown.js';
import type { Table } from './tables.js';
import { whole } from './words.js';

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

export function comparisonHtml(comparison: Comparison): string {
  return page(
    'Corpora compared',
    `<p>${escaped(LEGEND)}</p>
${parts(comparison)
  .map(([title, table]) => `<h2>${escaped(title)}</h2>\n${htmlTable(title, table)}`)
  .join('\n')}
<h2>Caveats</h2>
<ul>${comparison.caveats.map((c) => `<li>${escaped(c)}</li>`).join('\n')}</ul>
`,
  );
}
