// CSV and TSV with a header row, by csv-parse. A row that does not fit is a counted fault; the rows after it are read.
import { parse } from 'csv-parse';
import type { RawRecord, RecordBatch } from '../types.js';
import { StreamFault, transformed } from './compression.js';
import { decoder } from './decode.js';

export interface CsvOptions {
  readonly delimiter: ',' | '\t';
  readonly recordLimit: number;
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
}

const BATCH = 256;

interface Row {
  readonly record: string[];
  readonly info: { readonly bytes: number };
}

/** Records are numbered from 0 after the header; `offset` is the end of the row before, in decoded bytes. */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): AsyncGenerator<RecordBatch> {
  const decode = decoder();
  let bytes = 0;
  const text = async function* (): AsyncGenerator<string> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield decode.text(chunk, false);
    }
    yield decode.text(new Uint8Array(0), true);
  };
  let bad: { at: number; message: string }[] = [];
  const parser = parse({
    delimiter: options.delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: options.recordLimit,
    ...(options.delimiter === '\t' ? { quote: null } : {}),
    on_skip: (error) => {
      bad.push({ at: 0, message: error?.message ?? 'not a row' });
    },
  });
  const toFault = (error: Error & { code?: string }): StreamFault =>
    new StreamFault(error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'truncated' : 'malformed', error.message);

  let header: string[] | undefined;
  let record = 0;
  let last = 0;
  let records: RawRecord[] = [];
  let fault: unknown;
  const push = (made: RawRecord): void => {
    if (made.record >= options.firstRecord) records.push(made);
  };
  const skipped = (): void => {
    for (const { message } of bad) {
      push({ kind: 'fault', record: record++, offset: last, reason: 'malformed', message });
    }
    bad = [];
  };
  try {
    for await (const row of transformed<Row>(text(), parser, toFault)) {
      if (header === undefined) {
        header = row.record;
        last = row.info.bytes;
        continue;
      }
      skipped();
      push(asRecord(row.record, header, record++, last, decode.repaired()));
      last = row.info.bytes;
      if (records.length < BATCH) continue;
      yield { records, bytes, compressedBytes: options.compressedBytes() };
      records = [];
    }
    skipped();
  } catch (error) {
    skipped();
    fault = error;
    const reason = error instanceof StreamFault ? error.reason : 'malformed';
    const message = error instanceof Error ? error.message : String(error);
    push({ kind: 'fault', record, offset: last, reason, message });
  }
  if (records.length > 0) yield { records, bytes, compressedBytes: options.compressedBytes() };
  if (fault !== undefined) throw fault;
}

function asRecord(row: string[], header: string[], record: number, offset: number, damaged: boolean): RawRecord {
  if (row.length !== header.length) {
    const message = `expected ${header.length} columns, found ${row.length}`;
    return { kind: 'fault', record, offset, reason: 'malformed', message };
  }
  const fields = Object.fromEntries(header.map((name, i) => [name, row[i]]));
  return { kind: 'fields', record, offset, fields, repaired: damaged && row.some((value) => value.includes('\ufffd')) };
}
