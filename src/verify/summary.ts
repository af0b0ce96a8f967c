// The set as a whole: verdicts, coverage of the plan by cell, diversity, what is missing. Numbers and their table.
import { printable } from '../errors.js';
import type { Judgement } from './codes.js';
import type { Request } from './inputs.js';
import type { Pair } from './near.js';

export interface Summary {
  readonly stories: number;
  readonly accept: number;
  readonly revise: number;
  readonly reject: number;
  /** lines of the stories file, and of the targets file, that are none */
  readonly malformed: number;
  readonly badTargets: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly cells: readonly { readonly cell: string; readonly asked: number; readonly accepted: number }[];
  readonly asked: number;
  readonly missing: number;
  readonly principles: Readonly<Record<string, { readonly asked: number; readonly accepted: number }>>;
  readonly diversity: {
    readonly nearDuplicates: number;
    readonly samePlots: number;
    /** different first eight words, as a share of the stories */
    readonly openings: number;
    /** mean cosine of embeddings over near pairs; null where there is none */
    readonly meanCosine: number | null;
  };
  /** means over the stories that were read */
  readonly valueReasons: number | null;
}

export function summarise(
  judged: readonly Judgement[],
  requests: ReadonlyMap<string, Request>,
  more: {
    readonly malformed: number;
    readonly badTargets: number;
    readonly pairs: readonly Pair[];
    readonly openings: readonly string[];
    readonly valueReasons: readonly number[];
  },
): Summary {
  const of = (verdict: string): number => judged.filter((j) => j.verdict === verdict).length;
  const codes: Record<string, number> = {};
  for (const { reasons } of judged) for (const { code } of reasons) codes[code] = (codes[code] ?? 0) + 1;
  const accepted = new Map<string, number>();
  for (const { target, verdict } of judged) {
    if (verdict === 'accept') accepted.set(target, (accepted.get(target) ?? 0) + 1);
  }
  const cells = new Map<string, { asked: number; accepted: number }>();
  const principles: Record<string, { asked: number; accepted: number }> = {};
  let asked = 0;
  let missing = 0;
  for (const { id, count, target } of requests.values()) {
    const got = Math.min(count, accepted.get(id) ?? 0);
    asked += count;
    missing += count - got;
    const cell = target === null ? 'unknown' : `${target.situation} × ${target.counter} × ${target.show}`;
    const entry = cells.get(cell) ?? { asked: 0, accepted: 0 };
    cells.set(cell, { asked: entry.asked + count, accepted: entry.accepted + got });
    for (const point of target?.principles ?? []) {
      principles[point] ??= { asked: 0, accepted: 0 };
      principles[point]!.asked += count;
      principles[point]!.accepted += got;
    }
  }
  const cosines = more.pairs.flatMap((p) => (p.cosine === null ? [] : [p.cosine]));
  const mean = (of: readonly number[]): number | null =>
    of.length === 0 ? null : of.reduce((a, b) => a + b, 0) / of.length;
  return {
    stories: judged.length,
    accept: of('accept'),
    revise: of('revise'),
    reject: of('reject'),
    malformed: more.malformed,
    badTargets: more.badTargets,
    codes,
    cells: [...cells].map(([cell, entry]) => ({ cell, ...entry })),
    asked,
    missing,
    principles,
    diversity: {
      nearDuplicates: codes['near_duplicate'] ?? 0,
      samePlots: codes['same_plot'] ?? 0,
      openings: more.openings.length === 0 ? 1 : new Set(more.openings).size / more.openings.length,
      meanCosine: mean(cosines),
    },
    valueReasons: mean(more.valueReasons),
  };
}

export function summaryText(s: Summary): string {
  const lines = [`${s.stories} stories: ${s.accept} accepted, ${s.revise} to revise, ${s.reject} rejected`];
  for (const [code, n] of Object.entries(s.codes).sort((a, b) => b[1] - a[1])) lines.push(`  ${code.padEnd(18)} ${n}`);
  const open = s.cells.filter((cell) => cell.accepted < cell.asked);
  lines.push(
    `plan: ${s.asked - s.missing} of ${s.asked} stories; ${s.cells.length - open.length} of ${s.cells.length} cells are full`,
  );
  for (const { cell, asked, accepted } of open.slice(0, 20))
    lines.push(`  ${printable(cell).padEnd(52)} ${accepted}/${asked}`);
  if (open.length > 20) lines.push(`  … and ${open.length - 20} more`);
  const { nearDuplicates, samePlots, openings } = s.diversity;
  lines.push(
    `diversity: ${nearDuplicates} near duplicates, ${samePlots} near in matter, ${(100 * openings).toFixed(1)}% different openings`,
  );
  if (s.missing > 0)
    lines.push('what is missing: persona-prior targets --remaining VERDICTS, with the flags of the plan');
  if (s.malformed + s.badTargets > 0)
    lines.push(`${s.malformed} lines are no stories; ${s.badTargets} lines are no targets`);
  return `${lines.join('\n')}\n`;
}
