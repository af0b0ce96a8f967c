// A JSON array of any size (or one object over several lines), element by element, with stream-json.
import { createRequire } from 'node:module';
import type { Transform } from 'node:stream';
import type { RawRecord, RecordBatch } from '../types.js';
import { StreamFault, transformed } from './compression.js';
import { decoder } from './decode.js';

export interface ArrayOptions {
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
}

const BATCH = 256;

/**
 * Elements from `firstRecord` on. A syntax error is one fault `malformed` where it stands (the rest of the array cannot be
 * framed) and is thrown after the last batch; a stream that ends inside is `truncated`.
 */
export async function* readArray(chunks: AsyncIterable<Uint8Array>, options: ArrayOptions): AsyncGenerator<RecordBatch> {
  const require = createRequire(import.meta.url);
  const decode = decoder();
  let bytes = 0;
  let one = false;
  const text = async function* (): AsyncGenerator<string> {
    let first = true;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      let part = decode.text(chunk, false);
      if (first) {
        part = part.replace(/^\ufeff/, '').replace(/^\s+/, '');
        if (part === '') continue;
        one = part.startsWith('{');
        // a single object is read as an array of one
        if (one) part = `[${part}`;
        first = false;
      }
      yield part;
    }
    const rest = decode.text(new Uint8Array(0), true);
    if (first) yield '[]';
    else yield one ? `${rest}]` : rest;
  };
  const { withParser } = require('stream-json/streamers/StreamArray.js') as { withParser(): Transform };
  const toFault = (error: Error): StreamFault =>
    new StreamFault(/unexpected end|expected .* end|end of input/i.test(error.message) ? 'truncated' : 'malformed', error.message);

  let records: RawRecord[] = [];
  let record = 0;
  let depthFault: unknown;
  try {
    for await (const { value } of transformed<{ value: unknown }>(text(), withParser(), toFault)) {
      const at = record++;
      if (at < options.firstRecord) continue;
      records.push(asRecord(value, at, decode.repaired()));
      if (records.length < BATCH) continue;
      yield { records, bytes, compressedBytes: options.compressedBytes() };
      records = [];
    }
  } catch (error) {
    depthFault = error;
    const reason = error instanceof StreamFault ? error.reason : 'malformed';
    const message = error instanceof Error ? error.message : String(error);
    if (record >= options.firstRecord) records.push({ kind: 'fault', record, offset: -1, reason, message });
  }
  if (records.length > 0) yield { records, bytes, compressedBytes: options.compressedBytes() };
  if (depthFault !== undefined) throw depthFault;
}

function asRecord(value: unknown, record: number, damaged: boolean): RawRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'fault', record, offset: -1, reason: 'malformed', message: 'expected an object in the array' };
  }
  const fields = value as Record<string, unknown>;
  // the decoder has replaced bytes somewhere: this record is repaired if it shows a replacement character
  const repaired = damaged && Object.values(fields).some((v) => typeof v === 'string' && v.includes('\ufffd'));
  return { kind: 'fields', record, offset: -1, fields, repaired };
}
