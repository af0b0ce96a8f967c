// JSON lines that people and other programs hand over: stories, targets, verdicts, answers. Corpus dumps are read in read/.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PersonaPriorError } from './errors.js';

/** A line as a JSON object; null where it is none. A byte order mark before it is passed over. */
export function jsonObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

/** The lines of a file that are not blank, in order; null for one that is no JSON object. Throws `missing_input`, which says `what`. */
export async function* jsonObjects(
  path: string,
  what: string,
): AsyncGenerator<Readonly<Record<string, unknown>> | null> {
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() !== '') yield jsonObject(line);
    }
  } catch (cause) {
    throw new PersonaPriorError('missing_input', `expected a readable file of ${what}`, {
      place: { file: path },
      cause,
    });
  }
}
