// MediaWiki XML dumps, page by page: framed by bytes, so that a broken page costs only itself; each page is read by saxes.
// Of a page with its history the last revision counts. Format: https://www.mediawiki.org/wiki/Help:Export
import { SaxesParser } from 'saxes';
import type { RawRecord, RecordBatch } from '../types.js';
import { byteReader } from './byte-reader.js';
import { decodeUtf8 } from './decode.js';
import { StreamFault } from './fault.js';
import { wikitextToText } from './wikitext.js';

export interface MediaWikiOptions {
  /** bytes that a page may have */
  readonly recordLimit: number;
  /** pages before this number are passed over, and not handed on */
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
}

const BATCH = 256;
const BATCH_CHARACTERS = 4 * 1024 * 1024;
const OPEN = Buffer.from('<page>');
const CLOSE = Buffer.from('</page>');
const END = Buffer.from('</mediawiki>');

/**
 * Articles as records with `id`, `title` and `text`; redirects and pages outside the namespace 0 are left out by reason. A
 * file without its end mark is `truncated`, which is thrown after the last batch.
 */
export async function* readMediaWiki(
  chunks: AsyncIterable<Uint8Array>,
  options: MediaWikiOptions,
): AsyncGenerator<RecordBatch> {
  const reader = byteReader(chunks);
  let record = 0;
  let records: RawRecord[] = [];
  let characters = 0;
  const batch = (): RecordBatch => {
    const full = { records, bytes: reader.offset, compressedBytes: options.compressedBytes() };
    records = [];
    characters = 0;
    return full;
  };
  try {
    for (;;) {
      // the last piece between pages must hold the end mark
      const between = await reader.until(OPEN, 1024 * 1024);
      if (!between.found) {
        if (records.length > 0) yield batch();
        if (reader.fault !== undefined) throw reader.fault;
        if (between.bytes?.includes(END)) return;
        throw new StreamFault('truncated', 'the file ends without </mediawiki>', reader.offset);
      }
      const offset = reader.offset - OPEN.length;
      const wanted = record >= options.firstRecord;
      const page = await reader.until(CLOSE, wanted ? options.recordLimit : 0);
      if (wanted) {
        const made = asRecord(page, record, offset, options.recordLimit);
        records.push(made);
        if (made.kind === 'fields') characters += String(made.fields['text']).length;
      }
      record++;
      if (records.length >= BATCH || characters >= BATCH_CHARACTERS) yield batch();
    }
  } finally {
    await reader.close();
  }
}

function asRecord(
  { bytes, length, found }: { bytes: Buffer | null; length: number; found: boolean },
  record: number,
  offset: number,
  limit: number,
): RawRecord {
  const fault = { kind: 'fault', record, offset } as const;
  if (!found) return { ...fault, reason: 'truncated', message: 'the stream ends inside this page' };
  if (bytes === null) return { ...fault, reason: 'too_long', message: `${length} bytes, the limit is ${limit}` };
  const { text: xml, repaired } = decodeUtf8(bytes);
  const page = parsePage(`<page>${xml}`);
  if ('message' in page) return { ...fault, reason: 'malformed', message: page.message };
  if (page.ns !== '0')
    return { ...fault, reason: 'namespace', message: `a page of the namespace ${page.ns.slice(0, 20)}` };
  if (page.redirect || /^\s*#redirect\b/i.test(page.text))
    return { ...fault, reason: 'redirect', message: 'a redirect' };
  const fields = { id: page.id, title: page.title, text: wikitextToText(page.text) };
  return { kind: 'fields', record, offset, fields, repaired };
}

interface WikiPage {
  id: string;
  title: string;
  ns: string;
  redirect: boolean;
  text: string;
}

/** Oldest dumps know no namespaces, and mark redirects in the text only. */
function parsePage(xml: string): WikiPage | { readonly message: string } {
  const page: WikiPage = { id: '', title: '', ns: '0', redirect: false, text: '' };
  const path: string[] = [];
  let chars: string[] = [];
  let message: string | undefined;
  const parser = new SaxesParser({ fragment: true });
  parser.on('opentag', ({ name }) => {
    path.push(name);
    chars = [];
    if (path.length === 2 && name === 'redirect') page.redirect = true;
  });
  parser.on('text', (text) => chars.push(text));
  parser.on('cdata', (text) => chars.push(text));
  parser.on('closetag', () => {
    const at = path.slice(1).join('/');
    if (at === 'id' || at === 'title' || at === 'ns') page[at] = chars.join('').trim();
    else if (at === 'revision/text') page.text = chars.join('');
    path.pop();
    chars = [];
  });
  parser.on('error', (error) => {
    message ??= error.message.slice(0, 200);
  });
  parser.write(xml).close();
  return message === undefined ? page : { message };
}
