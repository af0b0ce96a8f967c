// What every page is made of: the frame, tables, and the escaping of every text. No figure and no wording of a report.
import { printable } from '../errors.js';
import { STYLE } from './style.js';
import type { Table } from './tables.js';

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

/** A table with its caption; every cell is escaped, the first of a row is its head. It scrolls by keyboard where it is wide. */
export function table(caption: string, { head, rows }: Table): string {
  const cell = (text: string, i: number): string => {
    if (i === 0) return `<th scope="row">${e(text)}</th>`;
    const number = /^[≈ ]*[\d.,]+%?$/.test(text);
    const thin = text === 'insufficient';
    return `<td${number ? ' class="number"' : thin ? ' class="thin"' : ''}>${e(text)}</td>`;
  };
  return `<div class="scroll" tabindex="0" role="group" aria-label="${e(caption)}"><table><caption>${e(caption)}</caption>
<thead><tr>${head.map((h) => `<th scope="col">${e(h)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</tbody></table></div>`;
}

/** Something that opens; `summary` is text, `body` is HTML. */
export function more(summary: string, body: string): string {
  return `<details><summary>${e(summary)}</summary>${body}</details>`;
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

/** One line of at most `length` code points; controls become visible escapes before they are counted. */
export function short(text: string, length: number): string {
  const points = [...printable(text.replace(/\s+/g, ' ').trim())];
  return points.length <= length ? points.join('') : `${points.slice(0, length - 1).join('')}…`;
}
