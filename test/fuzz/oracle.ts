// Reads damaged bytes as a scan does, and says what must hold for any input.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { PersonaPriorError } from '../../src/errors.js';
import { chooseMapping, extractDocument, type FieldMapping, parseJsonRecord } from '../../src/read/fields.js';
import type { InputFile } from '../../src/read/inputs.js';
import { openInput } from '../../src/read/open.js';
import { SKIP_REASONS } from '../../src/types.js';
import type { Seed } from './seeds.js';

/** Nothing may take longer, in milliseconds of work. */
const HANG = 2000;

const folder = mkdtempSync(join(tmpdir(), 'persona-prior-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What came of an input: a refusal by its code, or every record as `number kind id-or-reason`. */
interface Outcome {
  readonly refused: string | null;
  readonly records: readonly string[];
  readonly complete: boolean;
  readonly fault: string | null;
}

/** Reads the bytes twice, whole and cut into chunks, and checks both. Gives the milliseconds of the slower reading. */
export async function readDamaged(kind: Seed, bytes: Uint8Array, cut: readonly number[]): Promise<number> {
  const before = process.cpuUsage();
  const whole = await outcomeOf(kind, bytes, []);
  const first = milliseconds(before);
  expect(first, 'it hangs').toBeLessThan(HANG);
  if (kind.seekable) return first;
  const again = process.cpuUsage();
  const parts = await outcomeOf(kind, bytes, cut);
  const second = milliseconds(again);
  expect(second, 'it hangs when cut into chunks').toBeLessThan(HANG);
  // from a stream that cannot be read twice zlib keeps back what it decoded last before a corrupt place
  if (parts.fault === 'decompression' || whole.fault === 'decompression') return Math.max(first, second);
  // fields are chosen from the first batch, and batches follow the chunks: where they differ only the framing is compared
  expect(parts.refused).toBe(whole.refused);
  expect([parts.complete, parts.fault]).toEqual([whole.complete, whole.fault]);
  expect(parts.records.length).toBe(whole.records.length);
  return Math.max(first, second);
}

function milliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return Math.round((user + system) / 1000);
}

async function outcomeOf(kind: Seed, bytes: Uint8Array, cut: readonly number[]): Promise<Outcome> {
  const records: string[] = [];
  let documents = 0;
  let skipped = 0;
  try {
    const opened = await openInput(fileOf(kind, bytes), {
      stdin: chunks(bytes, cut),
      recordLimit: 1 << 20,
    });
    let mapping: FieldMapping | undefined;
    for await (const batch of opened.batches) {
      if (batch.records.length === 0) continue;
      try {
        mapping ??= chooseMapping(batch.records, opened.format, {});
      } catch (error) {
        if (!(error instanceof PersonaPriorError) || error.code !== 'no_text_field') throw error;
        mapping = { text: 'text', id: 'id', title: null };
      }
      for (const raw of batch.records) {
        expect(raw.record, 'records are numbered one after another').toBe(records.length);
        expect(raw.offset).toBeGreaterThanOrEqual(-1);
        if (raw.kind === 'fault') {
          expect(SKIP_REASONS).toContain(raw.reason);
          skipped++;
          records.push(`fault ${raw.reason}`);
          continue;
        }
        const parsed = raw.kind === 'fields' ? raw : parseJsonRecord(raw.bytes);
        const made =
          'fault' in parsed ? parsed : extractDocument(parsed.fields, mapping, `file#${raw.record}`, parsed.repaired);
        if ('fault' in made) {
          skipped++;
          records.push(`fault ${made.fault.reason}`);
        } else {
          documents++;
          expect(/\p{Cs}/u.test(made.document.text), 'no lone surrogate').toBe(false);
          records.push('document');
        }
      }
    }
    const { complete, fault } = opened.outcome();
    expect(documents + skipped, 'records in = documents + skipped').toBe(records.length);
    expect(complete, 'complete, or a fault that says why not').toBe(fault === undefined);
    return { refused: null, records, complete, fault: fault?.reason ?? null };
  } catch (error) {
    if (!(error instanceof PersonaPriorError)) throw error;
    return { refused: error.code, records, complete: false, fault: null };
  }
}

function fileOf(kind: Seed, bytes: Uint8Array): InputFile {
  if (!kind.seekable) return { path: '-', name: kind.name, size: null, mtimeMs: null, headHash: null };
  const path = join(folder, kind.name);
  writeFileSync(path, bytes);
  return { path, name: kind.name, size: bytes.length, mtimeMs: 0, headHash: '' };
}

async function* chunks(bytes: Uint8Array, cut: readonly number[]): AsyncGenerator<Uint8Array> {
  if (cut.length === 0) {
    if (bytes.length > 0) yield Uint8Array.from(bytes);
    return;
  }
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = cut[i % cut.length]!;
    yield bytes.slice(at, at + size);
    at += size;
  }
}
