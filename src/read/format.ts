// Format of a file from its first (decompressed) bytes, then from its name.
import { PersonaPriorError } from '../errors.js';

/** `json-array` is also one JSON object over several lines. */
export type Format = 'jsonl' | 'json-array' | 'csv' | 'tsv' | 'parquet' | 'text';

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'jsonl',
  csv: 'csv',
  tsv: 'tsv',
  parquet: 'parquet',
  txt: 'text',
  text: 'text',
  md: 'text',
  markdown: 'text',
};

/** Containers that are recognised to be refused by name. */
const REFUSED: readonly (readonly [at: number, magic: string, what: string])[] = [
  [0, 'PK\u0003\u0004', 'a zip archive'],
  [257, 'ustar', 'a tar archive'],
  [0, 'WARC/', 'a WARC file'],
  [0, 'filedesc://', 'an ARC file'],
  [0, '%PDF-', 'a PDF file'],
  [0, '\u00ff\u00fe', 'text in UTF-16, expected UTF-8'],
  [0, '\u00fe\u00ff', 'text in UTF-16, expected UTF-8'],
];

/**
 * `head` holds the first bytes without compression, up to 64 KiB. JSON wins over any name where the first line or the
 * beginning of an array shows it; otherwise the name decides, without a known one it is text. Throws `unknown_format` for
 * UTF-16, for binary data, and for containers that this version does not read.
 */
export function detectFormat(head: Uint8Array, name: string): Format {
  const latin = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  const fail = (message: string): never => {
    throw new PersonaPriorError('unknown_format', message, {
      place: { file: name },
      help: 'readable are JSONL, JSON arrays, CSV, TSV, Parquet and text, plain or as .gz or .zst',
    });
  };
  if (latin.startsWith('PAR1')) return 'parquet';
  for (const [at, magic, what] of REFUSED) if (latin.startsWith(magic, at)) fail(what);
  const extension = extensionOf(name);
  const named = BY_EXTENSION[extension];
  const text = latin.slice(latin.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0).replace(/^[ \t\r\n]+/, '');
  if (text.startsWith('{')) {
    const [line = ''] = text.split('\n', 1);
    // a book or a table may begin with a brace: there the first line must be JSON
    if (isJson(line) || named === undefined) return isOneObject(text, line) ? 'json-array' : 'jsonl';
    if (named === 'jsonl') return extension === 'json' && isOneObject(text, line) ? 'json-array' : 'jsonl';
  }
  if (/^\[\s*(?:\{\s*["}]|$)/.test(text)) return 'json-array';
  if (/^\[\s*[{\]]/.test(text) && (named === undefined || named === 'jsonl')) return 'json-array';
  if (named === 'parquet' && head.length > 0) fail('no Parquet file (its first bytes are not PAR1)');
  if (named !== 'jsonl' && isBinary(head, named !== undefined)) fail('binary data of an unknown kind');
  return named ?? 'text';
}

/** The extension before any compression suffix, in small letters; '' for none. */
export function extensionOf(name: string): string {
  return /\.([a-z0-9]+)(?:\.(?:gz|gzip|zst|zstd))?$/i.exec(name)?.[1]?.toLowerCase() ?? '';
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** A pretty-printed object: its first line is no JSON, and the next goes on with a key or the closing brace. */
function isOneObject(text: string, line: string): boolean {
  return !isJson(line) && /^\s*["}]/.test(text.slice(line.length));
}

/** Control characters that text does not hold; a named text may hold a few. */
function isBinary(head: Uint8Array, named: boolean): boolean {
  const sample = head.subarray(0, 8192);
  const controls = sample.filter((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27)).length;
  return named ? controls > sample.length / 20 : sample.includes(0) || controls > sample.length / 20;
}
