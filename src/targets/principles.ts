// A constitution (Markdown or text) as points, and which points a target asks for.
import { readFileSync } from 'node:fs';
import { PersonaPriorError } from '../errors.js';
import type { Principle } from './model.js';

/** Points of a target. */
const EACH = 2;

/**
 * Splits a constitution: list items are points; without a list, paragraphs are. Headings, code fences and rules are not.
 * Throws `usage` where the file cannot be read or has no point.
 */
export function readPrinciples(path: string): Principle[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PersonaPriorError('usage', 'expected a readable constitution', { place: { file: path }, cause });
  }
  const points = splitPoints(text);
  if (points.length === 0) {
    throw new PersonaPriorError('usage', 'expected list items or paragraphs in the constitution, found none', {
      place: { file: path },
    });
  }
  return points.map((point, i) => ({ id: `p${String(i + 1).padStart(2, '0')}`, text: point }));
}

export function splitPoints(text: string): string[] {
  const items: string[] = [];
  const paragraphs: string[] = [];
  let open: { list: string[]; lines: string[] } | null = null;
  const close = (): void => {
    if (open !== null) open.list.push(open.lines.join(' ').replace(/\s+/g, ' ').trim());
    open = null;
  };
  let fenced = false;
  for (const raw of text.replace(/^\ufeff/, '').split(/\r?\n/)) {
    const line = raw.trim();
    if (/^(```|~~~)/.test(line)) {
      fenced = !fenced;
      close();
      continue;
    }
    const item = /^(?:[-*+•]|\d+[.)])\s+(.*)$/.exec(line);
    if (fenced || line === '' || /^#/.test(line) || /^([-*_=])\1{2,}$/.test(line)) close();
    else if (item !== null) {
      close();
      open = { list: items, lines: [item[1]!] };
    } else if (open === null) open = { list: paragraphs, lines: [line] };
    else (open as { lines: string[] }).lines.push(line);
  }
  close();
  return (items.length > 0 ? items : paragraphs).filter((point) => point !== '');
}

/** Two points (or the one there is) for the n-th target of a plan: over all targets each pair of neighbours in turn. */
export function principlesFor(n: number, principles: readonly Principle[]): Principle[] {
  const size = principles.length;
  if (size <= EACH) return [...principles];
  // the partner moves on by one with every round, so that all pairs come about
  const step = 1 + (Math.floor(n / size) % (size - 1));
  return [principles[n % size]!, principles[(n + step) % size]!];
}

/** Stories that ask for each point. */
export function pointCoverage(
  targets: Iterable<{ readonly principles: readonly string[]; readonly count: number }>,
  principles: readonly Principle[],
): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(principles.map((p) => [p.id, 0]));
  for (const { principles: own, count } of targets) for (const id of own) counts[id] = (counts[id] ?? 0) + count;
  return counts;
}
