// report.md: the report for a terminal, an editor or a code host. Corpus text is escaped.
import { printable } from '../errors.js';
import { headline, headlineOf } from './headline.js';
import type { Report } from './model.js';
import {
  concentrationTable,
  contrastsTable,
  EXPERIMENTAL,
  examplesTable,
  matrixTable,
  mixTable,
  patternsTable,
  prevalenceTable,
  priorTable,
  salienceTable,
  sourcesTable,
  stagesTable,
  type Table,
} from './tables.js';
import { percent, whole, withInterval } from './words.js';

/** The report as Markdown (CommonMark with tables). */
export function markdownReport(report: Report): string {
  return [
    '# How these texts portray AI',
    headline(report),
    '### What this is not',
    headlineOf(report)
      .not.map((line) => `- ${line}`)
      .join('\n'),
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
    '### The dominant pattern of each situation',
    table(patternsTable(report)),
    'The conduct that an AI in the situation shows most often, and the next one.',
    ...found(report),
    '## Who carries the weight',
    table(concentrationTable(report)),
    ...repeated(report),
    ...values(report),
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

function mix(report: Report): string[] {
  const weights = mixTable(report);
  if (weights === null) return [];
  return ['## The training mix', table(weights), 'Figures over all sources are of this mix.'];
}

/** The groups of hits by their terms; passages are in report.html and report.json. */
function found(report: Report): string[] {
  if (report.clusters === undefined || report.clusters === null) return [];
  const head = ['terms', 'hits', 'documents', 'share of the weight', 'named trope', 'malevolent'];
  const rows = report.clusters.list.map((c) => [
    c.terms.join(', '),
    whole(c.hits),
    whole(c.documents),
    percent(c.share),
    c.known ?? 'new',
    withInterval(c.valence['malevolent']!),
  ]);
  return [
    '## Tropes as found, not assumed',
    table({ head, rows }),
    `${report.clusters.method}. By the classifier’s scores; labels do not correct it.`,
  ];
}

function repeated({ duplicates: d }: Report): string[] {
  if (d === undefined) return [];
  return [
    `${whole(d.copies)} of ${whole(d.hits)} hits repeat the text of another one: ${whole(d.repeated)} texts in several places, ${whole(d.acrossDocuments)} in several documents, ${whole(d.acrossSources)} in several sources.`,
  ];
}

function values({ valueReasons }: Report): string[] {
  if (valueReasons === undefined || valueReasons.length === 0) return [];
  const rows = valueReasons.map((r) => [
    r.valence,
    withInterval({ estimate: r.share, low: r.low, high: r.high }),
    r.sample,
    r.status,
  ]);
  return [
    '## Reasons about values among benevolent and malevolent hits',
    'Share of the hits with a stretch that weighs harms, duties, legitimacy or own limits, found by words alone.',
    table({ head: ['valence', 'share', 'sample', 'evidence'], rows }),
  ];
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
