// Why an answer did not come. Every failure of an endpoint is one of these, and is counted by its kind.
import { PersonaPriorError, printable } from '../errors.js';

export type Failure =
  | 'refused' // 4xx: the server does not take this request
  | 'rate' // 429 to the last attempt
  | 'server' // 5xx
  | 'connection' // no connection, or it broke
  | 'timeout'
  | 'garbage' // an answer that is no chat completion, or no JSON where a schema was given
  | 'access' // 401, 403, 404 and the like, or no connection was ever made: no request will do better
  | 'wait' // the server asks to wait for over an hour
  | 'down' // nothing but failures for many requests
  | 'budget' // it would go over the budget
  | 'stopped'; // the run was interrupted before it was sent

/** Failures after which asking goes on with other requests. */
const LOCAL: ReadonlySet<Failure> = new Set(['refused', 'rate', 'server', 'connection', 'timeout', 'garbage']);

export class EndpointError extends Error {
  readonly kind: Failure;
  readonly status: number | null;

  constructor(kind: Failure, message: string, status: number | null = null) {
    super(message);
    this.name = 'EndpointError';
    this.kind = kind;
    this.status = status;
  }

  /** Whether other requests may still be answered. */
  get local(): boolean {
    return LOCAL.has(this.kind);
  }
}

/** What a server says of itself: one line of at most 300 characters, without the key, safe on a terminal. */
export function serverWords(text: string, apiKey: string | undefined): string {
  const open = apiKey === undefined || apiKey === '' ? text : text.replaceAll(apiKey, '***');
  const line = printable(open.replace(/\s+/g, ' ').trim());
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** An `access` failure is a matter of configuration: exit 2. */
export function asUsage(error: EndpointError): PersonaPriorError {
  return new PersonaPriorError('usage', error.message, {
    help: 'check --endpoint, --model and the API key (--api-key-env)',
    cause: error,
  });
}
