// `inspect`: what a file is and what a scan would do with it. Data only: who prints it escapes it.
import { describeError, PersonaPriorError } from '../errors.js';
import type { RawRecord } from '../types.js';
import {
  chooseMapping,
  extractDocument,
  type FieldChoice,
  type FieldMapping,
  parseJsonRecord,
  typeName,
} from './fields.js';
import type { InputFile } from './inputs.js';
import { type OpenOptions, openInput } from './open.js';

export interface Inspection {
  readonly file: string;
  readonly size: number | null;
  readonly format: string;
  readonly compression: string;
  /** fields of the first records with the types met, as in `string|null` */
  readonly fields: Readonly<Record<string, string>>;
  /** what a scan would take as text, id and title; null with the reason in `problem` */
  readonly mapping: FieldMapping | null;
  readonly problem: string | null;
  /** records in the whole file: exact for Parquet, else from the size of the first ones; null when unknown */
  readonly estimatedRecords: number | null;
  /** the first records as documents (text shortened), or why they are none */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

const SHOWN = 3;
const LOOKED_AT = 20;
const SHORT = 200;

/** Reads the first batch of a file. Throws as `openInput` does, and `usage` for an unknown preset. */
export async function inspectInput(
  file: InputFile,
  choice: FieldChoice & Pick<OpenOptions, 'signal'> = {},
): Promise<Inspection> {
  const opened = await openInput(file, choice);
  const types = new Map<string, Set<string>>();
  let records: Readonly<Record<string, unknown>>[] = [];
  let mapping: FieldMapping | null = null;
  let problem: string | null = null;
  let estimatedRecords = opened.rows;
  for await (const batch of opened.batches) {
    try {
      mapping = chooseMapping(batch.records, opened.format, { ...choice, file: file.name });
    } catch (error) {
      if (error instanceof PersonaPriorError && error.code === 'usage') throw error;
      problem = describeError(error);
    }
    for (const fields of batch.records.slice(0, LOOKED_AT).map(fieldsOf)) {
      for (const [name, value] of Object.entries(fields ?? {})) {
        types.set(name, (types.get(name) ?? new Set()).add(typeName(value)));
      }
    }
    records = batch.records.slice(0, SHOWN).map((record) => shown(record, mapping, file.name));
    const read = opened.compression === 'none' ? batch.bytes : batch.compressedBytes;
    if (opened.format === 'text') estimatedRecords = 1;
    else if (file.size !== null)
      estimatedRecords ??= Math.round((batch.records.length / Math.max(1, read)) * file.size);
    break;
  }
  const { complete, fault } = opened.outcome();
  if (fault !== undefined) problem ??= `${fault.reason}: ${fault.message}`;
  if (complete) problem ??= 'no records';
  const fields = Object.fromEntries([...types].map(([name, met]) => [name, [...met].sort().join('|')]));
  const { format, compression } = opened;
  return { file: file.name, size: file.size, format, compression, fields, mapping, problem, estimatedRecords, records };
}

function fieldsOf(record: RawRecord): Readonly<Record<string, unknown>> | null {
  if (record.kind === 'fields') return record.fields;
  if (record.kind === 'fault') return null;
  const parsed = parseJsonRecord(record.bytes);
  return 'fault' in parsed ? null : parsed.fields;
}

function shown(raw: RawRecord, mapping: FieldMapping | null, file: string): Record<string, unknown> {
  const { record, offset } = raw;
  const because = (reason: string, message: string) => ({ record, offset, skipped: reason, message });
  if (raw.kind === 'fault') return because(raw.reason, raw.message);
  const parsed = raw.kind === 'fields' ? raw : parseJsonRecord(raw.bytes);
  if ('fault' in parsed) return because(parsed.fault.reason, parsed.fault.message);
  if (mapping === null) return { record, offset };
  const made = extractDocument(parsed.fields, mapping, `${file}#${record}`, parsed.repaired);
  if ('fault' in made) return because(made.fault.reason, made.fault.message);
  const { id, title, text } = made.document;
  const characters = text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
  return { record, offset, id, title, characters, repaired: made.repaired, text: shortened(text) };
}

/** Cut between code points. */
function shortened(text: string): string {
  if (text.length <= SHORT) return text;
  const end = (text.charCodeAt(SHORT - 1) & 0xfc00) === 0xd800 ? SHORT - 1 : SHORT;
  return `${text.slice(0, end)}…`;
}
