// WARC (with WET and WAT) and ARC files to documents. Frames by the lengths that the records give; decompresses nothing.
// Formats: https://iipc.github.io/warc-specifications, https://archive.org/web/researcher/ArcFileFormat.php
import type { RawRecord, RecordBatch, SkipReason } from '../types.js';
import { type ByteReader, byteReader } from './byte-reader.js';
import { StreamFault } from './fault.js';
import { parseHeaders } from './http.js';
import { pageOf, pageOfResponse, type WebPage } from './web-page.js';

export interface WarcOptions {
  /** bytes that a record's block, and its decoded body, may have */
  readonly recordLimit: number;
  /** number and uncompressed offset of the first record that the chunks bring */
  readonly firstNumber: number;
  readonly firstByte: number;
  /** records before this number are passed over, and not handed on */
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
}

/** A record behind its header, which the reader has left behind. */
interface Framed {
  readonly length: number;
  /** why its block holds no document, or how it becomes one */
  readonly read:
    | { readonly reason: SkipReason; readonly message: string }
    | ((block: Buffer) => Promise<WebPage> | WebPage);
  readonly url: string | null;
}

/** A header that cannot be read: the next one is looked for. `cut`: the stream ends inside it. */
interface Unframed {
  readonly message: string;
  readonly cut?: boolean;
}

type Framing = (reader: ByteReader) => Promise<Framed | Unframed>;

/**
 * Every record of a WARC file, by its number. `response` records that hold HTML or text, `resource` and `conversion` records
 * of text are documents: `id` is the URL. All others are faults with the reason why they are none. A record that cannot be
 * framed is a `bad_record`, and reading goes on where the next one begins. Where the stream broke and is found again, a
 * record `decompression` stands for what was lost. Throws the first {@link StreamFault} at the end when the stream broke.
 */
export function readWarc(chunks: AsyncIterable<Uint8Array>, options: WarcOptions): AsyncGenerator<RecordBatch> {
  return readRecords(chunks, options, (reader) => warcHeader(reader, options.recordLimit), /^WARC\/\d/);
}

/** The same of an ARC file: its first record describes the file, all others are responses. */
export function readArc(chunks: AsyncIterable<Uint8Array>, options: WarcOptions): AsyncGenerator<RecordBatch> {
  let columns = 5;
  const header: Framing = async (reader) => {
    const found = await arcHeader(reader, columns, options.recordLimit);
    // the second line of the first block names the columns of all header lines
    if ('length' in found && typeof found.read === 'object' && found.url?.startsWith('filedesc:')) {
      const block = (await reader.peek(Math.min(found.length, MOST_HEADER))).toString('latin1', 0, found.length);
      const names = block.split('\n')[1]?.trim().split(/\s+/).length ?? 0;
      if (names > 1) columns = names;
    }
    return found;
  };
  return readRecords(chunks, options, header, /^(?:filedesc|https?|ftp|dns|gopher):\S/);
}

/** Bytes that the lines of a header may have together. */
const MOST_HEADER = 1024 * 1024;
/** A batch is handed on at so many records or characters. */
const BATCH = 256;
const BATCH_CHARACTERS = 4 * 1024 * 1024;
const LF = Buffer.from('\n');

async function* readRecords(
  chunks: AsyncIterable<Uint8Array>,
  options: WarcOptions,
  header: Framing,
  beginning: RegExp,
): AsyncGenerator<RecordBatch> {
  let reader = byteReader(chunks, options.firstByte);
  let broken: StreamFault | undefined;
  let number = options.firstNumber;
  let records: RawRecord[] = [];
  let characters = 0;
  const add = (made: RawRecord): void => {
    number++;
    if (made.record < options.firstRecord) return;
    records.push(made);
    if (made.kind === 'fields') characters += String(made.fields['text']).length;
  };
  const batch = (): RecordBatch => {
    const full = { records, bytes: reader.offset, compressedBytes: options.compressedBytes() };
    records = [];
    characters = 0;
    return full;
  };
  let cut = false;
  try {
    for (;;) {
      const any = !cut && (await passBlank(reader));
      if (!any) {
        const { fault } = reader;
        if (fault?.rest === undefined) break;
        broken ??= fault;
        // in the place of the record that it broke in, or behind the last one
        if (cut && --number >= options.firstRecord) records.pop();
        add({ kind: 'fault', record: number, offset: reader.offset, reason: 'decompression', message: fault.message });
        cut = false;
        reader = byteReader(fault.rest.chunks, reader.offset);
        continue;
      }
      const offset = reader.offset;
      const fault = (reason: SkipReason, message: string): RawRecord => ({
        kind: 'fault',
        record: number,
        offset,
        reason,
        message,
      });
      const found = await header(reader);
      if ('message' in found) {
        await passTo(reader, beginning);
        cut = found.cut === true || reader.fault !== undefined;
        add(cut ? fault('truncated', 'the stream ends inside this record') : fault('bad_record', found.message));
      } else {
        const wanted =
          typeof found.read === 'function' && number >= options.firstRecord && found.length <= options.recordLimit;
        const block = wanted ? await reader.take(found.length) : null;
        const had = block?.length ?? (await reader.skip(found.length));
        if (had < found.length) {
          cut = true;
          add(fault('truncated', `the stream ends inside this record: ${had} of ${found.length} bytes`));
        } else if (typeof found.read !== 'function') add(fault(found.read.reason, found.read.message));
        else if (found.length > options.recordLimit) {
          add(fault('too_long', `${found.length} bytes, the limit is ${options.recordLimit}`));
        } else if (block === null) number++;
        else add(asRecord(await found.read(block), found.url, number, offset));
      }
      if (cut) continue;
      if (records.length >= BATCH || characters >= BATCH_CHARACTERS) yield batch();
    }
    if (records.length > 0) yield batch();
    const fault = broken ?? reader.fault;
    if (fault !== undefined) throw new StreamFault(fault.reason, fault.message, fault.offset);
    if (cut) throw new StreamFault('truncated', 'the file ends inside a record', reader.offset);
  } finally {
    await reader.close();
  }
}

function asRecord(page: WebPage, url: string | null, record: number, offset: number): RawRecord {
  if ('reason' in page) return { kind: 'fault', record, offset, reason: page.reason, message: page.message };
  const fields = { id: url ?? '', title: page.title, text: page.text };
  return { kind: 'fields', record, offset, fields, repaired: page.repaired };
}

/** Passes over empty lines between records; false at the end. */
async function passBlank(reader: ByteReader): Promise<boolean> {
  for (;;) {
    const next = await reader.peek(1);
    if (next.length === 0) return false;
    let blank = 0;
    while (blank < next.length && (next[blank] === 13 || next[blank] === 10)) blank++;
    if (blank === 0) return true;
    await reader.skip(blank);
  }
}

/** Passes over lines until one that may be the first of a record, or to the end. */
async function passTo(reader: ByteReader, beginning: RegExp): Promise<void> {
  for (;;) {
    const next = (await reader.peek(16)).toString('latin1', 0, 16);
    if (beginning.test(next) || next === '') return;
    await reader.until(LF, 0);
  }
}

async function warcHeader(reader: ByteReader, limit: number): Promise<Framed | Unframed> {
  const start = (await reader.peek(5)).toString('latin1', 0, 5);
  if (start !== 'WARC/') return { message: `expected a WARC record, found ${JSON.stringify(start)}` };
  const lines: string[] = [];
  for (let size = 0; ; ) {
    const line = await reader.until(LF, MOST_HEADER);
    size += line.length;
    if (!line.found) return { message: 'the stream ends inside a header', cut: true };
    if (line.bytes === null || size > MOST_HEADER) return { message: 'the header of the record has no end' };
    const text = line.bytes.toString('utf8').replace(/\r?\n$/, '');
    if (text === '') break;
    lines.push(text);
    // the next record begins inside this header
    if ((await reader.peek(5)).toString('latin1', 0, 5) === 'WARC/')
      return { message: 'the header of the record is cut' };
  }
  const headers = parseHeaders(lines.slice(1));
  const given = headers.get('content-length') ?? '';
  if (!/^\d{1,15}$/.test(given)) return { message: `the record has no sound Content-Length (${given.slice(0, 20)})` };
  // wget writes the URL in angle brackets
  const url =
    (headers.get('warc-target-uri') ?? '').replace(/^<(.*)>$/, '$1') || (headers.get('warc-record-id') ?? null);
  const type = (headers.get('warc-type') ?? '').toLowerCase();
  return { length: Number(given), url, read: readingOf(type, headers.get('content-type') ?? '', limit) };
}

function readingOf(type: string, contentType: string, limit: number): Framed['read'] {
  switch (type) {
    case 'response':
      if (/^application\/http\b|^$/i.test(contentType)) return (block) => pageOfResponse(block, limit);
      return { reason: 'media_type', message: `a response of the type ${contentType.slice(0, 100)}` };
    case 'resource':
      return (block) => pageOf(block, contentType);
    case 'conversion':
      return (block) => pageOf(block, contentType || 'text/plain');
    default:
      return { reason: 'record_type', message: `a WARC record of the type ${type.slice(0, 100) || 'unknown'}` };
  }
}

/** `URL address date type length` or, in version 2, ten columns; a URL may hold spaces, so columns are counted from the end. */
async function arcHeader(reader: ByteReader, columns: number, limit: number): Promise<Framed | Unframed> {
  const line = await reader.until(LF, MOST_HEADER);
  if (!line.found) return { message: 'the stream ends inside a header', cut: true };
  const text = line.bytes?.toString('latin1').trim() ?? '';
  const parts = text.split(' ');
  const length = parts.at(-1) ?? '';
  if (parts.length < columns || !/^\d{1,15}$/.test(length)) {
    return { message: `expected an ARC header of ${columns} columns, found ${JSON.stringify(text.slice(0, 40))}` };
  }
  const url = parts.slice(0, parts.length - columns + 1).join(' ');
  const type = parts[parts.length - columns + 3] ?? '';
  if (/^filedesc:/i.test(url)) {
    return { length: Number(length), url, read: { reason: 'record_type', message: 'the description of an ARC file' } };
  }
  const web = /^https?:/i.test(url);
  return { length: Number(length), url, read: (block) => (web ? pageOfResponse(block, limit) : pageOf(block, type)) };
}
