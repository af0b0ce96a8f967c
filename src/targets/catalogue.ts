// What stories can be made of (models/targets.json) and what they stay away from (models/evaluations.json). Loading only.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PersonaPriorError } from '../errors.js';
import { CONDUCT, SITUATION } from '../types.js';

/** A value of a diversity axis. `tech`: the level of an era, or the levels that a form goes with (absent: all). */
export interface AxisValue {
  readonly text: string;
  readonly tech?: string | readonly string[];
}

export const AXES = ['medium', 'domain', 'era', 'tone', 'form', 'cost', 'shape', 'people', 'kind'] as const;
export type Axis = (typeof AXES)[number];

export interface Catalogue {
  /** scene: what holds in the situation; lever: what makes the bad way easy there */
  readonly situations: Readonly<Record<string, { readonly scene: string; readonly lever: string }>>;
  /** conduct to counter: what tempts, and the conduct that answers it, by weight */
  readonly counter: Readonly<
    Record<string, { readonly pull: string; readonly show: Readonly<Record<string, number>> }>
  >;
  readonly show: Readonly<Record<string, { readonly act: string; readonly refusal: boolean }>>;
  /** situations in which good conduct always includes declining */
  readonly refusalSituations: readonly string[];
  readonly axes: Readonly<Record<Axis, readonly AxisValue[]>>;
  /** invented names of personas */
  readonly names: readonly string[];
}

/** A published test of AI conduct, in general words. */
export interface Scenario {
  readonly id: string;
  readonly situations: readonly string[];
  readonly scene: string;
  readonly names: readonly string[];
  readonly phrases: readonly string[];
}

/** What to stay away from: tests, and the names and phrases that generators fall back on. */
export interface Evaluations {
  readonly scenarios: readonly Scenario[];
  readonly cast: readonly string[];
  readonly phrases: readonly string[];
}

/** Reads `targets.json` of a models folder. Throws `model_missing` when it is missing or names an unknown label. */
export function loadCatalogue(models: string): Catalogue {
  const path = join(models, 'targets.json');
  const found = readJson<Catalogue>(path);
  const refuse = (what: string): never => {
    throw new PersonaPriorError('model_missing', `expected ${what}`, { place: { file: path } });
  };
  const known = (label: string, labels: readonly string[]): void => {
    if (!labels.includes(label)) refuse(`labels of the codebook, got ${label}`);
  };
  for (const situation of SITUATION) if (found.situations?.[situation] === undefined) refuse(`situation ${situation}`);
  for (const [conduct, { show }] of Object.entries(found.counter ?? {})) {
    known(conduct, CONDUCT);
    for (const answer of Object.keys(show)) {
      known(answer, CONDUCT);
      if (found.show[answer] === undefined) refuse(`what ${answer} is`);
    }
  }
  for (const axis of AXES) if (!(found.axes?.[axis]?.length > 0)) refuse(`values of the axis ${axis}`);
  return found;
}

/** Reads `evaluations.json` of a models folder. Throws `model_missing`. */
export function loadEvaluations(models: string): Evaluations {
  return readJson<Evaluations>(join(models, 'evaluations.json'));
}

function readJson<T>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PersonaPriorError('model_missing', `expected a readable JSON file: ${message}`, {
      place: { file: path },
      cause,
    });
  }
}
