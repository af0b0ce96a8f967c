// Draws a chart with Observable Plot into SVG, without a browser, and puts its table behind it. Knows no report.
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { printable } from '../../errors.js';
import { e, more, table } from '../page.js';
import type { Table } from '../tables.js';

export interface Chart {
  /** of the page, letters and hyphens */
  readonly id: string;
  readonly title: string;
  /** how to read it */
  readonly note: string;
  /** what it shows, for those who do not see it */
  readonly description: string;
  readonly table: Table;
  /** HTML of the key under it */
  readonly key?: string;
  /** marks for a drawing of so many pixels; `narrow` is for phones */
  readonly plot: (width: number, narrow: boolean) => Plot.PlotOptions;
  /** drawn once, small, to stand beside another */
  readonly small?: boolean;
}

const WIDE = 760;
const NARROW = 348;

/** The figure as HTML: drawn once for screens and paper and once for phones (the style sheet shows one), table behind it. */
export function figure(chart: Chart): string {
  const { id, title, note, key = '' } = chart;
  const drawings = chart.small
    ? drawing(chart, NARROW, true, 'both')
    : drawing(chart, WIDE, false, 'wide') + drawing(chart, NARROW, true, 'narrow');
  return `<figure id="${id}"><figcaption><strong>${e(title)}</strong> <span>${e(note)}</span></figcaption>
${drawings}${key === '' ? '' : `<p class="key">${key}</p>`}
${more('The same as a table', table(title, chart.table))}
</figure>
`;
}

function drawing({ id, title, description, plot }: Chart, width: number, narrow: boolean, kind: string): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    document: document as never,
    width,
    style: { fontSize: narrow ? '11px' : '12px', fontFamily: 'inherit', background: 'none' } as never,
    ...plot(width, narrow),
  });
  for (const style of svg.querySelectorAll('style')) style.remove();
  for (const element of svg.querySelectorAll('*')) {
    // the drawing is one image with one name; its parts have none
    element.removeAttribute('aria-label');
    for (const name of PLACES) {
      const value = element.getAttribute(name);
      if (value !== null)
        element.setAttribute(
          name,
          value.replace(/-?\d+\.\d{2,}/g, (n: string) => String(+(+n).toFixed(1))),
        );
    }
  }
  const parts: [string, string][] = [
    ['desc', description],
    ['title', title],
  ];
  for (const [tag, text] of parts) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    element.setAttribute('id', `${id}-${kind}-${tag}`);
    element.textContent = printable(text);
    svg.prepend(element as never);
  }
  svg.setAttribute('class', kind);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-labelledby', `${id}-${kind}-title`);
  svg.setAttribute('aria-describedby', `${id}-${kind}-desc`);
  return `${svg.outerHTML}\n`;
}

/** Attributes that hold coordinates. */
const PLACES = ['x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'd', 'transform', 'cx', 'cy', 'r', 'points'];

/** Colours of the style sheet; a colour never says alone what the words beside it do not. */
export type Tone = 'accent' | 'bad' | 'mixed' | 'good' | 'plain' | 'soft';

export function paint(tone: Tone): string {
  return `var(--${tone})`;
}

export const VALENCE_TONE: Readonly<Record<string, Tone>> = {
  malevolent: 'bad',
  ambivalent: 'mixed',
  benevolent: 'good',
  neutral: 'plain',
};

/** A sign with its meaning, for the key: `signed([['full', 'accent', 'measured']])`. */
export function signed(
  signs: readonly (readonly ['full' | 'hollow' | 'tick' | 'line' | 'dash' | 'dots', Tone, string])[],
): string {
  return signs
    .map(([sign, tone, words]) => {
      const color = paint(tone);
      const shape = {
        full: `<circle cx="7" cy="7" r="4.5" fill="${color}"/>`,
        hollow: `<circle cx="7" cy="7" r="4" fill="none" stroke="${color}" stroke-width="1.8"/>`,
        tick: `<path d="M7 2v10" stroke="${color}" stroke-width="1.6"/>`,
        line: `<path d="M0 7h22" stroke="${color}" stroke-width="2.2"/>`,
        dash: `<path d="M0 7h22" stroke="${color}" stroke-width="2.2" stroke-dasharray="6 3"/>`,
        dots: `<path d="M0 7h22" stroke="${color}" stroke-width="2.2" stroke-dasharray="2 3"/>`,
      }[sign];
      const width = sign === 'line' || sign === 'dash' || sign === 'dots' ? 22 : 14;
      return `<span><svg width="${width}" height="14" viewBox="0 0 ${width} 14" aria-hidden="true">${shape}</svg>${e(words)}</span>`;
    })
    .join('');
}
