// Numbers and labels as people read them, the same in Markdown and HTML.
import type { Interval, PrevalenceRow } from './model.js';

/** A share as a percentage with three significant digits; "insufficient" where there is no estimate. */
export function percent(share: number | null): string {
  if (share === null) return 'insufficient';
  const p = share * 100;
  if (p === 0) return '0%';
  if (p >= 99.95) return '100%';
  return `${p >= 0.001 ? Number(p.toPrecision(3)) : p.toExponential(1)}%`;
}

/** `2.1% (1.8% to 2.5%)`. */
export function withInterval(value: Interval): string {
  if (value.estimate === null) return 'insufficient';
  return `${percent(value.estimate)} (${percent(value.low)} to ${percent(value.high)})`;
}

/** What a share rests on: labels that someone gave, or the classifier's count. */
export function evidence(row: PrevalenceRow): string {
  return row.status === 'measured' ? `${row.positives} of ${row.sampled} labels` : `n = ${row.positives}`;
}

/** Thousands with commas; estimates are rounded to whole units. */
export function whole(n: number): string {
  return Number.isFinite(n) ? Math.round(n).toLocaleString('en-US') : 'unknown';
}

/** A condition in words: `situation: shutdown_threat`, `all characters`. */
export function givenWords(given: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(given).filter(([, value]) => value !== undefined);
  return parts.length === 0 ? 'all characters' : parts.map(([key, value]) => `${key}: ${value}`).join(', ');
}
