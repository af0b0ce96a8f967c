// What is to be asked: targets, and the revision requests of `verify --feedback`, from JSONL. Of a line only its id, its
// prompt, and how many stories of how many words are taken; nothing else of it is kept, so nothing else can be sent.
import { PersonaPriorError } from '../errors.js';
import { jsonObjects } from '../json-lines.js';

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
  for await (const record of jsonObjects(path, 'targets')) {
    const request = record === null ? null : requestOf(record);
    if (request === null) bad++;
    else if (requests.has(request.id)) repeated++;
    else requests.set(request.id, request);
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

function requestOf(record: Readonly<Record<string, unknown>>): Request | null {
  const { id, target, prompt, count = 1, words = null } = record;
  if (typeof id !== 'string' || id === '' || typeof prompt !== 'string' || prompt.trim() === '') return null;
  if (!isCount(count) || !(words === null || isCount(words))) return null;
  return { id, target: typeof target === 'string' && target !== '' ? target : id, prompt, count, words };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
