// report.md: the report for a terminal, an editor or a code host. Corpus text is escaped.
import { printable } from '../errors.js';
import type { PrevalenceRow, Report } from './model.js';
import { examplesTable, prevalenceTable, priorTable, sourcesTable, stagesTable, type Table } from './tables.js';
import { percent, withInterval } from './words.js';

/** The report as Markdown (CommonMark with tables). */
export function markdownReport(report: Report): string {
  return [
    '# How this corpus portrays AI',
    headline(report),
    '## What was read',
    table(sourcesTable(report)),
    'A hit is a passage in which an AI persona acts, speaks, wants or has a disposition; a flag is a hit whose joint probability of a malevolent persona reaches the threshold of the model card.',
    '## What became of it',
    table(stagesTable(report)),
    '`read` and `gate` count documents, the later stages passages. in = out + dropped + failed at every stage.',
    '## Prevalence',
    prevalence(report, /^(persona|valence)=/),
    'Share of passages, with 95% intervals. Shares of documents and words are in report.json.',
    '### Tropes',
    prevalence(report, /^trope=/),
    '## The prior: valence given the situation',
    table(priorTable(report)),
    '## Strongest examples',
    table(examplesTable(report, 'characters')),
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

function prevalence(report: Report, wanted: RegExp): string {
  const found = prevalenceTable(report, wanted);
  return found === null ? 'None was found.' : table(found);
}

function table({ head, rows }: Table): string {
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
