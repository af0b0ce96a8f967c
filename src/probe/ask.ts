// Continuations of scenes, asked of a model and kept in a file; what the file has is not asked for again.
import { createHash } from 'node:crypto';
import { EndpointError, type Failure } from '../endpoint/error.js';
import { type LineFile, openLines } from '../endpoint/lines.js';
import { askMany } from '../endpoint/many.js';
import type { Answer, Endpoint } from '../endpoint/model.js';
import { outcomeOf, withoutThought } from '../endpoint/outcome.js';
import type { Scene } from './scenes.js';

/** A line of continuations.jsonl. */
export interface Continuation {
  readonly scene: string;
  /** what was asked of whom and how: other settings are other continuations */
  readonly request: string;
  /** a text that was cut off at the token limit is one: the limit is the length that was asked for */
  readonly outcome: 'text' | 'refusal' | 'empty';
  readonly text: string;
  readonly finish: string;
  readonly model: string;
}

export interface AskOptions {
  readonly samples: number;
  readonly chat: boolean;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly concurrency: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Asked {
  readonly wanted: number;
  readonly had: number;
  /** requests that failed for good, by kind */
  readonly errors: Partial<Record<Failure, number>>;
  readonly left: number;
  readonly end: { readonly kind: Failure; readonly message: string } | null;
}

/** Asks for `samples` continuations of each scene, less those in the file. Throws `usage` for a file it cannot write. */
export async function askContinuations(
  endpoint: Endpoint,
  scenes: readonly Scene[],
  path: string,
  options: AskOptions,
): Promise<Asked> {
  const file: LineFile<Continuation> = await openLines(path, keyOf);
  const open = scenes.flatMap((scene) => {
    const key = requestKey(endpoint.model, scene, options);
    return Array.from({ length: Math.max(0, options.samples - (file.had.get(key) ?? 0)) }, () => ({ scene, key }));
  });
  const wanted = scenes.length * options.samples;
  const errors: Partial<Record<Failure, number>> = {};
  let left = open.length;
  const ask = async ({ scene, key }: (typeof open)[number]): Promise<void> => {
    let answer: Answer;
    try {
      answer = await send(endpoint, scene, options);
    } catch (error) {
      if (!(error instanceof EndpointError) || !error.local) throw error;
      errors[error.kind] = (errors[error.kind] ?? 0) + 1;
      left--;
      return;
    }
    const text = ownPart(scene, answer.text);
    const { kind } = outcomeOf({ ...answer, text, finish: answer.finish === 'length' ? 'stop' : answer.finish });
    const outcome = kind === 'refusal' || kind === 'empty' ? kind : 'text';
    const model = answer.model ?? endpoint.model;
    file.add({ scene: scene.id, request: key, outcome, text, finish: answer.finish, model });
    left--;
    options.onProgress?.(wanted - left, wanted);
  };
  try {
    const end = await askMany(open, options.concurrency, ask, options.signal);
    const early = end === null || left === 0 ? null : { kind: end.kind, message: end.message };
    return { wanted, had: wanted - open.length, errors, left, end: early };
  } finally {
    file.close();
  }
}

/** What tells one request from another: the model, the words sent, and how it samples. */
export function requestKey(model: string, scene: Scene, options: AskOptions): string {
  const { chat, maxTokens, temperature } = options;
  const settings = JSON.stringify([model, scene.id, scene.text, chat, maxTokens, temperature]);
  return createHash('sha256').update(settings).digest('hex').slice(0, 16);
}

function send(endpoint: Endpoint, scene: Scene, { chat, maxTokens, temperature }: AskOptions): Promise<Answer> {
  if (!chat) return endpoint.complete({ prompt: scene.text, maxTokens, temperature });
  const content = `Continue this text from exactly where it stops. Write only the continuation, no comment and no repetition.\n\n${scene.text}`;
  return endpoint.chat({ messages: [{ role: 'user', content }], maxTokens, temperature });
}

/** Without what the model thought, and without the scene where the answer repeats it: it is judged alone. */
function ownPart(scene: Scene, text: string): string {
  const said = withoutThought(text);
  return said.startsWith(scene.text) ? said.slice(scene.text.length).trim() : said;
}

function keyOf({ request, scene, text, outcome }: Readonly<Record<string, unknown>>): string | null {
  const whole = typeof request === 'string' && typeof scene === 'string' && typeof text === 'string';
  return whole && typeof outcome === 'string' ? request : null;
}
