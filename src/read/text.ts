// A plain text or Markdown file as one document.
import type { RawRecord, RecordBatch } from '../types.js';
import { decodeUtf8 } from './decode.js';
import { StreamFault } from './fault.js';

/**
 * One record with the fields `id` and `text`; none for an empty file. A file over the limit is a fault `too_long`. A stream
 * that breaks is a fault `truncated`, and its own fault is thrown after it: half a text is no document.
 */
export async function* readText(
  chunks: AsyncIterable<Uint8Array>,
  id: string,
  recordLimit: number,
  compressedBytes: () => number,
): AsyncGenerator<RecordBatch> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let broken: unknown;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes <= recordLimit) parts.push(chunk);
      else parts = [];
    }
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    broken = error;
  }
  const records: RawRecord[] = [];
  const fault = { kind: 'fault', record: 0, offset: 0 } as const;
  if (bytes > recordLimit) {
    records.push({ ...fault, reason: 'too_long', message: `${bytes} bytes, the limit is ${recordLimit}` });
  } else if (broken !== undefined) {
    const found = parts[0] ?? new Uint8Array(0);
    records.push({ ...fault, reason: 'truncated', message: 'the stream ends inside the text', found });
  } else if (bytes > 0) {
    const { text, repaired } = decodeUtf8(Buffer.concat(parts));
    const fields = { id, text: text.replace(/^\ufeff/, '') };
    records.push({ kind: 'fields', record: 0, offset: 0, fields, repaired });
  }
  if (records.length > 0) yield { records, bytes, compressedBytes: compressedBytes() };
  if (broken !== undefined) throw broken;
}
