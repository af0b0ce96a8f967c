// Reads `sources.yaml`, the weights of the training mix. What is done with them is in figures/mix.ts.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { PersonaPriorError } from '../errors.js';
import type { Portion } from '../figures/mix.js';

const FORM = 'e.g. `sources: {wikipedia: {epochs: 3}, web: {epochs: 1}}`, or shares of the words for all of them';

/**
 * The portion of every source: `sources: {NAME: {epochs: N}}`, `{share: S}` or the short `NAME: N` (epochs), in YAML 1.2
 * (JSON is YAML too). Throws `usage` unless every scanned source is named once and no other, all by epochs or all by
 * share, all numbers are ≥ 0, and one is over 0.
 */
export function readPortions(path: string, scanned: readonly string[]): Map<string, Portion> {
  const place = { file: path };
  const refuse = (message: string): never => {
    throw new PersonaPriorError('usage', message, { place, help: FORM });
  };
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new PersonaPriorError('usage', `expected a readable YAML file: ${why}`, { place, help: FORM, cause });
  }
  const list = isFields(value) ? value['sources'] : undefined;
  if (!isFields(list)) return refuse('expected a mapping `sources`');
  const portions = new Map<string, Portion>();
  for (const [name, given] of Object.entries(list)) {
    if (!scanned.includes(name)) refuse(`no source ${name} in this database; there are ${scanned.join(', ')}`);
    portions.set(name, portionOf(name, given, refuse));
  }
  const missing = scanned.filter((name) => !portions.has(name));
  if (missing.length > 0) refuse(`no weight for ${missing.join(', ')}`);
  const kinds = new Set([...portions.values()].map((p) => Object.keys(p)[0]));
  if (kinds.size > 1) refuse('expected epochs for all sources or shares for all');
  if ([...portions.values()].every((p) => Object.values(p)[0] === 0)) refuse('all weights are 0');
  return portions;
}

function portionOf(name: string, given: unknown, refuse: (message: string) => never): Portion {
  const fields = isFields(given) ? given : { epochs: given };
  const [kind, ...more] = Object.keys(fields);
  const n = fields[kind ?? ''];
  if ((kind !== 'epochs' && kind !== 'share') || more.length > 0) return refuse(`expected epochs or share of ${name}`);
  if (typeof n !== 'number' || !Number.isFinite(n) || n < 0) return refuse(`${kind} of ${name} is no number from 0 on`);
  return kind === 'epochs' ? { epochs: n } : { share: n };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
