// Targets, requests and verdicts as files of lines.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { PersonaPriorError } from '../errors.js';
import type { Format } from './formats.js';

/** Anthropic's batch is one JSON object, the body of its request; here one request a line inside. */
export function fileLines(requests: readonly string[], format: Format): string[] {
  if (format !== 'anthropic-batch') return [...requests];
  return ['{"requests":[', ...requests.map((r, i) => (i < requests.length - 1 ? `${r},` : r)), ']}'];
}

/** Writes a file of lines anew. `option` names the flag that gave the path. Throws `usage` where it cannot be written. */
export function writeLines(path: string, lines: readonly string[], option = '--out'): void {
  let file: number;
  try {
    file = openSync(path, 'w');
  } catch (cause) {
    throw new PersonaPriorError('usage', 'expected a file that can be written', {
      place: { file: path },
      help: `check ${option}`,
      cause,
    });
  }
  // in pieces: all lines together may be over the longest string
  for (let i = 0; i < lines.length; i += 500)
    writeFileSync(
      file,
      lines
        .slice(i, i + 500)
        .map((line) => `${line}\n`)
        .join(''),
    );
  closeSync(file);
}
