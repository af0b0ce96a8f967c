// A plain text or Markdown file as one document, called by its file name.
import { basename } from 'node:path';
import type { RecordBatch } from '../types.js';
import { decodeUtf8 } from './decode.js';

/** One record. A file over the limit is a fault `too_long`; a broken stream gives what came before and throws its fault. */
export async function* readText(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  recordLimit: number,
  compressedBytes: () => number,
): AsyncGenerator<RecordBatch> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let fault: unknown;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes <= recordLimit) parts.push(chunk);
    }
  } catch (error) {
    fault = error;
  }
  if (bytes > recordLimit) {
    const message = `${bytes} bytes, the limit is ${recordLimit}`;
    yield { records: [{ kind: 'fault', record: 0, offset: 0, reason: 'too_long', message }], bytes, compressedBytes: compressedBytes() };
  } else if (bytes > 0) {
    const { text, repaired } = decodeUtf8(Buffer.concat(parts));
    const fields = { id: basename(name), text: text.replace(/^\ufeff/, '') };
    yield { records: [{ kind: 'fields', record: 0, offset: 0, fields, repaired }], bytes, compressedBytes: compressedBytes() };
  }
  if (fault !== undefined) throw fault;
}
