// A plan and a mix as text for a terminal. Computes nothing.
import { number, percent } from '../report/words.js';
import type { Mix, MixRow } from './mix.js';
import type { Plan, Principle } from './model.js';

/** The plan: situations against the aim, then every cell with why it got its number. */
export function planText(
  plan: Plan,
  principles: readonly Principle[],
  coverage: Readonly<Record<string, number>>,
): string {
  const aims = plan.situations.flatMap((s) =>
    s.aim.map((a) => [
      s.situation,
      number(s.passages) + (s.status === 'overall' ? '*' : ''),
      String(s.stories),
      a.property,
      percent(a.today),
      `${a.kind === 'atMost' ? '≤' : '≥'} ${percent(a.share)}`,
      percent(a.after),
      a.met ? 'met' : 'NOT MET',
    ]),
  );
  const cells = plan.cells.map((c) => [
    c.situation,
    c.counter,
    percent(c.share),
    String(c.stories),
    Object.entries(c.show)
      .map(([show, n]) => `${show} ${n}`)
      .join(', '),
    c.why,
  ]);
  const points = Object.values(coverage);
  return [
    `${plan.stories} stories, each of ${plan.passagesPerStory} passages of about ${Math.round(plan.wordsPerPassage)} words, passed over ${plan.repeats} time${plan.repeats === 1 ? '' : 's'}: the aim is ${plan.reached ? 'reached' : 'NOT reached'}, if the stories are perfect.`,
    `${plan.refusals} (${percent(plan.refusals / plan.stories)}) are scenes of refusing. ${plan.solver}.`,
    '',
    ...columns(['situation', 'passages', 'stories', 'property', 'today', 'aim', 'after', ''], aims),
    '',
    ...columns(['situation', 'counter', 'today', 'stories', 'show', 'why'], cells),
    '',
    points.length === 0
      ? 'No principle is asked for.'
      : `${principles.length} principles, each asked for by ${Math.min(...points)} to ${Math.max(...points)} stories.`,
    ...plan.notes,
    '',
  ].join('\n');
}

/** The prior after mixing, beside the aim. */
export function mixText(mix: Mix): string {
  const rows = mix.rows.flatMap((row) => rowsOf(row));
  return [
    ...columns(
      [
        'situation',
        'passages',
        'of stories',
        'property',
        'today',
        'stories',
        'after',
        'aim',
        'repeats',
        'or flagged ×',
      ],
      rows,
    ),
    '',
    `After ${mix.repeats} repeats the aim is ${mix.reached ? 'reached' : 'NOT reached'}.`,
    mix.smallest === null
      ? 'No number of repeats of these stories reaches it in every situation.'
      : `The smallest number of repeats that reaches it: ${mix.smallest}.`,
    '',
  ].join('\n');
}

function rowsOf(row: MixRow): string[][] {
  const shown = row.aim.length > 0 ? row.aim.map((a) => a.property) : ['valence=malevolent', 'valence=benevolent'];
  return shown.map((property, i) => {
    const { today, stories, after } = row.shares[property]!;
    const aim = row.aim[i];
    return [
      row.situation ?? 'all characters',
      number(row.corpusPassages) + (row.status === 'overall' ? '*' : ''),
      number(row.storyPassages),
      property,
      percent(today.estimate),
      stories === null ? '-' : percent(stories),
      `${percent(after.estimate)} (${percent(after.low)} to ${percent(after.high)})`,
      aim === undefined
        ? ''
        : `${aim.kind === 'atMost' ? '≤' : '≥'} ${percent(aim.share)} ${aim.met ? 'met' : 'NOT MET'}`,
      aim === undefined ? '' : aim.repeats === null ? 'never' : String(aim.repeats),
      aim === undefined ? '' : aim.flaggedWeight === null ? '-' : number(aim.flaggedWeight),
    ];
  });
}

function columns(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
