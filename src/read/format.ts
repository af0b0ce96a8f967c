// Format of a file from its first (decompressed) bytes, then from its name.
import { PersonaPriorError } from '../errors.js';

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

/**
 * `head` holds up to 64 KiB without compression. An empty file takes the format of its name (text where that says nothing).
 * Throws `unknown_format` for UTF-16, for binary data and for containers that this version does not read.
 */
export function detectFormat(head: Uint8Array, name: string): Format {
  const fail = (message: string): never => {
    throw new PersonaPriorError('unknown_format', message, {
      place: { file: name },
      help: 'readable are JSONL, JSON arrays, CSV, TSV, Parquet and text, plain or as .gz or .zst',
    });
  };
  const starts = (text: string): boolean => Buffer.from(head.subarray(0, text.length)).toString('latin1') === text;
  if (starts('PAR1')) return 'parquet';
  if (starts('PK\u0003\u0004')) fail('a zip archive');
  if (Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar') fail('a tar archive');
  if (starts('WARC/')) fail('a WARC file');
  if (starts('filedesc://')) fail('an ARC file');
  if (starts('\u00ff\u00fe') || starts('\u00fe\u00ff')) fail('text in UTF-16, expected UTF-8');
  const bom = starts('\u00ef\u00bb\u00bf') ? 3 : 0;
  const extension = extensionOf(name);
  const byName = BY_EXTENSION[extension];
  let i = bom;
  while (i < head.length && (head[i] === 32 || head[i] === 9 || head[i] === 10 || head[i] === 13)) i++;
  if (byName === 'text' || byName === 'csv' || byName === 'tsv') return byName;
  if (head[i] === 123) return byName === 'jsonl' && extension === 'json' && isOneObject(head, i) ? 'json-array' : 'jsonl';
  if (head[i] === 91 && /^\[\s*(?:\{|\]|$)/.test(Buffer.from(head.subarray(i, i + 64)).toString('latin1'))) return 'json-array';
  if (i >= head.length) return byName ?? 'text';
  if (byName !== undefined && byName !== 'parquet') return byName;
  if (byName === 'parquet') fail('no Parquet file (its first bytes are not PAR1)');
  if (head.subarray(0, 4096).includes(0)) fail('binary data of an unknown kind');
  return 'text';
}

/** The extension before any compression suffix, in small letters. */
export function extensionOf(name: string): string {
  const parts = name.toLowerCase().replace(/\.(?:gz|gzip|zst|zstd)$/, '').split('.');
  return parts.length > 1 ? parts[parts.length - 1]! : '';
}

/** A pretty-printed object over several lines, where a `.json` file is one record. */
function isOneObject(head: Uint8Array, from: number): boolean {
  const end = head.indexOf(10, from);
  const line = Buffer.from(head.subarray(from, end < 0 ? head.length : end)).toString('utf8');
  if (end < 0) return false;
  try {
    JSON.parse(line);
    return false;
  } catch {
    return /^\{\s*(?:"[^"]*"\s*:.*)?$/.test(line.trim()) && !line.trim().endsWith('}');
  }
}
