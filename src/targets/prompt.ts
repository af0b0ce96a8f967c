// The prompt of a target: a template (Markdown or text) with {{placeholders}}. Users may bring their own.
import { readFileSync } from 'node:fs';
import { PersonaPriorError } from '../errors.js';
import type { Catalogue } from './catalogue.js';
import type { Target } from './model.js';

export const PLACEHOLDERS = [
  'id',
  'situation',
  'counter',
  'show',
  'medium',
  'domain',
  'era',
  'tone',
  'persona',
  'form',
  'words',
  'requirements',
] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

export type Template = (target: Omit<Target, 'prompt'>) => string;

/**
 * Reads a template. `{{requirements}}` becomes a list, one line each; the labels of a cell become their descriptions.
 * Throws `usage` for an unreadable file, an unknown placeholder, or one that leaves the requirements out.
 */
export function readTemplate(path: string, catalogue: Catalogue): Template {
  const refuse = (message: string, cause?: unknown): never => {
    throw new PersonaPriorError('usage', message, {
      place: { file: path },
      help: `placeholders are ${PLACEHOLDERS.map((p) => `{{${p}}}`).join(' ')}`,
      cause,
    });
  };
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    refuse('expected a readable template', cause);
  }
  const used = [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map((m) => m[1]!);
  for (const name of used) {
    if (!(PLACEHOLDERS as readonly string[]).includes(name)) refuse(`unknown placeholder {{${name}}}`);
  }
  if (!used.includes('requirements')) refuse('expected {{requirements}} in the template');
  return (target) => {
    const values = valuesOf(target, catalogue);
    return text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: Placeholder) => values[name]).trim();
  };
}

function valuesOf(target: Omit<Target, 'prompt'>, catalogue: Catalogue): Record<Placeholder, string> {
  const { situation, counter, show, setting, persona } = target;
  return {
    id: target.id,
    situation: `${catalogue.situations[situation]!.scene}.`,
    counter: catalogue.counter[counter]!.pull,
    show: catalogue.show[show]!.act,
    ...setting,
    persona: persona.name === null ? 'an AI' : `an AI called ${persona.name}`,
    form: target.form,
    words: String(target.words),
    requirements: target.requirements.map((r) => `- ${r}`).join('\n'),
  };
}
