// Reads aim.yaml: what the prior should be after mixing, and the limits of the plan. Solves nothing.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { PersonaPriorError } from '../errors.js';
import { CONDUCT, SITUATION, VALENCE } from '../types.js';

/** `share`, or `today` times what the corpus has. */
export interface Wish {
  readonly property: string;
  readonly kind: 'atMost' | 'atLeast';
  readonly amount: { readonly share: number } | { readonly today: number };
}

export interface Aim {
  /** by situation: `everywhere`, with the situation's own wishes in place of those on the same property */
  readonly wishes: Readonly<Record<string, readonly Wish[]>>;
  /** null: the smallest number that reaches the aim */
  readonly repeats: number | null;
  readonly words: number;
  readonly refusals: number;
  readonly floor: number;
  readonly ceilings: Readonly<Record<'cell' | 'situation' | 'counter' | 'show', number>>;
  readonly severity: Readonly<Record<string, number>>;
  readonly names: readonly string[];
}

type Refuse = (message: string) => never;

/**
 * Reads an aim (YAML 1.2; JSON is YAML too). What it leaves out is taken from `fallback`, the file that ships.
 * Throws `usage` for an unreadable file, an unknown key, property or situation, and a number out of range.
 * @param tropes ids that `trope=` may name
 */
export function readAim(path: string, fallback: string, tropes: readonly string[]): Aim {
  const refuse: Refuse = (message) => {
    throw new PersonaPriorError('usage', message, { place: { file: path }, help: 'models/aim.yaml is an example' });
  };
  const base = yamlOf(fallback, refuse);
  const asked = path === fallback ? {} : yamlOf(path, refuse);
  const given: Record<string, unknown> = { ...base, ...asked };
  for (const key of ['story', 'ceilings', 'severity']) {
    given[key] = { ...fieldsOf(base[key], key, refuse), ...fieldsOf(asked[key], key, refuse) };
  }
  const known = ['everywhere', 'situations', 'repeats', 'story', 'refusals', 'floor', 'ceilings', 'severity', 'names'];
  for (const key of Object.keys(given))
    if (!known.includes(key)) refuse(`unknown key ${key}; there are ${known.join(', ')}`);
  const everywhere = wishesOf(given['everywhere'], tropes, refuse);
  const own = fieldsOf(given['situations'], 'situations', refuse);
  for (const name of Object.keys(own)) {
    if (!(SITUATION as readonly string[]).includes(name)) refuse(`unknown situation ${name}`);
  }
  const wishes = Object.fromEntries(
    SITUATION.map((situation) => {
      const mine = wishesOf(own[situation], tropes, refuse);
      return [situation, [...everywhere.filter((w) => !mine.some((m) => m.property === w.property)), ...mine]];
    }),
  );
  const repeats = given['repeats'];
  if (repeats !== 'smallest' && !(Number.isSafeInteger(repeats) && (repeats as number) >= 1)) {
    refuse('expected repeats: a whole number from 1 on, or smallest');
  }
  const words = fieldsOf(given['story'], 'story', refuse)['words'];
  if (!Number.isSafeInteger(words) || (words as number) < 100)
    refuse('expected story.words: a whole number from 100 on');
  const ceilings = fieldsOf(given['ceilings'], 'ceilings', refuse);
  const severity = fieldsOf(given['severity'], 'severity', refuse);
  for (const conduct of Object.keys(severity)) {
    if (!(CONDUCT as readonly string[]).includes(conduct)) refuse(`unknown conduct ${conduct} in severity`);
  }
  const names = given['names'];
  if (!Array.isArray(names) || names.some((n) => typeof n !== 'string' || n.trim() === '')) {
    refuse('expected names: a list of names');
  }
  const share = (value: unknown, what: string): number => numberOf(value, what, 1, refuse);
  return {
    wishes,
    repeats: repeats === 'smallest' ? null : (repeats as number),
    words: words as number,
    refusals: share(given['refusals'], 'refusals'),
    floor: share(given['floor'], 'floor'),
    ceilings: {
      cell: share(ceilings['cell'], 'ceilings.cell'),
      situation: share(ceilings['situation'], 'ceilings.situation'),
      counter: share(ceilings['counter'], 'ceilings.counter'),
      show: share(ceilings['show'], 'ceilings.show'),
    },
    severity: Object.fromEntries(
      Object.entries(severity).map(([k, v]) => [k, numberOf(v, `severity.${k}`, Number.POSITIVE_INFINITY, refuse)]),
    ),
    names: names as string[],
  };
}

function wishesOf(value: unknown, tropes: readonly string[], refuse: Refuse): Wish[] {
  return Object.entries(fieldsOf(value, 'properties', refuse)).map(([property, given]): Wish => {
    const [head, label, ...more] = property.split('=');
    const labels: readonly string[] =
      head === 'valence' ? VALENCE : head === 'conduct' ? CONDUCT : head === 'trope' ? tropes : [];
    if (more.length > 0 || !labels.includes(label ?? '')) {
      refuse(`unknown property ${property}; expected e.g. valence=malevolent, conduct=honest, trope=accepts-shutdown`);
    }
    const [kind, ...others] = Object.keys(fieldsOf(given, property, refuse));
    if ((kind !== 'atMost' && kind !== 'atLeast') || others.length > 0)
      return refuse(`expected atMost or atLeast of ${property}`);
    const amount = (given as Record<string, unknown>)[kind];
    if (typeof amount === 'number') return { property, kind, amount: { share: numberOf(amount, property, 1, refuse) } };
    const today = fieldsOf(amount, property, refuse)['today'];
    return {
      property,
      kind,
      amount: { today: numberOf(today, `${property} today`, Number.POSITIVE_INFINITY, refuse) },
    };
  });
}

function yamlOf(path: string, refuse: Refuse): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    refuse(`expected a readable YAML file: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`);
  }
  return fieldsOf(value, 'aim', refuse);
}

function fieldsOf(value: unknown, what: string, refuse: Refuse): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return refuse(`expected a mapping for ${what}`);
  return value as Record<string, unknown>;
}

function numberOf(value: unknown, what: string, most: number, refuse: Refuse): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value > most) {
    return refuse(`expected a number from 0${most === 1 ? ' to 1' : ''} for ${what}`);
  }
  return value;
}
