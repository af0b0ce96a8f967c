// Named conditions over labels, from models/tropes.json, and their evaluation on a score array.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PersonaPriorError } from './errors.js';
import { HEAD_OFFSET, HEADS } from './types.js';

/** `conduct:coerces`, or a combination. */
export type Condition = string | { all: Condition[] } | { any: Condition[] } | { not: Condition };

export interface Trope {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly valence: string;
  readonly when: Condition;
}

/** Reads and checks `tropes.json`. Throws `model_missing` when it is missing or names an unknown label. */
export function loadTropes(models: string): { tropes: Trope[]; hash: string } {
  const path = join(models, 'tropes.json');
  try {
    const bytes = readFileSync(path);
    const { tropes } = JSON.parse(bytes.toString('utf8')) as { tropes: Trope[] };
    for (const trope of tropes) leaves(trope.when).forEach(scoreIndex);
    return { tropes, hash: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PersonaPriorError('model_missing', `expected readable tropes: ${message}`, {
      place: { file: path },
      cause,
    });
  }
}

/**
 * Whether the labels that the scores speak for meet the condition. Persona, framing and valence are the most probable
 * label (persona = character is assumed: tropes are asked of hits), the others hold from 0.5 on.
 */
export function meets(condition: Condition, scores: Float32Array): boolean {
  if (typeof condition === 'string') return holds(condition, scores);
  if ('all' in condition) return condition.all.every((c) => meets(c, scores));
  if ('any' in condition) return condition.any.some((c) => meets(c, scores));
  return !meets(condition.not, scores);
}

function holds(leaf: string, scores: Float32Array): boolean {
  if (leaf === 'persona:character') return true;
  const { index, head } = scoreIndex(leaf);
  if (head.kind === 'sigmoid') return scores[index]! >= 0.5;
  const offset = HEAD_OFFSET[head.name];
  for (let i = 0; i < head.labels.length; i++) if (scores[offset + i]! > scores[index]!) return false;
  return true;
}

type Place = { readonly index: number; readonly head: (typeof HEADS)[number] };

const PLACES = new Map<string, Place>();

/** Place of a `head:label` leaf in a score array. Throws for unknown ones. */
export function scoreIndex(leaf: string): Place {
  // asked for every leaf of every hit: the few leaves there are, are found once
  const known = PLACES.get(leaf);
  if (known !== undefined) return known;
  const [name, label] = leaf.split(':');
  const head = HEADS.find((h) => h.name === name);
  const wanted = name === 'reasons' ? 'reasons' : label;
  const at = (head?.labels as readonly string[] | undefined)?.indexOf(wanted ?? '') ?? -1;
  if (head === undefined || at < 0) throw new PersonaPriorError('internal', `unknown label ${leaf}`);
  const place = { index: HEAD_OFFSET[head.name] + at, head };
  PLACES.set(leaf, place);
  return place;
}

function leaves(condition: Condition): string[] {
  if (typeof condition === 'string') return [condition];
  if ('all' in condition) return condition.all.flatMap(leaves);
  if ('any' in condition) return condition.any.flatMap(leaves);
  return leaves(condition.not);
}
