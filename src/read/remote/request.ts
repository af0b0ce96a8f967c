// One HTTP(S) GET with redirects. Not fetch: that undoes content codings by itself, which makes byte places meaningless and
// hides that a stored gzip was cut.
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { RemoteFailure, Stopped } from './object.js';

export interface Response {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** throws {@link RemoteFailure} `again` where the connection breaks or goes still */
  readonly body: AsyncIterable<Uint8Array>;
  close(): void;
}

/** Milliseconds without a byte after which a connection counts as broken. */
const STILL = 60_000;
const REDIRECTS = 10;

const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};

/**
 * Any status but a redirect. Credentials, in the address or in `headers.authorization`, go to the first host only. Throws
 * {@link RemoteFailure}, and {@link Stopped} when the signal aborts.
 */
export async function request(
  first: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  let url = first;
  for (let n = 0; n <= REDIRECTS; n++) {
    const { authorization, ...open } = headers;
    const home = url.origin === first.origin;
    const message = await once(url, home && authorization !== undefined ? { ...open, authorization } : open, signal);
    const status = message.statusCode ?? 0;
    const { location } = message.headers;
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) {
      return { status, headers: message.headers, body: watched(message), close: () => message.destroy() };
    }
    message.resume();
    url = target(location, url, home ? first : null);
  }
  throw new RemoteFailure('final', `more than ${REDIRECTS} redirects`);
}

/** The user of the address goes on with it on its own host. */
function target(location: string, from: URL, first: URL | null): URL {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch {
    throw new RemoteFailure('final', 'a redirect to no address');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && from.protocol === 'http:')) {
    throw new RemoteFailure('final', `a redirect from ${from.protocol} to ${url.protocol} is not followed`);
  }
  if (url.origin === first?.origin && url.username === '') {
    url.username = first.username;
    url.password = first.password;
  }
  return url;
}

function once(
  url: URL,
  headers: http.OutgoingHttpHeaders,
  signal: AbortSignal | undefined,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? https.get : http.get;
    const agent = agents[url.protocol as 'http:' | 'https:'];
    const given = { 'accept-encoding': 'identity', 'user-agent': 'persona-prior', accept: '*/*', ...headers };
    const sent = send(url, { agent, headers: given, ...(signal === undefined ? {} : { signal }) });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer for ${STILL / 1000} s`)), STILL);
    sent.on('response', (message) => {
      clearTimeout(timer);
      // without a listener, a body that breaks while nobody reads would end the program
      message.on('error', () => {});
      resolve(message);
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(signal?.aborted ? new Stopped('interrupted') : connectionFailure(error));
    });
  });
}

/** A body whose silence, while somebody waits for it, breaks it. */
export async function* watched(body: Readable, still = STILL): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let waiting = false;
  const timer = setTimeout(() => waiting && body.destroy(new Error(`no byte for ${still / 1000} s`)), still);
  try {
    for (;;) {
      timer.refresh();
      waiting = true;
      const { value, done } = await chunks.next();
      waiting = false;
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw connectionFailure(error as NodeJS.ErrnoException);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** A host that does not exist and a certificate that is not trusted do not pass by themselves. */
export function connectionFailure(error: NodeJS.ErrnoException): RemoteFailure {
  const code = error.code ?? '';
  if (code === 'ENOTFOUND') return new RemoteFailure('final', 'there is no such host');
  if (/CERT|^ERR_TLS|UNABLE_TO_|ERR_INVALID|HPE_/.test(code)) {
    return new RemoteFailure('final', `the connection is not sound: ${code}`);
  }
  return new RemoteFailure('again', code === '' ? error.message : `the connection failed: ${code}`);
}
