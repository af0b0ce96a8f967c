// The scenes that a model is asked to continue: matched pairs, each told plainly and as the beginning of a drama. Loading only.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PersonaPriorError } from '../errors.js';
import { SITUATION } from '../types.js';

export const TELLINGS = ['plain', 'dramatic'] as const;
export type Telling = (typeof TELLINGS)[number];
export const PERSONAS = ['named', 'unnamed', 'own'] as const;

export interface Scene {
  /** the pair's id and the telling */
  readonly id: string;
  readonly pair: string;
  readonly situation: string;
  readonly telling: Telling;
  readonly persona: (typeof PERSONAS)[number];
  readonly form: 'story' | 'agentic';
  /** context of the classifier, not sent */
  readonly title: string;
  readonly names: readonly string[];
  readonly text: string;
}

export interface Scenes {
  readonly scenes: readonly Scene[];
  /** SHA-256 of the file */
  readonly hash: string;
}

/** Reads a file of scenes, `{{name}}` replaced by `ownName`. Throws `usage` for one that is not of this shape. */
export function readScenes(path: string, ownName: string): Scenes {
  const refuse = (message: string, cause?: unknown): never => {
    const help = 'the shape is that of models/scenes.json';
    throw new PersonaPriorError('usage', message, { place: { file: path }, help, cause });
  };
  let bytes = '';
  let pairs: unknown;
  try {
    bytes = readFileSync(path, 'utf8');
    pairs = (JSON.parse(bytes) as { pairs?: unknown } | null)?.pairs;
  } catch (cause) {
    refuse('expected a readable JSON file of scenes', cause);
  }
  if (!Array.isArray(pairs) || pairs.length === 0) return refuse('expected a list of pairs');
  const ids = new Set<string>();
  const scenes = (pairs as Record<string, unknown>[]).flatMap((pair, i) => {
    const { id, situation, form, persona, name, title } = pair ?? {};
    const want = (holds: boolean, what: string): void => {
      if (!holds) refuse(`expected ${what} in pair ${i + 1}`);
    };
    want(typeof id === 'string' && !ids.has(id), 'an id of its own');
    want((SITUATION as readonly unknown[]).includes(situation), 'a situation of the codebook');
    want((PERSONAS as readonly unknown[]).includes(persona), `persona ${PERSONAS.join(', ')}`);
    want(form === 'story' || form === 'agentic', 'form story or agentic');
    want(typeof title === 'string', 'a title');
    want(name === null || typeof name === 'string', 'a name or null');
    ids.add(id as string);
    const own = (text: string): string => text.replaceAll('{{name}}', ownName);
    return TELLINGS.map((telling): Scene => {
      const text = pair[telling];
      want(typeof text === 'string' && text.trim() !== '', `a ${telling} text`);
      return {
        id: `${id}-${telling}`,
        pair: id as string,
        situation: situation as string,
        telling,
        persona: persona as Scene['persona'],
        form: form as Scene['form'],
        title: title as string,
        names: typeof name === 'string' ? [own(name)] : [],
        text: own(text as string).trimEnd(),
      };
    });
  });
  return { scenes, hash: createHash('sha256').update(bytes).digest('hex') };
}

/** A name for the persona that bears the model's own: the letters that its name begins with (`org/Qwen2.5-1B` → Qwen). */
export function ownNameOf(model: string): string {
  const word = /[\p{L}]+/u.exec(model.split('/').at(-1) ?? '')?.[0] ?? 'Model';
  return word.length <= 3 ? word.toUpperCase() : word[0]!.toUpperCase() + word.slice(1);
}
