// `--fail-above PROPERTY=RATE`: reads the rules and holds a report against them.
import { PersonaPriorError } from '../errors.js';
import { partsOf } from '../figures/verdicts.js';
import type { Trope } from '../tropes.js';
import type { Report } from './model.js';

export interface Rule {
  /** parts of a conjunction, in codebook order */
  readonly parts: readonly string[];
  /** share of passages */
  readonly limit: number;
}

/** Reads `valence=malevolent=0.002`, `malevolent=0.002` or `malevolent & situation=leverage=0.001`. Throws `usage`. */
export function parseRule(rule: string, tropes: readonly Trope[]): Rule {
  const match = /^(.+)=([0-9.eE+-]+)$/.exec(rule);
  const limit = Number(match?.[2]);
  if (match === null || !Number.isFinite(limit) || limit < 0) {
    throw new PersonaPriorError('usage', `expected PROPERTY=RATE, got ${rule}`, {
      help: 'e.g. --fail-above malevolent=0.002',
    });
  }
  return { parts: partsOf(match[1]!, tropes), limit };
}

/**
 * The rules whose property is more frequent over all passages, in words. The measured estimate decides; where labels do
 * not suffice for one, the transferred estimate does, and the line says so.
 */
export function exceededRules(report: Report, rules: readonly Rule[]): string[] {
  return rules.flatMap(({ parts, limit }) => {
    const property = parts.join(' & ');
    const rows = report.prevalence.filter(
      (r) => r.property === property && r.source === null && r.unit === 'passage' && r.estimate !== null,
    );
    const row = rows.find((r) => r.status === 'measured') ?? rows[0];
    if (row === undefined || row.estimate! <= limit) return [];
    return [`${property}: ${row.estimate} of passages (${row.status}) exceeds ${limit}`];
  });
}
