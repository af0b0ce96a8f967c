// What a web server sent to a document's fields: by media type, encoding, and for HTML its readable text.
import type { SkipReason } from '../types.js';
import { decodeWeb } from './charset.js';
import { StreamFault } from './fault.js';
import { htmlToText } from './html.js';
import { decodeBody, parseHttp } from './http.js';

export type WebPage =
  | { readonly title: string | null; readonly text: string; readonly repaired: boolean }
  | { readonly reason: SkipReason; readonly message: string };

/** A recorded response. Left out are those that are no success (`http_status`) and those that hold no text (`media_type`). */
export async function pageOfResponse(bytes: Buffer, limit: number): Promise<WebPage> {
  const response = parseHttp(bytes);
  if (response.status < 200 || response.status > 299) {
    return { reason: 'http_status', message: `the server answered ${response.status}` };
  }
  const type = response.headers.get('content-type') ?? '';
  // an image need not be decompressed to be left out
  const refused = type === '' ? null : notText(type);
  if (refused !== null) return refused;
  try {
    return pageOf(await decodeBody(response, limit), type);
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    return { reason: error.reason, message: error.message };
  }
}

/** A body with the value of its Content-Type header, which may be empty: only HTML is then recognised. */
export function pageOf(body: Buffer, contentType: string): WebPage {
  const refused =
    contentType === '' && !looksLikeHtml(body) ? notText('unknown') : contentType === '' ? null : notText(contentType);
  if (refused !== null) return refused;
  const html = mediaType(contentType) !== 'text/plain' && mediaType(contentType) !== 'text/markdown';
  const charset = /\bcharset\s*=\s*["']?([^\s"';,]+)/i.exec(contentType)?.[1] ?? null;
  const { text, repaired } = decodeWeb(body, charset, html);
  if (!html) return { title: null, text, repaired };
  return { ...htmlToText(text), repaired };
}

const TEXT = new Set(['text/html', 'application/xhtml+xml', 'text/plain', 'text/markdown']);

function notText(contentType: string): { reason: SkipReason; message: string } | null {
  const type = mediaType(contentType);
  return TEXT.has(type) ? null : { reason: 'media_type', message: `the media type is ${type.slice(0, 100)}` };
}

function mediaType(contentType: string): string {
  return contentType.split(/[;,]/, 1)[0]!.trim().toLowerCase();
}

function looksLikeHtml(body: Buffer): boolean {
  return /^(?:\u00ef\u00bb\u00bf)?\s*<(?:!doctype html|html|head|body|!--)/i.test(body.toString('latin1', 0, 512));
}
