// One function per format that streams: from bytes to batches of records. Opens nothing, detects nothing.
import type { RecordBatch } from '../types.js';
import { readCsv, usesQuotes } from './csv.js';
import type { Format } from './format.js';
import { readArray } from './json-array.js';
import { readLines } from './jsonl.js';
import { readMediaWiki } from './mediawiki.js';
import { readText } from './text.js';
import { readArc, readWarc } from './warc.js';

export interface FormatInput {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** the first bytes again, for what a table's reader must know before */
  readonly head: Uint8Array;
  /** of a text that has no other */
  readonly id: string;
  readonly recordLimit: number;
  /** the first record that is handed on; those before it are read and let go */
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
}

/** Formats that are read from their first byte to their last. */
export type StreamedFormat = Exclude<Format, 'parquet' | 'tar' | 'zip'>;

/** Records of a stream from its beginning. Throws a StreamFault after the last batch when it broke. */
export function readFormat(format: StreamedFormat, input: FormatInput): AsyncGenerator<RecordBatch> {
  const { chunks, recordLimit, firstRecord, compressedBytes } = input;
  switch (format) {
    case 'jsonl':
      return from(firstRecord, readLines(chunks, { ...input, firstRecord: 0, firstByte: 0 }));
    case 'json-array':
      return readArray(chunks, input);
    case 'text':
      return from(firstRecord, readText(chunks, input.id, recordLimit, compressedBytes));
    case 'warc':
    case 'arc':
      return (format === 'warc' ? readWarc : readArc)(chunks, { ...input, firstNumber: 0, firstByte: 0 });
    case 'mediawiki':
      return readMediaWiki(chunks, input);
    case 'csv':
    case 'tsv':
      return readCsv(chunks, {
        recordLimit,
        firstRecord,
        compressedBytes,
        delimiter: format === 'csv' ? ',' : '\t',
        quotes: format === 'csv' || usesQuotes(input.head),
      });
  }
}

/** Records from a number on. */
export async function* from(first: number, batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    const records = batch.records.filter((record) => record.record >= first);
    if (records.length > 0) yield { ...batch, records };
  }
}

/** Faults that wait for a readable record. */
const MOST_HELD = 10_000;

/** Joins the faults before the first readable record to its batch: the fields are chosen from the first batch. */
export async function* readableFirst(batches: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch> {
  let held: RecordBatch | undefined;
  let found = false;
  try {
    for await (const batch of batches) {
      const joined: RecordBatch =
        held === undefined ? batch : { ...batch, records: [...held.records, ...batch.records] };
      found ||= joined.records.some((record) => record.kind !== 'fault') || joined.records.length > MOST_HELD;
      held = found ? undefined : joined;
      if (found) yield joined;
    }
  } catch (error) {
    if (held !== undefined) yield held;
    throw error;
  }
  if (held !== undefined) yield held;
}
