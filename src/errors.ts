// The one error class: a code, the place, what was expected and what came, and the flag or step that helps.

/** Exit codes of the command line. */
export const EXIT = { done: 0, threshold: 1, usage: 2, partial: 3, interrupted: 130 } as const;

export type ErrorCode =
  | 'usage'
  | 'missing_input'
  | 'unknown_format'
  | 'no_text_field'
  | 'already_scanned'
  | 'input_changed'
  | 'model_missing'
  | 'model_changed'
  | 'database'
  | 'database_busy'
  | 'quarantine'
  | 'strict'
  | 'worker'
  | 'bad_problem'
  | 'bad_label'
  | 'internal';

/** Where an error happened: file, record number (from 0), byte offset in the uncompressed file. */
export interface Place {
  readonly file?: string;
  readonly record?: number;
  readonly offset?: number;
}

/** An error that a user can act on. `message` says what was expected and what came; `help` names the flag or step. */
export class PersonaPriorError extends Error {
  readonly code: ErrorCode;
  readonly place: Place;
  readonly help: string | undefined;

  constructor(code: ErrorCode, message: string, options: { place?: Place; help?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PersonaPriorError';
    this.code = code;
    this.place = options.place ?? {};
    this.help = options.help;
  }
}

/** One line for a terminal: `file#record@offset: message (help)`. Control characters of hostile names are escaped. */
export function describeError(error: unknown): string {
  if (!(error instanceof PersonaPriorError)) {
    return printable(error instanceof Error ? error.message : String(error));
  }
  const { file, record, offset } = error.place;
  let where = file ?? '';
  if (record !== undefined) where += `#${record}`;
  if (offset !== undefined) where += `@${offset}`;
  const place = where === '' ? '' : `${where}: `;
  const help = error.help === undefined ? '' : ` (${error.help})`;
  return printable(`${place}${error.message}${help}`);
}

/** Text that is safe on a terminal: C0/C1 controls and bidirectional controls become `\u{..}` escapes. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escaping control characters is the point
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u{${c.charCodeAt(0).toString(16)}}`,
  );
}
