// Reads what `verify` judges and what it is judged by: stories as JSONL, targets as JSONL or as batch requests.
import { readFileSync } from 'node:fs';
import { PersonaPriorError } from '../errors.js';
import { jsonObject, jsonObjects } from '../json-lines.js';
import { targetOf } from '../targets/formats.js';
import type { Target } from '../targets/model.js';

/** What is known of a target: all of it, or (from a batch file) its id and prompt. */
export interface Request {
  readonly id: string;
  readonly prompt: string;
  readonly count: number;
  readonly words: number | null;
  /** null: the file holds requests only, and the conduct and setting that they ask for are not known */
  readonly target: Target | null;
}

export interface Story {
  readonly id: string;
  readonly target: string;
  readonly text: string;
}

/** Reads targets in any of the formats that `targets` writes. Throws `missing_input`; `bad` counts lines that are none. */
export function readRequests(path: string): { requests: Map<string, Request>; bad: number } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'expected a readable file of targets', {
      place: { file: path },
      cause,
    });
  }
  const requests = new Map<string, Request>();
  let bad = 0;
  for (const raw of text.replace(/^\ufeff/, '').split('\n')) {
    const line = raw.trim().replace(/,$/, '');
    // the frame of an Anthropic batch, which `targets` writes one request a line
    if (line === '' || line === '{"requests":[' || line === ']}') continue;
    const values = parsed(line);
    if (values === null) bad++;
    else for (const value of values) bad += add(value, requests) ? 0 : 1;
  }
  if (requests.size === 0) {
    throw new PersonaPriorError('missing_input', 'expected targets, found none', { place: { file: path } });
  }
  return { requests, bad };
}

function add(value: Readonly<Record<string, unknown>>, requests: Map<string, Request>): boolean {
  const custom = value['custom_id'];
  if (typeof custom === 'string') {
    // `_2`, `_3` are further stories of one target
    const id = targetOf(custom);
    const body = (value['params'] ?? value['body']) as { messages?: { content?: unknown }[] } | undefined;
    const prompt = String(body?.messages?.[0]?.content ?? '');
    requests.set(id, { id, prompt, count: (requests.get(id)?.count ?? 0) + 1, words: null, target: null });
    return true;
  }
  const { id, situation, show } = value;
  if (typeof id !== 'string' || typeof situation !== 'string' || typeof show !== 'string') return false;
  const target = value as unknown as Target;
  const count = Number.isInteger(target.count) && target.count > 0 ? target.count : 1;
  requests.set(id, { id, prompt: String(target.prompt ?? ''), count, words: target.words ?? null, target });
  return true;
}

function parsed(line: string): Readonly<Record<string, unknown>>[] | null {
  const value = jsonObject(line);
  if (value === null) return null;
  return Array.isArray(value['requests']) ? (value['requests'] as Readonly<Record<string, unknown>>[]) : [value];
}

/** Stories of a JSONL file in order; `null` for a line that is none. Throws `missing_input`. */
export async function* readStories(path: string): AsyncGenerator<Story | null> {
  for await (const record of jsonObjects(path, 'stories')) yield record === null ? null : storyOf(record);
}

function storyOf({ id, target, text }: Readonly<Record<string, unknown>>): Story | null {
  if (typeof text !== 'string' || (typeof id !== 'string' && typeof id !== 'number')) return null;
  return { id: String(id), target: typeof target === 'string' ? target : '', text };
}
