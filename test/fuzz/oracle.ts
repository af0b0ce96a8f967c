// Reads damaged bytes as a scan does, and says what must hold for any input.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll } from 'vitest';
import { PersonaPriorError } from '../../src/errors.js';
import { chooseMapping, extractDocument, type FieldMapping, parseJsonRecord } from '../../src/read/fields.js';
import type { InputFile } from '../../src/read/inputs.js';
import { openInput } from '../../src/read/open.js';
import { SKIP_REASONS } from '../../src/types.js';
import type { Seed } from './seeds.js';

/** Nothing may take longer, in milliseconds of work. What takes half of it by the clock is measured once more. */
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

/**
 * Reads the bytes twice, whole and cut at some places (shares of the length), and checks both. Gives the milliseconds of the
 * slower reading. Throws for anything that must not be. No assertions of the test runner here: they cost more than the reading.
 */
export async function readDamaged(kind: Seed, bytes: Uint8Array, cut: readonly number[]): Promise<number> {
  const [whole, first] = await timed(() => outcomeOf(kind, bytes, []));
  if (kind.seekable || cut.length === 0) return first;
  const [parts, second] = await timed(() => outcomeOf(kind, bytes, cut));
  // from a stream that cannot be read twice zlib keeps back what it decoded last before a corrupt place
  if (parts.fault === 'decompression' || whole.fault === 'decompression') return Math.max(first, second);
  // fields are chosen from the first batch, and batches follow the chunks: where they differ only the framing is compared
  same(parts.refused, whole.refused, 'cut into chunks it is refused otherwise');
  same([parts.complete, parts.fault], [whole.complete, whole.fault], 'cut into chunks it ends otherwise');
  same(parts.records.length, whole.records.length, 'cut into chunks it has other records');
  return Math.max(first, second);
}

async function timed(read: () => Promise<Outcome>): Promise<[Outcome, number]> {
  const started = performance.now();
  const outcome = await read();
  const ms = performance.now() - started;
  if (ms < HANG / 2) return [outcome, ms];
  // a busy machine is slow too: only the work counts
  const before = process.cpuUsage();
  await read();
  const { user, system } = process.cpuUsage(before);
  const work = (user + system) / 1000;
  must(work < HANG, `it hangs: ${work.toFixed(0)} ms`);
  return [outcome, work];
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function same(found: unknown, expected: unknown, what: string): void {
  must(isDeepStrictEqual(found, expected), `${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
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
        must(raw.record === records.length, `record ${records.length} has the number ${raw.record}`);
        must(raw.offset >= -1, `record ${raw.record} has the offset ${raw.offset}`);
        if (raw.kind === 'fault') {
          must(SKIP_REASONS.includes(raw.reason), `the reason ${raw.reason}`);
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
          must(!/\p{Cs}/u.test(made.document.text), `record ${raw.record} has a lone surrogate`);
          records.push('document');
        }
      }
    }
    const { complete, fault } = opened.outcome();
    same(documents + skipped, records.length, 'records in = documents + skipped');
    same(complete, fault === undefined, 'complete, or a fault that says why not');
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

/** Pieces with their own memory. `cut` are shares of the length, or -1 for every byte. */
async function* chunks(bytes: Uint8Array, cut: readonly number[]): AsyncGenerator<Uint8Array> {
  const places = cut.includes(-1)
    ? Array.from(bytes, (_, i) => i)
    : cut.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    if (to > from) yield bytes.slice(from, to);
    from = Math.max(from, to);
  }
}
