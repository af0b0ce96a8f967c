// What a remote object is to those who read it: one version of some bytes, got in ranges. Knows no protocol.
/** What must be the same when reading goes on after a break. Null where the server does not say. */
export interface Version {
  readonly size: number | null;
  readonly etag: string | null;
  /** milliseconds since 1970 */
  readonly modifiedMs: number | null;
}

/** One answer to a request for bytes. */
export interface Answer {
  readonly version: Version;
  /** place of its first byte; 0 from a server that ignores ranges */
  readonly start: number;
  /** throws a {@link RemoteFailure} where it breaks */
  readonly body: AsyncIterable<Uint8Array>;
  /** for a body that is not read to its end */
  close(): void;
}

export interface RemoteObject {
  readonly version: Version;
  /** whether the server gives parts */
  readonly ranges: boolean;
  /** the address names one version for ever: a commit */
  readonly fixed: boolean;
  /** One try to get the bytes from `start` to `end` (excluded) or to the last. Throws {@link RemoteFailure}. */
  get(start: number, end: number | undefined, version: Version, signal: AbortSignal | undefined): Promise<Answer>;
}

/**
 * Why a request failed: `again` may pass by itself, `final` does not, `changed` is another version of the object. Messages
 * hold no address, query or credential.
 */
export class RemoteFailure extends Error {
  readonly kind: 'again' | 'final' | 'changed';
  /** milliseconds that the server asks to wait */
  readonly retryAfter: number | undefined;
  readonly help: string | undefined;

  constructor(
    kind: RemoteFailure['kind'],
    message: string,
    options: { retryAfter?: number | undefined; help?: string | undefined } = {},
  ) {
    super(message);
    this.name = 'RemoteFailure';
    this.kind = kind;
    this.retryAfter = options.retryAfter;
    this.help = options.help;
  }
}

/** Reading was given up because the program is stopped. */
export class Stopped extends Error {}

/** A failure by its HTTP status, or null for a success. `retryAfter` is the header's value. */
export function failureOf(status: number, retryAfter: string | undefined, help = HELP): RemoteFailure | null {
  if (status >= 200 && status < 300) return null;
  const said = `the server answers ${status}${NAMES[status] === undefined ? '' : ` (${NAMES[status]})`}`;
  if (status === 412) return new RemoteFailure('changed', 'it is another version now');
  if (status === 416) return new RemoteFailure('changed', 'it has no such bytes any more');
  if (AGAIN.has(status)) return new RemoteFailure('again', said, { retryAfter: milliseconds(retryAfter) });
  return new RemoteFailure('final', said, status === 401 || status === 403 ? { help } : {});
}

const HELP = 'no right to read it, or a signed address that has expired: give a new one, with --resume';
const AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529]);
const NAMES: Readonly<Record<number, string>> = {
  400: 'bad request',
  401: 'not authorised',
  403: 'forbidden',
  404: 'not found',
  410: 'gone',
  429: 'too many requests',
  451: 'withheld for legal reasons',
  500: 'server error',
  503: 'not available',
};

/** Retry-After is seconds or a date. */
function milliseconds(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
