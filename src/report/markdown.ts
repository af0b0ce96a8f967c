// report.md: the report for a terminal, an editor or a code host. Corpus text is escaped.
import { printable } from '../errors.js';
import type { Report } from './model.js';
import {
  contrastsTable,
  EXPERIMENTAL,
  examplesTable,
  matrixTable,
  mixTable,
  prevalenceTable,
  priorTable,
  salienceTable,
  sourcesTable,
  stagesTable,
  type Table,
} from './tables.js';
import { percent, strongest, withInterval, withOdds } from './words.js';

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
    ...mix(report),
    '## Prevalence',
    prevalence(report, /^(persona|valence)=/),
    `Share of passages, with 95% intervals. ${EVIDENCE} Shares of documents and words are in report.json.`,
    '### Conduct and situations',
    prevalence(report, /^(conduct|situation|reasons)=/),
    EXPERIMENTAL,
    '### Tropes',
    prevalence(report, /^trope=/),
    '## Salience',
    table(salienceTable(report)),
    'By the classifier’s count. The place of a hit is the part of the document’s passages that come before it.',
    '## The prior: valence given the situation',
    table(priorTable(report)),
    '### Conduct in each situation',
    table(matrixTable(report)),
    'Share of characters in the situation; intervals are in report.json.',
    '### Contrasts',
    table(contrastsTable(report)),
    'Odds of the valence in the one situation over its odds in the other, with 95% intervals.',
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

/** What the words in a cell mean, the same in both formats. */
export const EVIDENCE =
  'Measured: estimated from labels of this corpus. Transferred: calibrated scores, not checked here. Insufficient: too few to say. Naive: the classifier’s count, corrected for nothing.';

/** The finding in one paragraph. */
export function headline(report: Report): string {
  const persona = strongest(
    report.prevalence.filter(
      (r) => r.property === 'persona=character' && r.source === null && r.unit === 'passage' && r.estimate !== null,
    ),
  );
  if (persona === undefined) return 'Nothing was read.';
  const valence = strongest(report.prior.filter((r) => r.over === 'valence' && Object.keys(r.given).length === 0));
  const malevolent = valence?.values['malevolent'];
  const given =
    malevolent === undefined || malevolent.estimate === null
      ? 'too few to say how they behave'
      : `of these, ${withInterval(malevolent)} are malevolent`;
  const reversion = strongest(report.contrasts.filter((c) => c.name === 'dramatic reversion'));
  const odds =
    reversion === undefined || reversion.estimate === null
      ? ''
      : ` Under a threat of shutdown the odds of malevolence are ${withOdds(reversion)} times those in service (${reversion.status}).`;
  const by = persona.status === 'measured' ? 'By the audited estimate' : 'By calibrated scores, not checked here';
  const naive = `the classifier counts ${percent(persona.naive.estimate)}`;
  return `${by}, an AI persona acts in ${withInterval(persona)} of the passages (${naive}); ${given}.${odds}`;
}

function mix(report: Report): string[] {
  const weights = mixTable(report);
  if (weights === null) return [];
  return ['## The training mix', table(weights), 'Figures over all sources are of this mix.'];
}

function prevalence(report: Report, wanted: RegExp): string {
  const found = prevalenceTable(report, wanted);
  return found === null ? 'None was found.' : table(found);
}

/** A table in Markdown; every cell is escaped. */
export function table({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`;
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}

/** Corpus text cannot make markup: Markdown's and HTML's special characters are escaped, controls made visible. */
export function plain(text: string): string {
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
