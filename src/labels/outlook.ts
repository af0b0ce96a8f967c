// What a draw promises, in words for a terminal.
import { printable } from '../errors.js';
import type { Outlook } from './allocation.js';

/** Two or three lines: the interval to expect, and the stratum that its upper end hangs on. */
export function outlookText({ low, high, weakest }: Outlook): string {
  const percent = (p: number): string => `${Number((100 * p).toPrecision(2))}%`;
  const { source, sample, passages, available, drawn } = weakest;
  const lines = [
    `share of passages with a character: expect an interval from ${percent(low)} to ${percent(high)}, if the scores are right about hits and one character is missed for eight hits`,
    `its upper end hangs on ${printable(source)} ${sample}: ${drawn} labels for ${passages} passages`,
  ];
  if (drawn >= available) lines.push('the scan kept no more passages of that stratum: more labels do not help there');
  return `${lines.join('\n')}\n`;
}
