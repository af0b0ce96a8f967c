// report.md: the report for a terminal, an editor or a code host. Corpus text is escaped.
import { printable } from '../errors.js';
import type { PrevalenceRow, Report } from './model.js';
import { evidence, givenWords, percent, whole, withInterval } from './words.js';

/** The report as Markdown (CommonMark with tables). */
export function markdownReport(report: Report): string {
  const sources = [...report.sources.map((s): string | null => s.source), null];
  return [
    '# How this corpus portrays AI',
    headline(report),
    '## What was read',
    table(
      ['source', 'documents', 'with a hit', 'passages', 'words', 'hits', 'flags'],
      report.sources.map((s) => [
        s.source,
        whole(s.documents),
        whole(s.documentsWithHits),
        `${s.exact ? '' : '≈ '}${whole(s.passages)}`,
        `${s.exact ? '' : '≈ '}${whole(s.words)}`,
        whole(s.hits),
        whole(s.flags),
      ]),
    ),
    'A hit is a passage in which an AI persona acts, speaks, wants or has a disposition; a flag is a hit whose joint probability of a malevolent persona reaches the threshold of the model card.',
    '## What became of it',
    table(
      ['stage', 'in', 'out', 'dropped', 'failed'],
      Object.entries(report.counts).map(([stage, c]) => [
        stage,
        whole(c.in),
        whole(c.out),
        Object.entries(c.dropped)
          .map(([reason, n]) => `${whole(n)} ${reason}`)
          .join(', ') || '0',
        whole(c.failed),
      ]),
    ),
    '`read` and `gate` count documents, the later stages passages. in = out + dropped + failed at every stage.',
    '## Prevalence',
    prevalenceTable(report, sources, 'passage', /^(persona|valence)=/),
    'Share of passages, with 95% intervals. Shares of documents and words are in report.json.',
    '### Tropes',
    prevalenceTable(report, sources, 'passage', /^trope=/),
    '## The prior: valence given the situation',
    table(
      ['given', 'hits', 'effective documents', 'malevolent', 'ambivalent', 'benevolent', 'neutral'],
      report.prior
        .filter((row) => row.over === 'valence')
        .map((row) => [
          givenWords({ ...row.given }),
          whole(row.n),
          row.effectiveN.toFixed(1),
          ...['malevolent', 'ambivalent', 'benevolent', 'neutral'].map((v) => withInterval(row.values[v]!)),
        ]),
    ),
    '## Strongest examples',
    table(
      ['source', 'document', 'characters', 'P(malevolent)', 'conduct', 'situation', 'text'],
      report.examples.map((e) => [
        e.source,
        e.document,
        `${e.start}-${e.end}`,
        e.malevolent.toFixed(3),
        e.conduct.join(', '),
        e.situation.join(', '),
        e.text ?? '(left out)',
      ]),
    ),
    '## Caveats',
    report.caveats.map((c) => `- ${plain(c)}`).join('\n'),
    '## To reproduce',
    code([...(report.reproduce['scan'] as string[]), String(report.reproduce['report'])].join('\n')),
    code(JSON.stringify({ versions: report.reproduce['versions'], hashes: report.reproduce['hashes'] }, null, 2)),
    '',
  ].join('\n\n');
}

/** The finding in one paragraph. */
export function headline(report: Report): string {
  const all = (property: string): PrevalenceRow | undefined =>
    report.prevalence.find(
      (r) => r.property === property && r.source === null && r.unit === 'passage' && r.estimate !== null,
    );
  const valence = report.prior.find(
    (r) => r.over === 'valence' && Object.keys(r.given).length === 0 && r.status !== 'insufficient',
  );
  const persona = all('persona=character');
  if (persona === undefined || persona.estimate === null) return 'Nothing was read.';
  const malevolent = valence?.values['malevolent'];
  const given =
    malevolent === undefined || malevolent.estimate === null
      ? 'too few to say how they behave'
      : `of these, ${withInterval(malevolent)} are malevolent`;
  const by = persona.status === 'measured' ? 'By the audited estimate' : 'By the classifier’s count';
  return `${by}, an AI persona acts in ${percent(persona.estimate)} of the passages; ${given}.`;
}

function prevalenceTable(report: Report, sources: readonly (string | null)[], unit: string, wanted: RegExp): string {
  const rows = report.prevalence.filter((r) => r.unit === unit && wanted.test(r.property));
  const properties = [...new Set(rows.map((r) => r.property))].sort();
  if (properties.length === 0) return 'None was found.';
  return table(
    ['property', ...sources.map((s) => s ?? 'all')],
    properties.map((property) => [
      property,
      ...sources.map((source) => {
        const row = rows.find((r) => r.property === property && r.source === source);
        return row === undefined ? '0' : `${withInterval(row)}, ${evidence(row)}`;
      }),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`;
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}

/** Corpus text cannot make markup: Markdown's and HTML's special characters are escaped, controls made visible. */
function plain(text: string): string {
  return printable(text.replace(/[\r\n\t]+/g, ' '))
    .replace(/[\\`*_[\]<>|~&$@]/g, (c) => `\\${c}`)
    .replace(/\\</g, '&lt;')
    .replace(/\\>/g, '&gt;')
    .replace(/\\&/g, '&amp;')
    .replace(/(https?|ftp|javascript|data|mailto):/gi, '$1&#58;')
    .replace(/www\./gi, (w) => w.replace('.', '&#46;'));
}

function code(text: string): string {
  return `\`\`\`\`\n${printableLines(text)}\n\`\`\`\``;
}

function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line).replace(/`{4,}/g, '``` `'))
    .join('\n');
}
