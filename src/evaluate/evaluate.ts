// `evaluate`: the models against labelled passages. Wires reading, judging and metrics; formats nothing.
import type { Cascade } from '../cascade.js';
import { PersonaPriorError } from '../errors.js';
import { groupOf } from './group.js';
import { headsOf } from './heads.js';
import { type Columns, judgeLabels } from './judge.js';
import { readLabels } from './labels.js';
import type { Evaluation } from './model.js';
import { worstOf } from './worst.js';

export interface EvaluateOptions {
  /** a JSONL file of labelled passages */
  readonly labels: string;
  readonly cascade: Cascade;
  /** put shortened texts beside the worst errors */
  readonly showText: boolean;
  /** of the resamples, a whole number; default 1 */
  readonly seed?: number | undefined;
  /** resamples of the documents; default 500 */
  readonly replicates?: number | undefined;
  /** measure the untrained baselines on the same passages too */
  readonly baselines?: boolean | undefined;
  /** once aborted, the next passage is not begun and the signal's reason is thrown */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const LEVEL = 0.95;

/**
 * Judges every passage alone (title and names given, no other text of its document) and measures all heads, over all
 * passages and by source. The same labels, models and seed give the same result.
 * Throws `missing_input`, or `bad_label` where no line can be used.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { labels: path, cascade, showText, seed = 1, replicates = 500, baselines = false } = options;
  const { lines, passages, bad } = await readLabels(path);
  const { signal, onProgress } = options;
  const { columns, failed } = await judgeLabels(cascade, passages, { baselines, signal, onProgress });
  if (columns.passages.length === 0) {
    const first = bad[0] ?? failed[0];
    const why = first === undefined ? 'the file is empty' : 'reason' in first ? first.reason : first.message;
    throw new PersonaPriorError('bad_label', `expected labelled passages, none of ${lines} lines can be used: ${why}`, {
      place: { file: path },
      help: 'one JSON object a line, with the fields of the codebook',
    });
  }
  const heads = headsOf(columns);
  const documents = documentNumbers(columns);
  const { thresholds } = cascade;
  const groups = bySource(columns).map(([source, rows]) =>
    groupOf(source, rows, documents, columns, heads, { thresholds, seed, replicates, level: LEVEL }),
  );
  return {
    schemaVersion: 1,
    labels: path,
    model: cascade.model,
    hashes: cascade.hashes,
    thresholds,
    bootstrap: { seed, replicates, level: LEVEL },
    counts: { lines, used: columns.passages.length, bad: bad.length, failed: failed.length },
    bad,
    failed,
    groups,
    worst: worstOf(columns, heads, { flag: thresholds.flag, showText }),
    notes: notes(baselines),
  };
}

/** Passages of one document get one number: resamples keep them together. */
function documentNumbers({ passages }: Columns): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(passages, ({ doc }) => {
    const number = numbers.get(doc) ?? numbers.size;
    numbers.set(doc, number);
    return number;
  });
}

function bySource({ passages }: Columns): [string | null, Int32Array][] {
  const sources = new Map<string, number[]>();
  passages.forEach(({ source }, at) => {
    const rows = sources.get(source);
    if (rows === undefined) sources.set(source, [at]);
    else rows.push(at);
  });
  const all = Int32Array.from(passages, (_, at) => at);
  const parts = [...sources].sort(([a], [b]) => (a < b ? -1 : 1));
  return [[null, all], ...parts.map(([source, rows]): [string, Int32Array] => [source, Int32Array.from(rows)])];
}

function notes(baselines: boolean): string[] {
  const always = [
    'Each passage was judged alone, with its title and names and no other text of its document.',
    'Whether the model has been trained on these passages is not known here; the model card says what it was trained on.',
    'Labelled passages are chosen, not drawn at random: their shares are no prevalences, and precision and average precision hold for a set with these shares.',
    'Intervals come from resampling documents. They leave out the doubt in the labels themselves. A calibration error near 0 can lie below its interval, because resamples add noise to it. A figure without an interval is not defined in more than one of ten resamples.',
    'Shares kept by the cascade are of passages met alone; inside a document, the gate opens on the whole text.',
  ];
  if (!baselines) return [...always, 'Baselines were not asked for (--baselines).'];
  return [
    ...always,
    'The lexicon and the linear tier give one score; it stands for malevolent too. The prototypes are eight fixed sentences, embedded by the encoder itself.',
    'TF-IDF with logistic regression, and heads on a frozen embedding, have to be trained: training/RESULTS.md has them.',
  ];
}
