// `inspect`: what a file is and what a scan would do with it. Data only.
import { describeError } from '../errors.js';
import { chooseMapping, extractDocument, type FieldChoice, type FieldMapping, parseJsonRecord } from './fields.js';
import type { InputFile } from './inputs.js';
import { openInput } from './open.js';

export interface Inspection {
  readonly file: string;
  readonly size: number | null;
  readonly format: string;
  readonly compression: string;
  /** fields of the first records with the types met */
  readonly fields: Readonly<Record<string, string>>;
  /** what a scan would take as text, id and title; null with the reason in `problem` */
  readonly mapping: FieldMapping | null;
  readonly problem: string | null;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

const SHOWN = 3;
const SHORT = 200;

/** Reads the first batch of a file. Throws as `openInput` does. */
export async function inspectInput(file: InputFile, choice: FieldChoice = {}): Promise<Inspection> {
  const opened = await openInput(file, choice);
  const fields: Record<string, string> = {};
  const records: Record<string, unknown>[] = [];
  let mapping: FieldMapping | null = null;
  let problem: string | null = null;
  for await (const batch of opened.batches) {
    try {
      mapping = chooseMapping(batch.records, opened.format, { ...choice, file: file.name });
    } catch (error) {
      problem = describeError(error);
    }
    for (const raw of batch.records.slice(0, 20)) {
      if (raw.kind === 'fault') {
        records.push({ record: raw.record, fault: raw.reason, message: raw.message });
        continue;
      }
      const parsed = raw.kind === 'fields' ? { fields: raw.fields } : parseJsonRecord(raw.bytes);
      if ('fault' in parsed) {
        records.push({ record: raw.record, fault: parsed.fault.reason, message: parsed.fault.message });
        continue;
      }
      for (const [name, value] of Object.entries(parsed.fields)) fields[name] ??= typeName(value);
      if (mapping === null) continue;
      const made = extractDocument(parsed.fields, mapping, `${file.name}#${raw.record}`);
      if ('fault' in made) records.push({ record: raw.record, fault: made.fault.reason, message: made.fault.message });
      else {
        const { id, title, text } = made.document;
        records.push({ record: raw.record, id, title, characters: text.length, text: text.slice(0, SHORT) });
      }
    }
    break;
  }
  const fault = opened.outcome().fault;
  if (fault !== undefined && problem === null) problem = `${fault.reason}: ${fault.message}`;
  return {
    file: file.name,
    size: file.size,
    format: opened.format,
    compression: opened.compression,
    fields,
    mapping,
    problem,
    records: records.slice(0, SHOWN),
  };
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
