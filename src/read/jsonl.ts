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

/**
 * One batch per chunk. Blank lines are no records. A line over the limit is a fault `too_long`, and streamed past. When the
 * stream breaks, the open line is a fault `truncated`, and the stream's own fault is thrown after the last batch.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, options: LineOptions): AsyncGenerator<RecordBatch> {
  let record = options.firstRecord;
  let offset = options.firstByte; // of the open line
  let parts: Uint8Array[] = [];
  let held = 0;
  let skipped = 0; // bytes of an overlong line that were let go
  let first = options.firstByte === 0;

  const close = (records: RawRecord[], last: Uint8Array): void => {
    const length = skipped + held + last.length;
    if (skipped > 0 || length > options.recordLimit) {
      const message = `${length} bytes, the limit is ${options.recordLimit}`;
      records.push({ kind: 'fault', record: record++, offset, reason: 'too_long', message });
    } else {
      const line = parts.length === 0 ? last : Buffer.concat([...parts, last]);
      const bytes = trim(line);
      if (bytes.length > 0) records.push({ kind: 'json', record: record++, offset, bytes });
    }
    offset += length + 1;
    parts = [];
    held = 0;
    skipped = 0;
  };

  let fault: unknown;
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await iterator.next();
    } catch (error) {
      fault = error;
      break;
    }
    if (next.done) break;
    let chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    if (first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) {
      chunk = chunk.subarray(3);
      offset += 3;
    }
    first = false;
    const records: RawRecord[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      close(records, chunk.subarray(from, at));
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    if (skipped > 0 || held + rest.length > options.recordLimit) {
      skipped += held + rest.length;
      parts = [];
      held = 0;
    } else if (rest.length > 0) {
      parts.push(rest);
      held += rest.length;
    }
    if (records.length > 0) yield { records, bytes: offset, compressedBytes: options.compressedBytes() };
  }
  if (held + skipped > 0) {
    const records: RawRecord[] = [];
    if (fault === undefined) {
      close(records, Buffer.alloc(0));
      offset--; // no line feed
    } else {
      const message = 'the stream ended inside this record';
      records.push({ kind: 'fault', record: record++, offset, reason: 'truncated', message });
      offset += held + skipped;
    }
    if (records.length > 0) yield { records, bytes: offset, compressedBytes: options.compressedBytes() };
  }
  if (fault !== undefined) throw fault;
}

/** Without the white space around a line (CR included). */
function trim(line: Uint8Array): Uint8Array {
  let from = 0;
  let to = line.length;
  while (from < to && isSpace(line[from]!)) from++;
  while (to > from && isSpace(line[to - 1]!)) to--;
  return line.subarray(from, to);
}

function isSpace(b: number): boolean {
  return b === 32 || b === 9 || b === 13;
}
