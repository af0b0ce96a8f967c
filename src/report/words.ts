// Numbers and labels as people read them, the same in Markdown and HTML.
import type { Interval, PrevalenceRow, Status } from './model.js';

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

/** What a share rests on: labels of this corpus, or the classifier's word for it; and the naive count beside it. */
export function evidence(row: PrevalenceRow): string {
  const naive = `naive ${percent(row.naive.estimate)} (n = ${row.naive.positives})`;
  return row.status === 'measured' ? `${row.positives} of ${row.sampled} labels; ${naive}` : `${row.status}; ${naive}`;
}

/** Of rows that say the same of different evidence: the measured one, unless labels do not suffice for it. */
export function strongest<T extends { readonly status: Status }>(rows: readonly T[]): T | undefined {
  const order: Status[] = ['measured', 'transferred', 'insufficient'];
  return [...rows].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))[0];
}

/** `3.4 (1.2 to 9.8)`, for odds ratios; a high end of null is unbounded. */
export function withOdds({ estimate, low, high }: Interval): string {
  if (estimate === null || low === null) return 'insufficient';
  return `${number(estimate)} (${number(low)} ${high === null ? 'and more' : `to ${number(high)}`})`;
}

/** Three significant digits. */
export function number(value: number): string {
  return String(Number(value.toPrecision(3)));
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
