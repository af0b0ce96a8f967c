// The figures beside the labelling: how the headline estimates narrow, and how far readers agree. Each has its table.
import { byId, el, svg } from './dom.js';

const WIDTH = 360;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;

/** Draws the estimates by number of labels; `points` as the server gives them. */
export function showFigures({ points, missing }) {
  const figures = [
    ['character', 'Passages with an AI persona', 'labels'],
    ['malevolent', 'Malevolent among those personas', 'labelled characters'],
  ];
  byId('charts').replaceChildren(...figures.map(([name, title, unit]) => figure(points, name, title, unit)));
  byId('figures').setAttribute('aria-busy', String(missing > 0));
}

function figure(points, name, title, unit) {
  const now = points.at(-1)?.[name];
  const said =
    now === undefined
      ? 'no labels yet'
      : now.estimate === null
        ? `not enough: ${now.labels} ${unit}, at least 20 effective ones are needed`
        : `${interval(now)}, from ${now.positives} of ${now.labels} ${unit}`;
  const known = points.filter((p) => p[name].estimate !== null);
  const rows = points.map((p) => [String(p.used), `${p[name].positives} of ${p[name].labels}`, interval(p[name])]);
  return el(
    'div',
    { class: 'figure', 'data-figure': name },
    el('h3', {}, title),
    el('p', { class: 'now' }, said),
    ...(known.length === 0 ? [] : [chart(known, name, `${title}, by number of labels`)]),
    ...(rows.length === 0 ? [] : [details('As a table', table(['Labels', 'Found', 'Share (95% interval)'], rows))]),
  );
}

function chart(points, name, title) {
  const most = Math.max(...points.map((p) => p.used));
  const top = scale(Math.max(...points.map((p) => p[name].high)));
  const x = (p) => LEFT + ((WIDTH - LEFT - 8) * p.used) / most;
  const y = (share) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share / top);
  const at = (p, of) => `${x(p).toFixed(1)},${y(p[name][of]).toFixed(1)}`;
  const band = [...points.map((p) => at(p, 'high')), ...points.map((p) => at(p, 'low')).reverse()].join(' ');
  const line = points.map((p) => at(p, 'estimate')).join(' ');
  const ticks = [0, top / 2, top].flatMap((share) => [
    svg('line', { class: 'grid', x1: LEFT, x2: WIDTH - 8, y1: y(share), y2: y(share) }),
    svg('text', { x: LEFT - 6, y: y(share) + 4, 'text-anchor': 'end' }, percent(share)),
  ]);
  const last = points.at(-1);
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${title}: now ${interval(last[name])}` },
    ...ticks,
    svg('text', { x: LEFT, y: HEIGHT - 6 }, '0'),
    svg('text', { x: WIDTH - 8, y: HEIGHT - 6, 'text-anchor': 'end' }, `${most} labels`),
    svg('polygon', { class: 'band', points: band }),
    svg('polyline', { class: 'line', points: line }),
    ...points.map((p) => svg('line', { class: 'bar', x1: x(p), x2: x(p), y1: y(p[name].low), y2: y(p[name].high) })),
    ...points.map((p) => svg('circle', { class: 'dot', cx: x(p), cy: y(p[name].estimate), r: 3 })),
  );
}

/** The least round number that is not under `share`. */
function scale(share) {
  return [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1].find((s) => s >= share) ?? 1;
}

/** Shows kappa of every two readers. */
export function showAgreement(pairs) {
  const none = 'No passage has labels of two readers. Start the review again with another --reader and the same -n.';
  const parts = pairs.flatMap(({ readers: [first, second], passages, heads }) => {
    const caption = el(
      'caption',
      {},
      el('bdi', {}, first),
      ' and ',
      el('bdi', {}, second),
      `: ${passages} passages that both labelled`,
    );
    const rows = heads.map(({ head, passages: n, agreed, kappa }) => [
      head,
      String(n),
      agreed === null ? 'none' : percent(agreed),
      kappa.estimate === null ? 'not defined' : number(kappa.estimate),
      kappa.low === null ? 'not defined' : `${number(kappa.low)} to ${number(kappa.high)}`,
    ]);
    return [table(['Head', 'Passages', 'Agreed', 'Kappa', '95% interval'], rows, caption)];
  });
  const note =
    'Cohen’s kappa: 0 is what chance gives, 1 is full agreement. Valence, conduct, situation and reasons are compared where both call the passage a character.';
  byId('pairs').replaceChildren(...(pairs.length === 0 ? [el('p', {}, none)] : [el('p', {}, note), ...parts]));
}

function table(head, rows, caption = null) {
  const body = rows.map(([first, ...rest]) =>
    el('tr', {}, el('th', { scope: 'row' }, first), ...rest.map((cell) => el('td', {}, cell))),
  );
  const top = el('thead', {}, el('tr', {}, ...head.map((cell) => el('th', { scope: 'col' }, cell))));
  const parts = [...(caption === null ? [] : [caption]), top, el('tbody', {}, ...body)];
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': head.join(', ') },
    el('table', {}, ...parts),
  );
}

function details(summary, content) {
  return el('details', {}, el('summary', {}, summary), content);
}

function interval({ estimate, low, high }) {
  return estimate === null ? 'not enough labels' : `${percent(estimate)} (${percent(low)} to ${percent(high)})`;
}

function percent(share) {
  return `${Number((100 * share).toPrecision(share >= 0.995 ? 4 : 3))}%`;
}

function number(value) {
  return value.toFixed(2);
}
