// A recorded HTTP response: status, headers, and the body without its transfer and content codings.
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { messageOf, StreamFault } from './fault.js';
import { unzstd } from './zstd.js';

export interface HttpResponse {
  /** 200 where there is no status line: HTTP/0.9, as old ARC files have it */
  readonly status: number;
  /** by lower-case names; of a repeated one the last */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Splits a response; takes any line ends, and headers without a body. Decodes nothing. */
export function parseHttp(bytes: Buffer): HttpResponse {
  if (bytes.toString('latin1', 0, 5) !== 'HTTP/') return { status: 200, headers: new Map(), body: bytes };
  const crlf = bytes.indexOf('\r\n\r\n');
  const lf = bytes.indexOf('\n\n');
  const strict = crlf >= 0 && (lf < 0 || crlf < lf);
  const end = strict ? crlf : lf;
  const head = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
  const body = end < 0 ? bytes.subarray(bytes.length) : bytes.subarray(end + (strict ? 4 : 2));
  const [first = '', ...lines] = head.split(/\r?\n/);
  const status = Number(/^HTTP\/\S+\s+(\d{3})/.exec(first)?.[1] ?? 0);
  return { status, headers: parseHeaders(lines), body };
}

/** Header lines by lower-case names; a line that begins with white space goes on with the one before. */
export function parseHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  let last = '';
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      if (last !== '') headers.set(last, `${headers.get(last)} ${line.trim()}`.trim());
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    last = line.slice(0, colon).trim().toLowerCase();
    headers.set(last, line.slice(colon + 1).trim());
  }
  return headers;
}

/**
 * The body as the page's author wrote it. Crawlers often store it decoded and keep the old headers: a body that is not
 * chunked or not compressed is taken as it is, a cut one as far as it goes. Throws a {@link StreamFault} `bad_record` for a
 * corrupt coding and `too_long` for more than `limit` bytes.
 */
export async function decodeBody({ headers, body }: HttpResponse, limit: number): Promise<Buffer> {
  let bytes = /\bchunked\b/i.test(headers.get('transfer-encoding') ?? '') ? unchunk(body) : body;
  const codings = (headers.get('content-encoding') ?? '').toLowerCase().split(',');
  for (const coding of codings.map((c) => c.trim()).reverse()) bytes = await uncode(bytes, coding, limit);
  return bytes;
}

/** What is no chunk ends the decoding, and is kept as it is. */
function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf(10, at);
    const size =
      end < 0 || end - at > 1024 ? null : /^\s*([0-9a-f]{1,8})\s*(?:;.*)?\r?$/i.exec(body.toString('latin1', at, end));
    if (size === null) {
      parts.push(body.subarray(at));
      break;
    }
    const length = Number.parseInt(size[1]!, 16);
    if (length === 0) break;
    parts.push(body.subarray(end + 1, end + 1 + length));
    at = end + 1 + length;
    if (at >= body.length) break;
    if (body[at] === 13) at++;
    if (body[at] === 10) at++;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

async function uncode(bytes: Buffer, coding: string, limit: number): Promise<Buffer> {
  // a body that was cut gives what it has
  const partly = { maxOutputLength: limit, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    switch (coding) {
      case 'gzip':
      case 'x-gzip':
        return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, partly) : bytes;
      case 'deflate':
        return inflated(bytes, partly);
      case 'br':
        return brotli(bytes, limit);
      case 'zstd':
        return bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528 ? await zstd(bytes, limit) : bytes;
      default:
        return bytes;
    }
  } catch (error) {
    if (error instanceof StreamFault) throw error;
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(limit);
    throw new StreamFault('bad_record', `the body is no sound ${coding}: ${messageOf(error)}`);
  }
}

/** By the standard with a zlib header; many servers send none. */
function inflated(bytes: Buffer, options: { maxOutputLength: number; finishFlush: number }): Buffer {
  const zlib = (bytes[0]! & 0x0f) === 8 && bytes.length >= 2 && bytes.readUInt16BE(0) % 31 === 0;
  if (zlib) return inflateSync(bytes, options);
  try {
    return inflateRawSync(bytes, options);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw error;
    return bytes;
  }
}

/** Brotli has no magic bytes: text that is stored decoded shows as text. */
function brotli(bytes: Buffer, limit: number): Buffer {
  try {
    return brotliDecompressSync(bytes, { maxOutputLength: limit, finishFlush: constants.BROTLI_OPERATION_FLUSH });
  } catch (error) {
    if (/^\s*<[!a-z]/i.test(bytes.toString('latin1', 0, 64))) return bytes;
    throw error;
  }
}

async function zstd(bytes: Buffer, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const once = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  try {
    for await (const part of unzstd(once())) {
      size += part.length;
      if (size > limit) throw tooLong(limit);
      parts.push(part);
    }
  } catch (error) {
    if (!(error instanceof StreamFault) || error.reason !== 'truncated') throw error;
  }
  return Buffer.concat(parts);
}

function tooLong(limit: number): StreamFault {
  return new StreamFault('too_long', `the decoded body is over the limit of ${limit} bytes`);
}
