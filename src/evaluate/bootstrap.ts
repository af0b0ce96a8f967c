// Percentile intervals of metrics by resampling documents. The same resamples serve all metrics of a group of passages.
import { murmur3 } from '../hash.js';
import type { Measure } from './measures.js';
import type { Figure } from './model.js';

export interface BootstrapOptions {
  readonly seed: number;
  readonly replicates: number;
  /** in (0, 1) */
  readonly level: number;
}

/** Turns a metric into its estimate and interval. */
export type Estimate = (measure: Measure) => Figure;

/** Of the resamples, the share that must define a metric for it to get an interval. */
const DEFINED = 0.9;

/**
 * The cluster bootstrap (Davison & Hinkley 1997, 3.8): whole documents are drawn with replacement, as many as there are;
 * limits are the percentiles of the metric over the draws, interpolated linearly.
 * @param documents number of the document of each passage
 * @param rows the passages of this group
 */
export function bootstrap(documents: Int32Array, rows: Int32Array, options: BootstrapOptions): Estimate {
  const once = new Uint16Array(documents.length);
  for (const row of rows) once[row] = 1;
  const draws = resamples(documents, rows, options);
  const tail = (1 - options.level) / 2;
  return (measure) => {
    const estimate = measure(once);
    if (!Number.isFinite(estimate)) return { estimate: null, low: null, high: null };
    const values = new Float64Array(draws.length);
    let n = 0;
    for (const weights of draws) {
      const value = measure(weights);
      if (Number.isFinite(value)) values[n++] = value;
    }
    if (n === 0 || n < DEFINED * draws.length) return { estimate, low: null, high: null };
    const sorted = values.subarray(0, n).sort();
    return { estimate, low: percentile(sorted, tail), high: percentile(sorted, 1 - tail) };
  };
}

/** How often each passage counts in each resample. */
function resamples(documents: Int32Array, rows: Int32Array, { seed, replicates }: BootstrapOptions): Uint16Array[] {
  const numbers = [...new Set(Array.from(rows, (row) => documents[row]!))];
  const size = numbers.length;
  const place = new Map(numbers.map((number, i) => [number, i]));
  const cluster = Int32Array.from(rows, (row) => place.get(documents[row]!)!);
  const counter = new Uint8Array(8);
  const view = new DataView(counter.buffer);
  return Array.from({ length: replicates }, (_, replicate) => {
    view.setUint32(0, replicate);
    const drawn = new Uint16Array(size);
    for (let i = 0; i < size; i++) {
      view.setUint32(4, i);
      drawn[Math.floor((murmur3(counter, seed) / 0x100000000) * size)]!++;
    }
    const weights = new Uint16Array(documents.length);
    for (let i = 0; i < rows.length; i++) weights[rows[i]!] = drawn[cluster[i]!]!;
    return weights;
  });
}

/** The p-quantile of sorted values: linear between order statistics, at position p·(n − 1), as numpy does by default. */
export function percentile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
