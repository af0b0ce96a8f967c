// Objects of web servers: what they are by their first bytes, and their bytes in ranges.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { WebAddress } from './address.js';
import { type Answer, failureOf, RemoteFailure, type RemoteObject, type Version } from './object.js';
import { type Response, request } from './request.js';

export interface Described {
  readonly object: RemoteObject;
  /** SHA-256 (hex) of the first 64 KiB, where the server gives no ETag to know the object by */
  readonly headHash: string | null;
}

const HEAD = 64 * 1024;

/**
 * Asks for the first 64 KiB: a signed address may be good for GET only, and the answer shows whether the server gives parts.
 * One try; throws {@link RemoteFailure}.
 */
export async function describeWeb(address: WebAddress, signal: AbortSignal | undefined): Promise<Described> {
  const { url } = address;
  const response = await request(url, { range: `bytes=0-${HEAD - 1}` }, signal);
  try {
    const empty = response.status === 416 && /\/0$/.test(response.headers['content-range'] ?? '');
    const version = empty ? { ...versionOf(response), size: 0 } : answerOf(response, 0).version;
    const ranges = empty || response.status === 206 || response.headers['accept-ranges'] === 'bytes';
    const object: RemoteObject = { version, ranges, fixed: false, get: getter(url, {}) };
    const known = version.etag !== null || version.size === null;
    return { object, headHash: known ? null : await headHash(empty ? null : response) };
  } finally {
    response.close();
  }
}

/** Gets bytes from an address; `headers` go to its own host only. */
export function getter(url: URL, headers: Readonly<Record<string, string>>, help?: string): RemoteObject['get'] {
  return async (start, end, version, signal) => {
    const range = start > 0 || end !== undefined ? { range: `bytes=${start}-${end === undefined ? '' : end - 1}` } : {};
    const { etag } = version;
    // a weak one never matches
    const match = etag !== null && !etag.startsWith('W/') ? { 'if-match': etag } : {};
    const response = await request(url, { ...headers, ...range, ...match }, signal);
    try {
      return answerOf(response, start, help);
    } catch (error) {
      response.close();
      throw error;
    }
  };
}

function answerOf(response: Response, asked: number, help?: string): Answer {
  const { status, headers } = response;
  const failure = failureOf(status, headers['retry-after'], help);
  if (failure !== null) throw failure;
  if (status !== 200 && status !== 206) throw new RemoteFailure('final', `the server answers ${status}, and no bytes`);
  const coding = headers['content-encoding'] ?? 'identity';
  // gzip and zstd are known by their first bytes, as in a file
  if (!/^(?:identity|(?:x-)?gzip|zstd)?$/i.test(coding.trim())) {
    throw new RemoteFailure('final', `the server sends it in the coding ${coding}, which has no mark of its own`);
  }
  const start = status === 206 ? Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1]) : 0;
  if (start !== 0 && start !== asked) throw new RemoteFailure('final', 'the server answers with another range');
  return { version: versionOf(response), start, body: response.body, close: response.close };
}

function versionOf({ status, headers }: Response): Version {
  const total = status === 206 ? /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] : headers['content-length'];
  const size = total === undefined ? null : Number(total);
  return { size, etag: headers.etag ?? null, modifiedMs: modified(headers) };
}

function modified(headers: IncomingHttpHeaders): number | null {
  const ms = Date.parse(headers['last-modified'] ?? '');
  return Number.isNaN(ms) ? null : ms;
}

async function headHash(response: Response | null): Promise<string> {
  const hash = createHash('sha256');
  let left = HEAD;
  for await (const chunk of response?.body ?? []) {
    hash.update(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  return hash.digest('hex');
}
