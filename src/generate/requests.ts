// What is to be asked: targets, and the revision requests of `verify --feedback`, from JSONL. Of a line only its id, its
// prompt, and how many stories of how many words are taken; nothing else of it is kept, so nothing else can be sent.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PersonaPriorError } from '../errors.js';

export interface Request {
  readonly id: string;
  /** the target that its stories answer: its own id, or the one that a revision names */
  readonly target: string;
  readonly prompt: string;
  /** stories that it asks for */
  readonly count: number;
  /** asked length; null where the line does not say */
  readonly words: number | null;
}

export interface Requests {
  readonly requests: readonly Request[];
  /** lines that are no request */
  readonly bad: number;
  /** lines with an id that an earlier one has */
  readonly repeated: number;
}

/** Reads all requests. Throws `missing_input` for a file that cannot be read or holds none. */
export async function readRequests(path: string): Promise<Requests> {
  const requests = new Map<string, Request>();
  let bad = 0;
  let repeated = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue;
      const request = requestOf(line);
      if (request === null) bad++;
      else if (requests.has(request.id)) repeated++;
      else requests.set(request.id, request);
    }
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'expected a readable file of targets', {
      place: { file: path },
      cause,
    });
  }
  if (requests.size === 0 && bad > 0) {
    throw new PersonaPriorError(
      'missing_input',
      `expected targets with an id and a prompt; none of ${bad} lines is one`,
      {
        place: { file: path },
        help: 'write them with `persona-prior targets --format jsonl`',
      },
    );
  }
  return { requests: [...requests.values()], bad, repeated };
}

function requestOf(line: string): Request | null {
  let found: Readonly<Record<string, unknown>> | null;
  try {
    found = JSON.parse(line.replace(/^\ufeff/, ''));
  } catch {
    return null;
  }
  const { id, target, prompt, count = 1, words = null } = found ?? {};
  if (typeof id !== 'string' || id === '' || typeof prompt !== 'string' || prompt.trim() === '') return null;
  if (!isCount(count) || !(words === null || isCount(words))) return null;
  return { id, target: typeof target === 'string' && target !== '' ? target : id, prompt, count, words };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
