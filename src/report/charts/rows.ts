// Rows of values with intervals, or of bars: most charts of the report are this one.
import * as Plot from '@observablehq/plot';
import type { Interval } from '../model.js';
import { short } from '../page.js';
import { paint, type Tone } from './draw.js';

export type Row = HeadRow | ValueRow;

/** A line of its own over the rows that follow. */
export interface HeadRow {
  readonly head: string;
}

export interface ValueRow {
  readonly label: string;
  readonly value: Interval;
  readonly tone: Tone;
  /** a full dot; else a hollow one */
  readonly full: boolean;
  /** what stands at its right: the value in words */
  readonly words: string;
  /** a tick beside it: another count of the same */
  readonly other?: number | null;
}

export interface RowScale {
  readonly axis: string;
  readonly format: (value: number) => string;
  readonly bars?: boolean;
  /** multiplicative values around 1 */
  readonly ratio?: boolean;
  /** values on both sides of 0 */
  readonly signed?: boolean;
  /** no axis beyond it */
  readonly most?: number;
}

interface Placed extends ValueRow {
  readonly i: number;
  readonly low: number;
  readonly high: number;
}

/** On a wide drawing a row is one line; on a narrow one its words stand over it. */
export function rowsPlot(rows: readonly Row[], scale: RowScale): (width: number, narrow: boolean) => Plot.PlotOptions {
  return (_, narrow) => {
    const values: Placed[] = [];
    const heads: { i: number; head: string }[] = [];
    rows.forEach((row, i) => {
      if ('head' in row) heads.push({ i, head: short(row.head, narrow ? 44 : 80) });
      else values.push({ ...row, i, low: row.value.low ?? 0, high: row.value.high ?? Number.POSITIVE_INFINITY });
    });
    const known = values.filter((v) => v.value.estimate !== null);
    const domain = domainOf(known, scale);
    const clip = (x: number): number => Math.min(domain[1], Math.max(domain[0], x));
    const longest = Math.max(4, ...values.map((v) => [...v.label].length));
    const left = narrow ? 6 : Math.min(230, 16 + longest * 6.6);
    const right = narrow ? 6 : 16 + 6.8 * Math.max(8, ...values.map((v) => v.words.length));
    const step = narrow ? 36 : 24;
    const dy = narrow ? 8 : 0;
    const estimate = (v: Placed): number => v.value.estimate!;
    const ticks = scale.ratio ? DECADES.filter((x) => x >= domain[0] && x <= domain[1]) : narrow ? 4 : 6;
    return {
      height: rows.length * step + 46,
      marginTop: 4,
      marginBottom: 42,
      marginLeft: left,
      marginRight: narrow ? 12 : right,
      x: { domain, type: scale.ratio ? 'log' : 'linear', axis: null },
      y: { type: 'band', domain: rows.map((_, i) => i), axis: null, padding: narrow ? 0.55 : 0.4 },
      marks: [
        Plot.gridX({ ticks, stroke: paint('plain'), strokeOpacity: 0.25 }),
        Plot.axisX({
          ticks,
          tickFormat: (x: number) => scale.format(x),
          label: scale.axis,
          labelAnchor: 'center',
          labelArrow: 'none',
          fill: paint('soft'),
          stroke: paint('soft'),
          tickSize: 3,
        }),
        ...(scale.ratio || scale.signed
          ? [Plot.ruleX([scale.ratio ? 1 : 0], { stroke: paint('soft'), strokeDasharray: '3 3' })]
          : []),
        ...(scale.bars
          ? [
              Plot.barX(known, {
                y: 'i',
                x1: 0,
                x2: estimate,
                fill: { value: (v: Placed) => paint(v.tone), scale: null },
                fillOpacity: 0.75,
                dy,
              }),
            ]
          : [
              Plot.ruleY(known, {
                y: 'i',
                x1: (v: Placed) => clip(v.low),
                x2: (v: Placed) => clip(v.high),
                stroke: { value: (v: Placed) => paint(v.tone), scale: null },
                strokeWidth: 2.4,
                strokeOpacity: 0.65,
                dy,
              }),
              Plot.tickX(
                known.filter(
                  (v) => v.other !== undefined && v.other !== null && v.other >= domain[0] && v.other <= domain[1],
                ),
                { y: 'i', x: (v: Placed) => v.other!, stroke: paint('soft'), strokeWidth: 1.6, dy },
              ),
              Plot.dot(known, {
                y: 'i',
                x: estimate,
                r: 4.4,
                fill: { value: (v: Placed) => (v.full ? paint(v.tone) : 'var(--ground)'), scale: null },
                stroke: { value: (v: Placed) => paint(v.tone), scale: null },
                strokeWidth: 1.8,
                dy,
              }),
            ]),
        Plot.text(heads, {
          y: 'i',
          text: 'head',
          frameAnchor: 'left',
          textAnchor: 'start',
          dx: -left + 4,
          dy: narrow ? 6 : 2,
          fontWeight: 600,
          fill: 'currentColor',
        }),
        Plot.text(values, {
          y: 'i',
          text: (v: Placed) => short(v.label, narrow ? 26 : 33),
          frameAnchor: 'left',
          textAnchor: 'start',
          dx: -left + (narrow ? 2 : 4),
          dy: narrow ? -5 : 0,
          fill: 'currentColor',
        }),
        Plot.text(values, {
          y: 'i',
          text: 'words',
          frameAnchor: 'right',
          textAnchor: narrow ? 'end' : 'start',
          dx: narrow ? 8 : 10,
          dy: narrow ? -5 : 0,
          fill: { value: (v: Placed) => (v.value.estimate === null ? paint('soft') : 'currentColor'), scale: null },
        }),
      ],
    };
  };
}

/** Ticks of a logarithmic axis. */
const DECADES = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

function domainOf(known: readonly Placed[], { ratio, signed, most, bars }: RowScale): [number, number] {
  const ends = known
    .flatMap((v) => [v.value.estimate!, ...(bars ? [] : [v.low, v.high])])
    .filter((x) => Number.isFinite(x));
  if (ratio) {
    const positive = ends.filter((x) => x > 0);
    return [Math.max(0.01, Math.min(0.5, ...positive) / 1.2), Math.min(100, Math.max(2, ...positive) * 1.2)];
  }
  const top = Math.max(...ends, 0);
  if (signed) {
    const bottom = Math.min(...ends, 0);
    const room = Math.max(top - bottom, 1e-6) * 0.04;
    return [bottom - room, top + room];
  }
  if (top === 0) return [0, most ?? 1];
  return [0, Math.min(most ?? Number.POSITIVE_INFINITY, top * 1.04)];
}
