// Format of a file from its first (decompressed) bytes, then from its name.
import { PersonaPriorError } from '../errors.js';
import { COMPRESSED } from './compression.js';

/** `json-array` is also one JSON object over several lines. */
export type Format =
  | 'jsonl'
  | 'json-array'
  | 'csv'
  | 'tsv'
  | 'parquet'
  | 'text'
  | 'warc'
  | 'arc'
  | 'mediawiki'
  | 'tar'
  | 'zip';

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
  warc: 'warc',
  wet: 'warc',
  wat: 'warc',
  arc: 'arc',
  tar: 'tar',
  tgz: 'tar',
  tbz2: 'tar',
  txz: 'tar',
  tzst: 'tar',
  zip: 'zip',
};

/** What shows a format by its first bytes. JSON and tables have no such mark. */
const MAGIC: readonly (readonly [at: number, magic: string, format: Format])[] = [
  [0, 'PAR1', 'parquet'],
  [0, 'PK\u0003\u0004', 'zip'],
  [0, 'PK\u0005\u0006', 'zip'],
  [257, 'ustar', 'tar'],
  [0, 'WARC/', 'warc'],
  [0, 'filedesc:', 'arc'],
];

/** What is recognised to be refused by name. */
const REFUSED: readonly (readonly [at: number, magic: string, what: string])[] = [
  [0, '%PDF-', 'a PDF file'],
  [0, "7z\u00bc\u00af'", 'a 7z archive'],
  [0, 'Rar!', 'a RAR archive'],
  [0, '\u0089PNG', 'an image'],
  [0, '\u00ff\u00d8\u00ff', 'an image'],
  [0, 'GIF8', 'an image'],
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
      help: 'docs/formats.md says what can be read',
    });
  };
  for (const [at, magic, what] of REFUSED) if (latin.startsWith(magic, at)) fail(what);
  const extension = extensionOf(name);
  const named = BY_EXTENSION[extension];
  const magic = MAGIC.find(([at, mark]) => latin.startsWith(mark, at))?.[2];
  // a text may begin with the words that begin a record: there a header must follow
  const record =
    magic !== 'warc' || named !== 'text' || /^WARC-Type:/im.test(latin.slice(0, 2048).split(/\r?\n\r?\n/, 1)[0]!);
  if (magic !== undefined && record) return magic;
  const text = latin.slice(latin.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0).replace(/^[ \t\r\n]+/, '');
  if (/^(?:<\?xml\b[^>]{0,200}\?>\s*)?(?:<!--[^>]{0,1000}-->\s*)?<mediawiki\b/.test(text)) return 'mediawiki';
  if (text.startsWith('{')) {
    const [line = ''] = text.split('\n', 1);
    // a book or a table may begin with a brace: there the first line must be JSON
    if (isJson(line) || named === undefined) return isOneObject(text, line) ? 'json-array' : 'jsonl';
    if (named === 'jsonl') return extension === 'json' && isOneObject(text, line) ? 'json-array' : 'jsonl';
  }
  if (/^\[\s*(?:\{\s*["}]|$)/.test(text)) return 'json-array';
  if (/^\[\s*[{\]]/.test(text) && (named === undefined || named === 'jsonl')) return 'json-array';
  if (named === 'parquet' && head.length > 0) fail('no Parquet file (its first bytes are not PAR1)');
  // an archive of nothing has no mark, nor has one of the oldest kind; other containers are not taken for what they are called
  if (named === 'tar' && isOldTar(head)) return 'tar';
  if (named === 'zip' || named === 'tar') fail(`no ${named} archive`);
  if (named !== 'jsonl' && isBinary(head, named !== undefined)) fail('binary data of an unknown kind');
  if (named === 'warc' || named === 'arc')
    return head.length === 0 || text.length === 0 ? named : fail(`no ${named.toUpperCase()} file`);
  return named ?? 'text';
}

/** The extension before any compression suffix, in small letters; '' for none. */
export function extensionOf(name: string): string {
  return /\.([a-z0-9]+)$/i.exec(name.replace(COMPRESSED, ''))?.[1]?.toLowerCase() ?? '';
}

/** Whether files of this extension are taken for a known format. */
export function isNamed(extension: string): boolean {
  return Object.hasOwn(BY_EXTENSION, extension);
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

/** Zeros, or a block with the checksum of a header. */
function isOldTar(head: Uint8Array): boolean {
  const block = head.subarray(0, 512);
  if (block.length < 512) return false;
  const sum = block.reduce((n, byte, i) => n + (i >= 148 && i < 156 ? 32 : byte), 0);
  const given = Number.parseInt(Buffer.from(block.subarray(148, 156)).toString('latin1').replace(/\0/g, ' '), 8);
  return sum === 256 || sum === given;
}

/** Control characters that text does not hold; a named text may hold a few. */
function isBinary(head: Uint8Array, named: boolean): boolean {
  const sample = head.subarray(0, 8192);
  const controls = sample.filter((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27)).length;
  return named ? controls > sample.length / 20 : sample.includes(0) || controls > sample.length / 20;
}
