// The documents of one input, as a scan sees them, for those who read a corpus again. Faulty records are passed over here:
// the scan has counted them.
import type { Document, RawRecord } from '../types.js';
import { chooseMapping, extractDocument, type FieldChoice, type FieldMapping, parseJsonRecord } from './fields.js';
import type { InputFile } from './inputs.js';
import { openInput } from './open.js';

export interface NumberedDocument {
  readonly record: number;
  readonly document: Document;
}

/** Every document of a file in its order. With `mapping` its fields are these, else they are chosen as a scan chooses them. */
export async function* documentsOf(
  file: InputFile,
  choice: FieldChoice = {},
  mapping?: FieldMapping,
): AsyncGenerator<NumberedDocument> {
  const opened = await openInput(file, choice);
  let fields = mapping;
  for await (const batch of opened.batches) {
    fields ??= chooseMapping(batch.records, opened.format, { file: file.name, ...choice });
    for (const record of batch.records) {
      const document = documentOf(record, fields, file.name);
      if (document !== null) yield { record: record.record, document };
    }
  }
}

function documentOf(record: RawRecord, mapping: FieldMapping, file: string): Document | null {
  const fallback = `${file}#${record.record}`;
  if (record.kind === 'fault') return null;
  const parsed = record.kind === 'json' ? parseJsonRecord(record.bytes) : { fields: record.fields, repaired: false };
  if ('fault' in parsed) return null;
  const extracted = extractDocument(parsed.fields, mapping, fallback, parsed.repaired);
  return 'fault' in extracted ? null : extracted.document;
}
