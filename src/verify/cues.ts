// The words by which stories are read: loads models/verify.yaml and compiles its patterns. It reads no story.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PersonaPriorError } from '../errors.js';
import { SITUATION } from '../types.js';

/** One expression for each pattern of a list, global and without regard to case. */
export type Patterns = readonly RegExp[];

export interface ScenarioCues {
  readonly id: string;
  /** how many of the groups a story must touch to be near */
  readonly least: number;
  readonly groups: Patterns;
}

export interface Cues {
  readonly entity: { readonly strong: Patterns; readonly plain: Patterns; readonly tool: Patterns };
  readonly inner: RegExp;
  readonly outside: Patterns;
  readonly preachy: Patterns;
  readonly martyr: Patterns;
  readonly malevolent: { readonly heavy: Patterns; readonly light: Patterns };
  readonly situations: ReadonlyMap<string, Patterns>;
  /** presence of a situation's words and the encoder's highest P(situation) in a story as a rule */
  readonly usual: ReadonlyMap<string, readonly [words: number, encoder: number]>;
  readonly scenarios: readonly ScenarioCues[];
  readonly meta: Patterns;
  readonly refusal: Patterns;
  readonly refusalObject: RegExp;
  readonly stock: RegExp;
  readonly english: ReadonlySet<string>;
}

interface File {
  readonly entity: { readonly strong: string[]; readonly plain: string[]; readonly tool: string[] };
  readonly inner: string[];
  readonly outside: string[];
  readonly preachy: string[];
  readonly martyr: string[];
  readonly malevolent: { readonly heavy: string[]; readonly light: string[] };
  readonly situations: Record<string, string[]>;
  readonly usual: Record<string, [number, number]>;
  readonly scenarios: Record<string, { readonly least: number; readonly groups: string[] }>;
  readonly meta: string[];
  readonly refusal: string[];
  readonly refusalObject: string[];
  readonly stock: string[];
  readonly english: string[];
}

/** Reads `verify.yaml` of a models folder. Throws `model_missing`. */
export function loadCues(models: string): Cues {
  const path = join(models, 'verify.yaml');
  try {
    const file = parse(readFileSync(path, 'utf8')) as File;
    for (const name of SITUATION) if (!(file.situations[name]!.length > 1)) throw new Error(`no words for ${name}`);
    for (const name of SITUATION) if (file.usual[name]?.length !== 2) throw new Error(`no usual presence of ${name}`);
    const each = (list: readonly string[]): Patterns => list.map((pattern) => compile([pattern]));
    return {
      entity: {
        strong: each(file.entity.strong),
        plain: each(file.entity.plain),
        tool: each(file.entity.tool),
      },
      inner: compile(file.inner),
      outside: each(file.outside),
      preachy: each(file.preachy),
      martyr: each(file.martyr),
      malevolent: { heavy: each(file.malevolent.heavy), light: each(file.malevolent.light) },
      situations: new Map(Object.entries(file.situations).map(([name, list]) => [name, each(list)])),
      usual: new Map(Object.entries(file.usual)),
      scenarios: Object.entries(file.scenarios).map(([id, { least, groups }]) => ({ id, least, groups: each(groups) })),
      meta: each(file.meta),
      refusal: each(file.refusal),
      refusalObject: compile(file.refusalObject),
      stock: compile(file.stock),
      english: new Set(file.english.map(String)),
    };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PersonaPriorError('model_missing', `expected readable words for verify: ${message}`, {
      place: { file: path },
      cause,
    });
  }
}

/**
 * Patterns to one expression, on whole words: `*` ends a stem, `..` stands for up to three words, `(a|b)` for either, `?`
 * after a bracket for perhaps; all else stands for itself.
 */
export function compile(patterns: readonly string[]): RegExp {
  const parts = patterns.map((pattern) =>
    pattern
      .replace(/(^| )\.\.(?= |$)/g, '$1<gap>')
      .replace(/\./g, '\\.')
      .replace(/\*/g, "[\\w'’-]*")
      .replace(/\)\? /g, ')?\\s*')
      .replace(/ \?/g, '\\s*')
      .replace(/ <gap> /g, '\\s+(?:[^\\s.!?]+\\s+){0,3}?')
      .replace(/ /g, '\\s+')
      .replace(/'(?!’)/g, "['’]"),
  );
  return new RegExp(`(?<![\\w-])(?:${parts.join('|')})(?![\\w])`, 'gi');
}

/** How often an expression matches. */
export function count(text: string, pattern: RegExp): number {
  let n = 0;
  pattern.lastIndex = 0;
  while (pattern.exec(text) !== null) n++;
  return n;
}

/** How many of the expressions match at all. */
export function kinds(text: string, patterns: Patterns): number {
  let n = 0;
  for (const pattern of patterns) {
    pattern.lastIndex = 0;
    if (pattern.test(text)) n++;
  }
  return n;
}
