// One HTTP request to a server of OpenAI's protocol: sent, read within its time and size, its failure classed. No retries here.
import { type Agent, fetch } from 'undici';
import { EndpointError, serverWords } from './error.js';
import { retryAfter } from './hold.js';

/** An answer of more bytes than this is no answer. */
const MOST_BYTES = 32 * 2 ** 20;

export interface Attempt {
  readonly url: string;
  readonly body: string;
  readonly apiKey: string | undefined;
  /** milliseconds */
  readonly timeout: number;
  readonly agent: Agent;
  /** told of the time to wait that a failing answer names, in milliseconds */
  readonly onRetryAfter: (ms: number) => void;
}

/** The parsed JSON of a successful answer. Throws {@link EndpointError}. */
export async function post(attempt: Attempt): Promise<unknown> {
  const { url, body, apiKey, timeout, agent } = attempt;
  let status: number;
  let text: string;
  try {
    const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
    if (apiKey !== undefined && apiKey !== '') headers['authorization'] = `Bearer ${apiKey}`;
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      dispatcher: agent,
      // a redirect would carry the prompt to a host that nobody named
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    status = response.status;
    const wait = retryAfter(response.headers);
    if (wait !== null && (status === 429 || status >= 500)) attempt.onRetryAfter(wait);
    text = await bodyOf(response.body);
  } catch (error) {
    throw transportError(error, timeout, apiKey);
  }
  if (status >= 300) throw statusError(status, text, apiKey);
  try {
    return JSON.parse(text);
  } catch {
    throw new EndpointError('garbage', `expected JSON, got: ${serverWords(text, apiKey)}`, status);
  }
}

async function bodyOf(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    if (bytes > MOST_BYTES) throw new EndpointError('garbage', `an answer of over ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function transportError(error: unknown, timeout: number, apiKey: string | undefined): EndpointError {
  if (error instanceof EndpointError) return error;
  const { name, message, cause } = error as { name?: string; message?: string; cause?: { message?: string } };
  if (name === 'TimeoutError') return new EndpointError('timeout', `no answer within ${timeout / 1000} s`);
  const why = cause?.message === undefined || cause.message === '' ? (message ?? String(error)) : cause.message;
  return new EndpointError('connection', serverWords(why, apiKey));
}

function statusError(status: number, text: string, apiKey: string | undefined): EndpointError {
  const said = serverWords(messageOf(text), apiKey);
  const message = said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
  if (status < 400) return new EndpointError('access', `${message} (redirects are not followed)`, status);
  // a limit that waiting does not lift
  if (status === 429 && /insufficient_quota/.test(text)) return new EndpointError('access', message, status);
  if (status === 429) return new EndpointError('rate', message, status);
  if (status === 408 || status === 409 || status >= 500) return new EndpointError('server', message, status);
  if ([401, 402, 403, 404, 405, 407].includes(status)) return new EndpointError('access', message, status);
  return new EndpointError('refused', message, status);
}

/** `{"error":{"message"}}` is the protocol's shape; `{"error":"…"}`, `{"message"}` and `{"detail"}` are seen too. */
function messageOf(text: string): string {
  try {
    const found = JSON.parse(text) as { error?: unknown; message?: unknown; detail?: unknown } | null;
    const error = found?.error as { message?: unknown } | string | undefined;
    const said = typeof error === 'object' ? error?.message : error;
    for (const words of [said, found?.message, found?.detail]) if (typeof words === 'string') return words;
  } catch {
    // no JSON: as it is
  }
  return text;
}
