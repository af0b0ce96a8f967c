// Bytes of the web to text: the encoding by byte order mark, HTTP header, meta element or XML declaration, and detection.
// UTF-8 files of a corpus do not come here: decode.ts.
import { isUtf8 } from 'node:buffer';
import chardet from 'chardet';
import { decodeUtf8 } from './decode.js';

export interface Decoded {
  readonly text: string;
  /** bytes that the encoding does not have were replaced by U+FFFD */
  readonly repaired: boolean;
  readonly encoding: string;
}

/** A meta element or XML declaration must lie among the first bytes; the standard says 1,024, pages need more. */
const META = 4096;
/** Bytes that the detection looks at. */
const LOOKED_AT = 64 * 1024;

/**
 * Order as in the Encoding and HTML Standards: mark, `header` (the charset of the HTTP header), then for markup what it
 * says itself; then UTF-8 if the bytes are valid, else detection by frequencies (chardet). An encoding
 * that is not known counts as not given.
 */
export function decodeWeb(bytes: Uint8Array, header: string | null, markup: boolean): Decoded {
  const marked = byMark(bytes);
  if (marked !== null) return marked;
  const given = known(header) ?? (markup ? known(inMarkup(bytes)) : null);
  if (given !== null) return decodeAs(bytes, given);
  return isUtf8(bytes) ? decodeAs(bytes, 'utf-8') : decodeAs(bytes, detected(bytes.subarray(0, LOOKED_AT)));
}

/** Of bytes that are not all UTF-8: broken UTF-8 where more characters are sound than not, else the likeliest other one. */
function detected(bytes: Uint8Array): string {
  const { text } = decodeUtf8(bytes);
  const others = text.match(/[^\0-\u007f]/gu) ?? [];
  const broken = others.filter((c) => c === '\ufffd').length;
  if (broken < others.length / 2) return 'utf-8';
  for (const { name } of chardet.analyse(bytes)) {
    const encoding = /^(?:utf|ascii)/i.test(name) ? null : known(name);
    if (encoding !== null) return encoding;
  }
  return 'windows-1252';
}

function byMark(bytes: Uint8Array): Decoded | null {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return decodeAs(bytes.subarray(3), 'utf-8');
  if (a === 0xff && b === 0xfe) return decodeAs(bytes.subarray(2), 'utf-16le');
  if (a === 0xfe && b === 0xff) return decodeAs(bytes.subarray(2), 'utf-16be');
  return null;
}

function decodeAs(bytes: Uint8Array, encoding: string): Decoded {
  if (encoding === 'utf-8') return { ...decodeUtf8(bytes), encoding };
  if (encoding === 'windows-1252') return { text: decode1252(bytes), repaired: false, encoding };
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), repaired: false, encoding };
  } catch {
    return { text: new TextDecoder(encoding).decode(bytes), repaired: true, encoding };
  }
}

/** The standard's name of a label, or null. */
function known(label: string | null): string | null {
  if (label === null) return null;
  try {
    return new TextDecoder(label.trim()).encoding;
  } catch {
    return null;
  }
}

/** What a page says of itself. A page that can be read so far is in no UTF-16: the standard takes UTF-8 then. */
function inMarkup(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(META, bytes.length)).toString('latin1');
  const found =
    /<meta\b[^<>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head)?.[1] ??
    /^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1] ??
    null;
  return found !== null && /^utf-?16/i.test(found) ? 'utf-8' : found;
}

/** 0x80 to 0x9F of windows-1252, as the Encoding Standard maps them. */
const C1 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

/** By hand: the TextDecoder of several Node versions (20.20 among them) takes windows-1252 for Latin-1. */
function decode1252(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return text.replace(/[\u0080-\u009f]/g, (c) => C1[c.charCodeAt(0) - 0x80]!);
}
