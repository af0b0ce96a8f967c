// Curves in a square: concentration of weight, and reliability of scores.
import * as Plot from '@observablehq/plot';
import type { Concentration, ReliabilityBin } from '../model.js';
import { paint, type Tone } from './draw.js';

export interface Curve {
  readonly points: Concentration['curve'];
  readonly tone: Tone;
  readonly dash: string;
}

/** Share of the weight held by the heaviest groups; the diagonal is what equal groups would give. */
export function concentrationPlot(curves: readonly Curve[]): (width: number, narrow: boolean) => Plot.PlotOptions {
  return (width, narrow) => ({
    ...square(width, narrow),
    marks: [
      ...axes('share of them, heaviest first', 'share of the weight', narrow),
      Plot.line(DIAGONAL, { stroke: paint('soft'), strokeDasharray: '1 4' }),
      ...curves.map(({ points, tone, dash }) =>
        Plot.line(
          points.map(([x, y]) => ({ x, y })),
          { x: 'x', y: 'y', stroke: paint(tone), strokeWidth: 2.4, strokeDasharray: dash },
        ),
      ),
    ],
  });
}

/** Labelled share over mean score; on the diagonal a score means what it says. */
export function reliabilityPlot(
  bins: readonly ReliabilityBin[],
  tone: Tone,
): (width: number, narrow: boolean) => Plot.PlotOptions {
  return (width, narrow) => ({
    ...square(width, narrow),
    marks: [
      ...axes('score of the classifier', 'labelled so', narrow),
      Plot.line(DIAGONAL, { stroke: paint('soft'), strokeDasharray: '3 3' }),
      Plot.ruleX(bins, {
        x: 'predicted',
        y1: 'low',
        y2: 'high',
        stroke: paint(tone),
        strokeWidth: 2.2,
        strokeOpacity: 0.6,
      }),
      Plot.dot(bins, { x: 'predicted', y: 'estimate', r: 4, fill: paint(tone) }),
    ],
  });
}

const DIAGONAL: [number, number][] = [
  [0, 0],
  [1, 1],
];

function square(width: number, narrow: boolean): Plot.PlotOptions {
  const height = narrow ? width * 0.86 : 400;
  return {
    height,
    marginLeft: 46,
    marginRight: narrow ? 14 : width - 46 - 500,
    marginTop: 26,
    marginBottom: 42,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, 1], axis: null },
  };
}

function axes(x: string, y: string, narrow: boolean): Plot.Markish[] {
  const shared = {
    ticks: narrow ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1],
    tickFormat: (v: number) => `${Math.round(100 * v)}%`,
    fill: paint('soft'),
    stroke: paint('soft'),
    tickSize: 3,
    labelArrow: 'none' as const,
  };
  return [
    Plot.gridX({ ticks: shared.ticks, stroke: paint('plain'), strokeOpacity: 0.25 }),
    Plot.gridY({ ticks: shared.ticks, stroke: paint('plain'), strokeOpacity: 0.25 }),
    Plot.axisX({ ...shared, label: x, labelAnchor: 'center' }),
    Plot.axisY({ ...shared, label: y, labelAnchor: 'top' }),
  ];
}
