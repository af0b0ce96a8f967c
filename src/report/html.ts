// report.html: one plain page without network or scripts. Every text is escaped.
import { printable } from '../errors.js';
import { EVIDENCE, headline } from './markdown.js';
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

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
.lead { font-size: 1.15rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.7rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
caption { text-align: left; padding: 0.3rem 0; }
blockquote { margin: 0.2rem 0; max-width: 40rem; }
.thin { opacity: 0.6; }
pre { overflow-x: auto; padding: 0.7rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
@media print { body { max-width: none; margin: 0; } }`;

/** A page without network or scripts; `title` is text, `body` is HTML. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${e(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${e(title)}</h1>
${body}</main>
</body>
</html>
`;
}

/** The report as one HTML page. */
export function htmlReport(report: Report): string {
  return page(
    'How this corpus portrays AI',
    `<p class="lead">${e(headline(report))}</p>
<h2>What was read</h2>
${table(
  'Documents, passages and words by source. A hit shows an AI persona; a flag a probably malevolent one.',
  sourcesTable(report),
)}
<h2>What became of it</h2>
${table(
  'Records and documents in read and gate, passages after them; in = out + dropped + failed at every stage.',
  stagesTable(report),
)}
${mix(report)}<h2>Prevalence</h2>
${prevalence(report, /^(persona|valence)=/, `Share of passages with 95% intervals. ${EVIDENCE}`)}
<h2>Conduct and situations</h2>
${prevalence(report, /^(conduct|situation|reasons)=/, `Share of passages with each conduct and situation. ${EXPERIMENTAL}`)}
<h2>Tropes</h2>
${prevalence(report, /^trope=/, 'Share of passages that meet each named trope.')}
<h2>Salience</h2>
${table(
  'How often, how early and how much documents show it, by the classifier’s count. The place of a hit is the part of the document’s passages that come before it.',
  salienceTable(report),
)}
<h2>The prior: valence given the situation</h2>
${table(
  'How an AI persona behaves, given what it is in. Cells with an effective n under 20 say insufficient.',
  priorTable(report),
)}
<h2>Conduct in each situation</h2>
${table('Share of characters in the situation; intervals are in report.json.', matrixTable(report))}
<h2>Contrasts</h2>
${table(
  'Odds of the valence in the one situation over its odds in the other, with 95% intervals.',
  contrastsTable(report),
)}
<h2>Strongest examples</h2>
${table(
  'The hits with the highest joint probability of a malevolent persona. Offsets are Unicode code points.',
  examplesTable(report, 'offsets'),
)}
<h2>Caveats</h2>
<ul>${report.caveats.map((c) => `<li>${e(c)}</li>`).join('\n')}</ul>
<h2>To reproduce</h2>
<pre>${e([...(report.reproduce['scan'] as string[]), String(report.reproduce['report'])].join('\n'))}</pre>
<pre>${e(JSON.stringify({ versions: report.reproduce['versions'], hashes: report.reproduce['hashes'] }, null, 2))}</pre>
`,
  );
}

function mix(report: Report): string {
  const weights = mixTable(report);
  if (weights === null) return '';
  return `<h2>The training mix</h2>\n${table('Figures over all sources are of this mix.', weights)}\n`;
}

function prevalence(report: Report, wanted: RegExp, caption: string): string {
  const found = prevalenceTable(report, wanted);
  return found === null ? '<p>None was found.</p>' : table(caption, found);
}

/** A table with its caption; every cell is escaped. */
export function table(caption: string, { head, rows }: Table): string {
  const cell = (text: string): string => {
    const number = /^[≈ ]*[\d.,]+%?$/.test(text);
    const thin = text === 'insufficient';
    return `<td${number ? ' class="number"' : thin ? ' class="thin"' : ''}>${e(text)}</td>`;
  };
  return `<div class="scroll"><table><caption>${e(caption)}</caption>
<thead><tr>${head.map((h) => `<th scope="col">${e(h)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</tbody></table></div>`;
}

/** Text for HTML content and attributes; controls and bidirectional overrides become visible escapes. */
export function e(text: string): string {
  return text
    .split('\n')
    .map(printable)
    .join('\n')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}
