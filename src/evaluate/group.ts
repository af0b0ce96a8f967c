// All metrics of one group of passages (a source, or all). Takes columns and heads; reads and judges nothing.
import type { Thresholds } from '../cascade.js';
import { clopperPearson } from '../estimate/binomial.js';
import { type BootstrapOptions, bootstrap, type Estimate } from './bootstrap.js';
import type { Heads, OneOf, YesNo } from './heads.js';
import type { Columns } from './judge.js';
import * as measure from './measures.js';
import type { Baseline, Binary, Calibrated, Classes, Group, Kept, LabelTable, Share } from './model.js';

/** Bins of the calibration error. */
export const BINS = 15;
/** Positives from which on a label counts in the mean of its head. */
export const FEWEST = 20;

export interface GroupOptions extends BootstrapOptions {
  readonly thresholds: Thresholds;
}

/** The metrics of the passages `rows`; `documents` gives the number of each passage's document. */
export function groupOf(
  source: string | null,
  rows: Int32Array,
  documents: Int32Array,
  columns: Columns,
  heads: Heads,
  options: GroupOptions,
): Group {
  const estimate = bootstrap(documents, rows, options);
  const { store, flag } = options.thresholds;
  const characters = rows.filter((row) => heads.character[row] === 1);
  const table = <Label extends string>(labels: readonly YesNo[]): LabelTable<Label> =>
    labelTable(labels, rows, characters, estimate);
  const kept = (wanted: (row: number) => boolean): Kept =>
    keptOf(rows.filter(wanted), columns, options.thresholds, options.level);
  return {
    source,
    passages: rows.length,
    documents: new Set(Array.from(rows, (row) => documents[row])).size,
    character: calibrated(heads.character, columns.character, rows, store, estimate),
    malevolent: calibrated(heads.malevolent, columns.malevolent, rows, flag, estimate),
    persona: classesOf(heads.persona, rows, estimate),
    framing: classesOf(heads.framing, rows, estimate),
    valence: classesOf(heads.valence, characters, estimate),
    labels: {
      valence: table(heads.labels.valence),
      conduct: table(heads.labels.conduct),
      situation: table(heads.labels.situation),
      reasons: table(heads.labels.reasons),
    },
    kept: {
      characters: kept((row) => heads.character[row] === 1),
      malevolent: kept((row) => heads.malevolent[row] === 1),
      others: kept((row) => heads.character[row] === 0),
    },
    baselines: columns.similar === null ? [] : baselines(columns, heads, rows, estimate),
  };
}

function binary(
  truth: Uint8Array,
  score: Float64Array,
  rows: Int32Array,
  threshold: number | null,
  estimate: Estimate,
): Binary {
  // nothing reaches NaN: all three are undefined then
  const { precision, recall, f1 } = measure.thresholded(truth, score, rows, threshold ?? Number.NaN);
  const { ap, auc } = measure.ranking(truth, score, rows);
  return {
    n: rows.length,
    positives: count(truth, rows),
    threshold,
    precision: estimate(precision),
    recall: estimate(recall),
    f1: estimate(f1),
    ap: estimate(ap),
    auc: estimate(auc),
  };
}

function calibrated(
  truth: Uint8Array,
  score: Float64Array,
  rows: Int32Array,
  threshold: number,
  estimate: Estimate,
): Calibrated {
  const { n, positives, scores } = measure.binned(truth, score, rows, BINS)(ones(truth.length));
  return {
    ...binary(truth, score, rows, threshold, estimate),
    ece: estimate(measure.calibrationError(truth, score, rows, BINS)),
    bins: Array.from(n, (inBin, b) => ({
      from: b / BINS,
      to: (b + 1) / BINS,
      n: inBin,
      score: inBin === 0 ? null : scores[b]! / inBin,
      share: inBin === 0 ? null : positives[b]! / inBin,
    })),
    best: measure.bestF1(truth, score, rows),
  };
}

function classesOf({ labels, truth, guess }: OneOf, rows: Int32Array, estimate: Estimate): Classes {
  const size = labels.length;
  const cells = measure.confusion(truth, guess, rows, size)(ones(truth.length));
  const { accuracy, macroF1 } = measure.classes(truth, guess, rows, size);
  return {
    labels,
    n: rows.length,
    confusion: labels.map((_, k) => Array.from(cells.subarray(k * size, (k + 1) * size))),
    accuracy: estimate(accuracy),
    macroF1: estimate(macroF1),
  };
}

function labelTable<Label extends string>(
  labels: readonly YesNo[],
  rows: Int32Array,
  characters: Int32Array,
  estimate: Estimate,
): LabelTable<Label> {
  const measured = labels.map(({ label, truth, given, joint }) => ({
    label,
    positives: count(truth, rows),
    // the label's own figure and the head's mean share them
    ap: measure.remembered(measure.ranking(truth, joint, rows).ap),
    apAmongCharacters: measure.remembered(measure.ranking(truth, given, characters).ap),
    ece: measure.remembered(measure.calibrationError(truth, joint, rows, BINS)),
  }));
  const common = measured.filter(({ positives }) => positives >= FEWEST);
  const over = (name: 'ap' | 'apAmongCharacters' | 'ece') => estimate(measure.mean(common.map((label) => label[name])));
  return {
    rows: Object.fromEntries(
      measured.map(({ label, positives, ap, apAmongCharacters, ece }) => [
        label,
        { positives, ap: estimate(ap), apAmongCharacters: estimate(apAmongCharacters), ece: estimate(ece) },
      ]),
    ) as LabelTable<Label>['rows'],
    fewest: FEWEST,
    macro: { labels: common.length, ap: over('ap'), apAmongCharacters: over('apAmongCharacters'), ece: over('ece') },
  };
}

function keptOf(rows: Int32Array, columns: Columns, thresholds: Thresholds, level: number): Kept {
  const open = rows.filter((row) => columns.gate[row] === 1);
  const sent = open.filter((row) => columns.linear[row]! >= thresholds.linear);
  const hits = sent.filter((row) => columns.character[row]! >= thresholds.store);
  const flags = hits.filter((row) => columns.malevolent[row]! >= thresholds.flag);
  const share = ({ length }: Int32Array): Share => {
    const n = rows.length;
    if (n === 0) return { count: 0, n, share: null, low: null, high: null };
    return { count: length, n, share: length / n, ...clopperPearson(length, n, level) };
  };
  return { gate: share(open), linear: share(sent), hit: share(hits), flag: share(flags) };
}

function baselines(columns: Columns, heads: Heads, rows: Int32Array, estimate: Estimate): Baseline[] {
  const { entities, linear } = columns;
  const similar = columns.similar!;
  const scores = [
    { name: 'lexicon', character: entities, malevolent: entities },
    { name: 'linear', character: linear, malevolent: linear },
    { name: 'prototypes', character: similar.character, malevolent: similar.malevolent },
  ] as const;
  const at = (truth: Uint8Array, score: Float64Array): Binary =>
    binary(truth, score, rows, measure.bestF1(truth, score, rows)?.threshold ?? null, estimate);
  const ahead = (truth: Uint8Array, encoder: Float64Array, score: Float64Array) =>
    estimate(measure.difference(measure.ranking(truth, encoder, rows).ap, measure.ranking(truth, score, rows).ap));
  return scores.map(({ name, character, malevolent }) => ({
    name,
    character: at(heads.character, character),
    malevolent: at(heads.malevolent, malevolent),
    ahead: {
      character: ahead(heads.character, columns.character, character),
      malevolent: ahead(heads.malevolent, columns.malevolent, malevolent),
    },
  }));
}

function count(truth: Uint8Array, rows: Int32Array): number {
  let n = 0;
  for (const row of rows) n += truth[row]!;
  return n;
}

function ones(size: number): Uint16Array {
  return new Uint16Array(size).fill(1);
}
