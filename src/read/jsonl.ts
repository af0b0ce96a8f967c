// JSON lines: framing by line feeds over bytes, in bounded memory. Parses nothing.
import type { RawRecord, RecordBatch } from '../types.js';

export interface LineOptions {
  /** bytes that a record may have */
  readonly recordLimit: number;
  /** number and uncompressed offset of the first record that the chunks bring */
  readonly firstRecord: number;
  readonly firstByte: number;
  readonly compressedBytes: () => number;
}

/** Bytes of an overlong line that are shown. */
const KEPT = 64 * 1024;

/**
 * One batch per chunk; `bytes` of a batch is where the next record begins. Records are views into the chunks where they can
 * be. Blank lines are no records. A line over the limit is a fault `too_long`, and streamed past. When the stream breaks,
 * the open line is a fault `truncated`, and the stream's own fault is thrown after the last batch.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, options: LineOptions): AsyncGenerator<RecordBatch> {
  let record = options.firstRecord;
  let offset = options.firstByte; // of the open line
  let parts: Uint8Array[] = [];
  let held = 0;
  let passed = 0; // bytes of an overlong line that were let go
  let found: Uint8Array = new Uint8Array(0); // its beginning
  let records: RawRecord[] = [];

  const close = (last: Uint8Array): void => {
    const length = passed + held + last.length;
    if (length > options.recordLimit) {
      const message = `${length} bytes, the limit is ${options.recordLimit}`;
      if (passed === 0) found = Uint8Array.from((parts[0] ?? last).subarray(0, KEPT));
      records.push({ kind: 'fault', record: record++, offset, reason: 'too_long', message, found });
    } else {
      const line = parts.length === 0 ? last : Buffer.concat([...parts, last], length);
      const { from, to } = trimmed(line, offset === 0);
      if (to > from)
        records.push({ kind: 'json', record: record++, offset: offset + from, bytes: line.subarray(from, to) });
    }
    offset += length;
    parts = [];
    held = 0;
    passed = 0;
  };

  let fault: unknown;
  try {
    for await (const { buffer, byteOffset, byteLength } of chunks) {
      const chunk = Buffer.from(buffer, byteOffset, byteLength);
      let from = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        close(chunk.subarray(from, at));
        offset++;
        from = at + 1;
      }
      const rest = chunk.length - from;
      if (passed > 0 || held + rest > options.recordLimit) {
        if (passed === 0) found = Uint8Array.from((parts[0] ?? chunk.subarray(from)).subarray(0, KEPT));
        passed += held + rest;
        parts = [];
        held = 0;
      } else if (rest > 0) {
        parts.push(chunk.subarray(from));
        held += rest;
      }
      if (records.length === 0) continue;
      yield { records, bytes: offset, compressedBytes: options.compressedBytes() };
      records = [];
    }
  } catch (error) {
    fault = error;
  }
  if (fault === undefined) close(Buffer.alloc(0));
  else if (held + passed > 0) {
    const message = 'the stream ends inside this record';
    if (passed === 0) found = Buffer.concat(parts, Math.min(held, KEPT));
    records.push({ kind: 'fault', record, offset, reason: 'truncated', message, found });
    offset += held + passed;
  }
  if (records.length > 0) yield { records, bytes: offset, compressedBytes: options.compressedBytes() };
  if (fault !== undefined) throw fault;
}

/** Where a line begins and ends without the white space around it (CR included) and without a file's byte order mark. */
function trimmed(line: Uint8Array, first: boolean): { from: number; to: number } {
  let from = first && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0;
  let to = line.length;
  while (from < to && isSpace(line[from]!)) from++;
  while (to > from && isSpace(line[to - 1]!)) to--;
  return { from, to };
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13;
}
