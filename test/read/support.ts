// Shared by the tests of read: fixture documents, temporary files, and a whole file read to its documents.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { chooseMapping, extractDocument, parseJsonRecord } from '../../src/read/fields.js';
import { findInputs, type InputFile } from '../../src/read/inputs.js';
import { type OpenOptions, openInput } from '../../src/read/open.js';
import type { Document, RawRecord, RecordBatch } from '../../src/types.js';

export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/read/${name}`, import.meta.url));

export const JSONL = readFileSync(fixture('documents.jsonl'));
export const LINES = JSONL.toString('utf8').trimEnd().split('\n');

interface Plain {
  readonly id: string | number;
  readonly title: string | null;
  readonly text: string;
  readonly lang: string;
}
export const PLAIN = LINES.map((line) => JSON.parse(line) as Plain);

/** A document of 3 MB, longer than any chunk, with characters of all widths at all chunk borders. */
export const LONG: Plain = {
  id: 'long',
  title: 'very long',
  text: Array.from({ length: 30_000 }, (_, i) => `${i}: the 🤖 naïve "machine" said — 机器, \\n; `).join('\n'),
  lang: 'en',
};

/** The documents that every format must give. */
export const EXPECTED: Document[] = PLAIN.map(({ id, title, text }) => ({ id: String(id), title, text, names: [] }));

const folder = mkdtempSync(join(tmpdir(), 'persona-prior-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A temporary file; its name keeps the extension. */
export function temporary(name: string, content: string | Uint8Array): string {
  const path = join(folder, `${files++}-${name}`);
  writeFileSync(path, content);
  return path;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(folder, 'in-'));
}

export async function inputOf(path: string): Promise<InputFile> {
  for await (const file of findInputs([path])) return file;
  throw new Error('no input');
}

export interface Read {
  readonly format: string;
  readonly records: RawRecord[];
  readonly documents: Document[];
  /** `reason` of each record that is no document, with its number */
  readonly faults: string[];
  readonly repaired: string[];
  readonly complete: boolean;
  readonly fault: string | undefined;
  readonly batches: number;
}

/** Reads a file as a scan does. */
export async function read(path: string, options: OpenOptions = {}): Promise<Read> {
  const opened = await openInput(await inputOf(path), options);
  const records: RawRecord[] = [];
  const documents: Document[] = [];
  const faults: string[] = [];
  const repaired: string[] = [];
  let batches = 0;
  let mapping: ReturnType<typeof chooseMapping> | undefined;
  for await (const batch of opened.batches) {
    batches++;
    mapping ??= chooseMapping(batch.records, opened.format, options);
    for (const record of batch.records) {
      records.push(record);
      if (record.kind === 'fault') {
        faults.push(`${record.record} ${record.reason}`);
        continue;
      }
      const parsed = record.kind === 'fields' ? record : parseJsonRecord(record.bytes);
      const made =
        'fault' in parsed ? parsed : extractDocument(parsed.fields, mapping, `file#${record.record}`, parsed.repaired);
      if ('fault' in made) faults.push(`${record.record} ${made.fault.reason}`);
      else {
        documents.push(made.document);
        if (made.repaired) repaired.push(made.document.id);
      }
    }
  }
  const { complete, fault } = opened.outcome();
  return { format: opened.format, records, documents, faults, repaired, complete, fault: fault?.reason, batches };
}

/** Bytes in chunks of the given sizes, over and over. */
export async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? bytes.length);
    yield bytes.slice(at, at + size);
    at += size;
  }
}

export async function recordsOf(batches: AsyncIterable<RecordBatch>): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const batch of batches) records.push(...batch.records);
  return records;
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; error: unknown }> {
  const parts: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  } catch (thrown) {
    error = thrown;
  }
  return { bytes: Buffer.concat(parts), error };
}

/** As spreadsheets and most programs write it: every field in quotes. */
export function delimited(rows: readonly Plain[], delimiter: string, newline: string): string {
  const cell = (value: unknown): string => `"${String(value ?? '').replaceAll('"', '""')}"`;
  const lines = rows.map((row) => [row.id, row.title, row.text, row.lang].map(cell).join(delimiter));
  return [['id', 'title', 'text', 'lang'].join(delimiter), ...lines].join(newline) + newline;
}
