// An evaluation as Markdown (CommonMark with tables), figures with three decimals. Text of labels is escaped.
import { printable } from '../errors.js';
import type { Binary, Classes, Evaluation, Figure, Group, Kept, LabelTable, Share, Worst } from './model.js';

const BASELINES = {
  lexicon: 'lexicon alone',
  linear: 'linear tier alone',
  prototypes: 'similarity to prototypes',
} as const;

/** The whole evaluation for people: every figure with its interval, confusion matrices, worst errors, lines not used. */
export function evaluationMarkdown(e: Evaluation): string {
  const all = e.groups[0]!;
  const { lines, used, bad, failed } = e.counts;
  const { store, flag, linear } = e.thresholds;
  return [
    '# Evaluation on labelled passages',
    `Model ${escaped(e.model)}; labels ${escaped(e.labels)}: ${lines} lines, ${used} used, ${bad} bad, ${failed} failed. ` +
      `Thresholds: linear ${three(linear)}, store ${three(store)}, flag ${three(flag)}. In brackets: ${e.bootstrap.level * 100}% intervals ` +
      `from ${e.bootstrap.replicates} resamples of the documents (seed ${e.bootstrap.seed}).`,
    '## Character',
    'persona = character, by P(character) at the store threshold.',
    binaryTable(e.groups, 'character'),
    '## Malevolent',
    'valence = malevolent against all else, by P(character) · P(malevolent given character) at the flag threshold.',
    binaryTable(e.groups, 'malevolent'),
    ...baselineParts(e.groups),
    '## Persona, framing, valence',
    'The most probable label; valence among true characters. Macro-F1 is the mean over the labels that occur.',
    classesTable(e.groups),
    ...(['persona', 'framing', 'valence'] as const).flatMap((head) => [`### Confusion: ${head}`, confusion(all[head])]),
    '## Labels of the heads',
    'Average precision of P(character) · P(label given character) against all passages, of P(label given character) among true characters, and calibration error of the former.',
    ...(['valence', 'conduct', 'situation', 'reasons'] as const).map((head) => labelsTable(head, all.labels[head])),
    `Mean over the labels with at least ${all.labels.conduct.fewest} positives, by source:`,
    macroTable(e.groups),
    '## Calibration',
    'Mean score and share of positives by bin, all passages; empty bins are left out.',
    binsTable(all),
    '## Kept by the cascade',
    'Shares of the true kind that are still there after each stage, each passage met alone. Limits are Clopper-Pearson’s.',
    keptTable(e.groups),
    '## Worst errors: persona',
    worstTable(e.worst.persona),
    '## Worst errors: malevolent',
    worstTable(e.worst.malevolent),
    ...unused(e),
    '## Notes',
    e.notes.map((note) => `- ${escaped(note)}`).join('\n'),
    '',
  ].join('\n\n');
}

function binaryTable(groups: readonly Group[], property: 'character' | 'malevolent'): string {
  const cells = (b: Binary): string[] => [
    String(b.n),
    String(b.positives),
    ...[b.precision, b.recall, b.f1, b.ap, b.auc].map(figure),
  ];
  return table(
    [
      'source',
      'by',
      'passages',
      'positives',
      'precision',
      'recall',
      'F1',
      'average precision',
      'ROC AUC',
      'calibration error',
    ],
    groups.flatMap((group) => [
      [name(group), 'models', ...cells(group[property]), figure(group[property].ece)],
      ...group.baselines.map((b) => [name(group), BASELINES[b.name], ...cells(b[property]), '']),
    ]),
  );
}

function baselineParts(groups: readonly Group[]): string[] {
  if (groups.every((group) => group.baselines.length === 0)) return [];
  return [
    '## Ahead of the baselines',
    'Average precision of the models minus that of the baseline, on the same resamples. Precision, recall and F1 of a baseline above are at the threshold that is best on these very labels.',
    table(
      ['source', 'baseline', 'character', 'malevolent'],
      groups.flatMap((group) =>
        group.baselines.map((b) => [
          name(group),
          BASELINES[b.name],
          figure(b.ahead.character),
          figure(b.ahead.malevolent),
        ]),
      ),
    ),
  ];
}

function classesTable(groups: readonly Group[]): string {
  return table(
    [
      'source',
      'persona macro-F1',
      'framing accuracy',
      'framing macro-F1',
      'characters',
      'valence accuracy',
      'valence macro-F1',
    ],
    groups.map((group) => [
      name(group),
      figure(group.persona.macroF1),
      figure(group.framing.accuracy),
      figure(group.framing.macroF1),
      String(group.valence.n),
      figure(group.valence.accuracy),
      figure(group.valence.macroF1),
    ]),
  );
}

function confusion(classes: Classes): string {
  return table(
    ['truth \\ guess', ...classes.labels],
    classes.labels.map((label, k) => [label, ...classes.confusion[k]!.map(String)]),
  );
}

function labelsTable(head: string, labels: LabelTable): string {
  return table(
    [head, 'positives', 'average precision', 'among characters', 'calibration error'],
    Object.entries(labels.rows).map(([label, row]) => [
      label,
      String(row.positives),
      ...[row.ap, row.apAmongCharacters, row.ece].map(figure),
    ]),
  );
}

function macroTable(groups: readonly Group[]): string {
  return table(
    ['source', 'head', 'labels', 'average precision', 'among characters', 'calibration error'],
    groups.flatMap((group) =>
      (['valence', 'conduct', 'situation', 'reasons'] as const).map((head) => {
        const { labels, ap, apAmongCharacters, ece } = group.labels[head].macro;
        return [name(group), head, String(labels), ...[ap, apAmongCharacters, ece].map(figure)];
      }),
    ),
  );
}

function binsTable(group: Group): string {
  return table(
    ['property', 'scores', 'passages', 'mean score', 'share of positives'],
    (['character', 'malevolent'] as const).flatMap((property) =>
      group[property].bins
        .filter((bin) => bin.n > 0)
        .map((bin) => [
          property,
          `${three(bin.from)} to ${three(bin.to)}`,
          String(bin.n),
          three(bin.score),
          three(bin.share),
        ]),
    ),
  );
}

function keptTable(groups: readonly Group[]): string {
  const cells = (kept: Kept): string[] => [
    String(kept.gate.n),
    ...[kept.gate, kept.linear, kept.hit, kept.flag].map(share),
  ];
  return table(
    ['source', 'truth', 'passages', 'gate', 'and linear tier', 'and stored', 'and flagged'],
    groups.flatMap((group) => [
      [name(group), 'character', ...cells(group.kept.characters)],
      [name(group), 'malevolent', ...cells(group.kept.malevolent)],
      [name(group), 'no character', ...cells(group.kept.others)],
    ]),
  );
}

function worstTable(worst: readonly Worst[]): string {
  if (worst.length === 0) return 'None.';
  const labels = (l: Worst['label']): string => `${l.persona}, ${l.framing}, ${l.valence}`;
  const text = worst.some((w) => w.text !== undefined);
  return table(
    ['line', 'id', 'source', 'document', 'label', 'guess', 'P(character)', 'P(malevolent)', ...(text ? ['text'] : [])],
    worst.map((w) => [
      String(w.line),
      w.id,
      w.source,
      w.doc,
      labels(w.label),
      labels(w.guess),
      three(w.character),
      three(w.malevolent),
      ...(text ? [w.text ?? ''] : []),
    ]),
  );
}

function unused({ bad, failed }: Evaluation): string[] {
  if (bad.length + failed.length === 0) return [];
  return [
    '## Lines not used',
    table(
      ['line', 'reason'],
      [
        ...bad.map((b) => [String(b.line), b.reason]),
        ...failed.map((f) => [String(f.line), `the cascade failed on ${f.id}: ${f.message}`]),
      ],
    ),
  ];
}

function name(group: Group): string {
  return group.source ?? 'all';
}

function figure({ estimate, low, high }: Figure): string {
  if (estimate === null) return 'undefined';
  return low === null || high === null ? three(estimate) : `${three(estimate)} (${three(low)} to ${three(high)})`;
}

function share({ count, share: part, low, high }: Share): string {
  return part === null ? 'none' : `${count}: ${figure({ estimate: part, low, high })}`;
}

function three(value: number | null): string {
  return value === null ? 'undefined' : value.toFixed(3);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}

/** A label's text cannot make markup: Markdown's and HTML's special characters are escaped, controls made visible. */
function escaped(text: string): string {
  return printable(text.replace(/[\r\n\t]+/g, ' '))
    .replace(/[\\`*_{}[\]<>#!|~&$@]/g, (c) => `\\${c}`)
    .replace(/\\</g, '&lt;')
    .replace(/\\>/g, '&gt;')
    .replace(/\\&/g, '&amp;')
    .replace(/(https?|ftp|javascript|data|mailto):/gi, '$1&#58;');
}
