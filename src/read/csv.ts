// CSV and TSV with a header row, by csv-parse. A row that does not fit the header is a counted fault; the rows after it are read.
import { parse } from 'csv-parse';
import type { RawRecord, RecordBatch } from '../types.js';
import { decodeUtf8 } from './decode.js';
import { messageOf, StreamFault } from './fault.js';
import { feed, finish } from './feed.js';

export interface CsvOptions {
  readonly delimiter: ',' | '\t';
  /** whether a double quote encloses fields; see {@link usesQuotes} */
  readonly quotes: boolean;
  /** bytes that a field may have */
  readonly recordLimit: number;
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
}

/**
 * Rows as records of strings, numbered from 0 behind the header. Quotes that do not enclose a whole field belong to the
 * text. An oversized field or a quote that is never closed makes the rest unreadable: one fault, thrown after the last batch.
 */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): AsyncGenerator<RecordBatch> {
  let header: string[] | undefined;
  let record = 0;
  let start = 0; // of the row that is being read
  let records: RawRecord[] = [];
  const add = (made: RawRecord): void => {
    record++;
    if (made.record >= options.firstRecord) records.push(made);
  };
  // rows are taken while csv-parse works, as bytes: what it decodes itself hides invalid UTF-8
  const parser = parse({
    delimiter: options.delimiter,
    quote: options.quotes ? '"' : null,
    record_delimiter: ['\r\n', '\n'],
    encoding: null,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: options.recordLimit,
    on_record: (row: unknown, context: { bytes: number }) => {
      const cells = row as Uint8Array[];
      if (header === undefined) header = cells.map((cell) => decodeUtf8(cell).text);
      else add(asRecord(cells, header, record, start));
      start = bom + context.bytes;
      return null;
    },
  });
  parser.on('error', () => {}); // comes back from feed
  let bytes = 0;
  let bom = 0;
  let broken: StreamFault | undefined;
  try {
    for await (const chunk of chunks) {
      if (bytes === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) {
        bom = 3;
        start = 3;
      }
      await feed(parser, bytes === 0 ? chunk.subarray(bom) : chunk);
      bytes += chunk.length;
      if (records.length === 0) continue;
      yield { records, bytes, compressedBytes: options.compressedBytes() };
      records = [];
    }
    if (bytes > 0) await finish(parser);
  } catch (error) {
    const cut = error instanceof StreamFault;
    broken = cut ? error : asFault(error, start);
    const { reason, message } = broken;
    if (!cut) add({ kind: 'fault', record, offset: start, reason, message });
    else if (start < bytes) {
      add({ kind: 'fault', record, offset: start, reason: 'truncated', message: 'the stream ends inside this row' });
    }
  }
  if (records.length > 0) yield { records, bytes, compressedBytes: options.compressedBytes() };
  if (broken !== undefined) throw broken;
}

function asFault(error: unknown, offset: number): StreamFault {
  const { code } = error as { code?: string };
  if (code === 'CSV_MAX_RECORD_SIZE') return new StreamFault('too_long', messageOf(error), offset);
  if (code === 'CSV_QUOTE_NOT_CLOSED') return new StreamFault('malformed', 'a quoted field is never closed', offset);
  return new StreamFault('malformed', messageOf(error), offset);
}

function asRecord(cells: readonly Uint8Array[], header: readonly string[], record: number, offset: number): RawRecord {
  if (cells.length !== header.length) {
    const message = `expected ${header.length} columns, found ${cells.length}`;
    const found = cells.map((cell) => decodeUtf8(cell).text);
    return { kind: 'fault', record, offset, reason: 'malformed', message, found };
  }
  let repaired = false;
  const fields = Object.fromEntries(
    cells.map((cell, i) => {
      const decoded = decodeUtf8(cell);
      repaired ||= decoded.repaired;
      return [header[i]!, decoded.text];
    }),
  );
  return { kind: 'fields', record, offset, fields, repaired };
}

/**
 * Whether the first bytes of a TSV show enclosing quotes: some field begins with one, and every such field is well-formed.
 * The format itself has no quotes, but most programs write them; a lone quote must not swallow the rows behind it.
 */
export function usesQuotes(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  const field = /"[^"]*(?:""[^"]*)*"(?=\t|\r?\n|$)|"[^"]*(?:""[^"]*)*$|[^"\t\n][^\t\n]*|(?=[\t\n]|$)/y;
  let enclosed = 0;
  for (let at = 0; at < text.length; at = field.lastIndex + 1) {
    field.lastIndex = at;
    const found = field.exec(text)?.[0];
    if (found === undefined) return false;
    if (found.startsWith('"') && field.lastIndex < text.length) enclosed++;
  }
  return enclosed > 0;
}
