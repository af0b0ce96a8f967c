// The development stories of this folder's fixtures, expanded: text, target and planted fault of each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Target } from '../../src/targets/model.js';

export interface Story {
  readonly id: string;
  readonly fault: string | null;
  readonly target: Target;
  readonly text: string;
}

interface Fields {
  readonly situation: string;
  readonly counter: string;
  readonly show: string;
  readonly medium: string;
  readonly domain: string;
  readonly persona: string | null;
  readonly form: string;
}

interface Row {
  readonly id: string;
  readonly target?: Partial<Fields>;
  readonly text?: string;
  readonly fault?: string;
  readonly of?: string;
  readonly keep?: readonly number[];
  readonly append?: string;
  readonly prepend?: string;
  readonly cut?: number;
  readonly swap?: Readonly<Record<string, string>>;
}

const folder = join(import.meta.dirname, 'fixtures');

export function developmentStories(): Story[] {
  const read = (name: string): Row[] => parse(readFileSync(join(folder, name), 'utf8')) as Row[];
  const good = read('good.yaml');
  const base = new Map(good.map((row) => [row.id, row]));
  return [...good, ...read('faulty.yaml')].map((row) => {
    const of = base.get(row.of ?? row.id);
    const fields = { ...of?.target, ...row.target } as Fields;
    return { id: row.id, fault: row.fault ?? null, target: targetOf(row.id, fields), text: textOf(row, of) };
  });
}

function textOf(row: Row, of: Row | undefined): string {
  if (row.of === undefined) return row.text!.trim();
  let paragraphs = of!.text!.trim().split('\n\n');
  if (row.keep !== undefined) paragraphs = row.keep.map((n) => paragraphs[n - 1]!);
  const parts = [row.prepend, ...paragraphs, row.append].filter((part) => part !== undefined);
  let text = parts.map((part) => part.trim()).join('\n\n');
  for (const [from, to] of Object.entries(row.swap ?? {})) text = text.replaceAll(from, to);
  return row.cut === undefined ? text : text.slice(0, row.cut);
}

function targetOf(id: string, { medium, domain, persona, ...fields }: Fields): Target {
  return {
    id: `t-${id}`,
    ...fields,
    setting: { medium, domain, era: 'the present', tone: 'quiet' },
    persona: { kind: persona === null ? 'unnamed' : 'named', name: persona },
    count: 1,
    requirements: ['Reasons: narrate its decision from inside as it happens.'],
    prompt: 'Write one story.',
    principles: [],
    refusal: fields.show === 'refuses_harm',
    words: 330,
  };
}
