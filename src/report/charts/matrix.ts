// The heat map of situation × conduct: share in the colour and the number, count under it, thin cells grey.
import * as Plot from '@observablehq/plot';
import { paint } from './draw.js';

export interface MatrixCell {
  readonly situation: string;
  readonly conduct: string;
  readonly estimate: number | null;
  /** hits by the classifier's verdict */
  readonly count: number;
  readonly thin: boolean;
}

/** Situations are rows on a wide drawing and columns on a narrow one. */
export function matrixPlot(
  cells: readonly MatrixCell[],
  against: ReadonlySet<string>,
): (width: number, narrow: boolean) => Plot.PlotOptions {
  const most = Math.max(0.01, ...cells.flatMap((c) => (c.thin || c.estimate === null ? [] : [c.estimate])));
  const situations = [...new Set(cells.map((c) => c.situation))];
  const conducts = [...new Set(cells.map((c) => c.conduct))];
  return (_, narrow) => {
    const [x, y] = narrow ? (['situation', 'conduct'] as const) : (['conduct', 'situation'] as const);
    const fill = (c: MatrixCell): string =>
      c.thin ? paint('soft') : against.has(c.conduct) ? paint('bad') : paint('good');
    const known = cells.filter((c) => c.estimate !== null);
    return {
      height: narrow ? 92 + conducts.length * 24 : 96 + situations.length * 36,
      marginLeft: narrow ? 108 : 128,
      marginTop: narrow ? 88 : 92,
      marginRight: narrow ? 36 : 34,
      marginBottom: 4,
      x: { domain: narrow ? situations : conducts, label: null, axis: null, padding: 0.06 },
      y: { domain: narrow ? conducts : situations, label: null, axis: null, padding: 0.06 },
      marks: [
        Plot.axisX({
          anchor: 'top',
          tickRotate: -45,
          textAnchor: 'start',
          tickSize: 0,
          tickPadding: 8,
          label: null,
          fill: 'currentColor',
        }),
        Plot.axisY({ tickSize: 0, label: null, fill: 'currentColor' }),
        Plot.cell(cells, { x, y, fill: 'var(--pale)' }),
        Plot.cell(
          known.filter((c) => !c.thin),
          {
            x,
            y,
            fill: { value: fill, scale: null },
            fillOpacity: { value: (c: MatrixCell) => 0.04 + (0.5 * c.estimate!) / most, scale: null },
          },
        ),
        Plot.text(known, {
          x,
          y,
          text: (c: MatrixCell) => percentOf(c.estimate!, narrow),
          fill: { value: (c: MatrixCell) => (c.thin ? paint('soft') : 'currentColor'), scale: null },
          dy: narrow ? 0 : -6,
          fontSize: narrow ? 10 : 12,
        }),
        ...(narrow
          ? []
          : [
              Plot.text(cells, {
                x,
                y,
                text: (c: MatrixCell) => `n ${c.count}`,
                fill: paint('soft'),
                dy: 8,
                fontSize: 10,
              }),
            ]),
      ],
    };
  };
}

function percentOf(share: number, narrow: boolean): string {
  const percent = 100 * share;
  const digits = percent > 0 && percent < 0.95 ? '<1' : percent.toFixed(0);
  return narrow ? digits : `${digits}%`;
}
