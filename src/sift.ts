// The reading thread's part of a scan: settles most records on their raw bytes, and packs the rest into units for workers.
import { isUtf8 } from 'node:buffer';
import type { Gate } from './gate/gate.js';
import { OPEN } from './gate/gate.js';
import { checkRecord, type Spans } from './gate/structure.js';
import { extractDocument, type FieldMapping, parseJsonRecord } from './read/fields.js';
import { snapshot } from './store/quarantine.js';
import { SAMPLE_SIZE } from './store/writer.js';
import { LEFT_OUT, type RawRecord } from './types.js';
import {
  blocksOf,
  blocksOfText,
  type Candidate,
  drawnBlocks,
  type Fault,
  gateSamples,
  type Keys,
  type Sample,
  type Tallies,
  tally,
} from './unit.js';

/** What the reading thread itself found, and what it leaves to a worker. */
export interface Sifted {
  readonly tallies: Tallies;
  readonly samples: Sample[];
  readonly faults: Fault[];
  readonly candidates: Candidate[];
  /** bytes of the JSON candidates */
  readonly chunks: Uint8Array[];
  bytes: number;
  /** characters of the candidates that are documents already */
  characters: number;
  /** bytes that faults keep for --quarantine */
  held: number;
}

export interface Sift {
  add(record: RawRecord): void;
  /** Hands over what was gathered since the last call. */
  take(): Sifted;
  /** bytes and characters waiting for workers, and what faults hold */
  pending(): number;
}

export interface SiftOptions {
  readonly gate: Gate;
  readonly mapping: FieldMapping;
  readonly file: string;
  readonly keys: Keys;
  /** the largest key that can still enter the sample of gate rejects */
  readonly gateLimit: () => number;
  /** everything goes to the workers, which parse it */
  readonly exactCounts: boolean;
  /** faults hold what stood in the place of the record */
  readonly keepSkipped: boolean;
}

export function createSift(options: SiftOptions): Sift {
  const { gate, mapping, file, keys } = options;
  const encoder = new TextEncoder();
  // a dotted path is no top-level key: its records are parsed by a worker
  const flat = !mapping.text.includes('.') && !(mapping.id ?? '').includes('.');
  const wanted = [mapping.text, mapping.id ?? '\u0000none'].map((key) => encoder.encode(key));
  const spans: Spans = new Int32Array(4);
  let scratch = new Uint8Array(1 << 16);
  let now = fresh();
  // what this file alone has shown to be out of reach; a unit of long documents would hold far too many blocks else
  let ownLimit = Number.MAX_SAFE_INTEGER;
  let mostSamples = 2 * SAMPLE_SIZE;
  const limit = (): number => Math.min(ownLimit, options.gateLimit());

  /** Blocks of the record when it is a sound document that the gate rejects; 0 leaves it to a worker. */
  const rejectJson = (bytes: Uint8Array, record: number): number => {
    if (!flat || options.exactCounts) return 0;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (gate.prefilter(bytes, 0, bytes.length, true) !== 0) return 0;
    if (checkRecord(buffer, 0, bytes.length, wanted, spans) !== 'object') return 0;
    if (spans[0]! < 0 || !startsWithText(bytes, spans[0]!, spans[1]!) || !isUtf8(buffer)) return 0;
    const hasId = spans[2]! >= 0 && spans[3]! > spans[2]!;
    if (spans[2] === -2 || (hasId && bytes.subarray(spans[2]!, spans[3]!).includes(92))) return 0;
    const idBytes = hasId ? bytes.subarray(spans[2]!, spans[3]!) : encoder.encode(`${file}#${record}`);
    if (hasId && !startsWithText(bytes, spans[2]!, spans[3]!)) return 0;
    const blocks = blocksOf(spans[1]! - spans[0]!);
    const drawn = drawnBlocks(idBytes, blocks, keys, limit());
    if (drawn.length > 0) {
      const parsed = parseJsonRecord(bytes);
      if ('fault' in parsed) return 0;
      const extracted = extractDocument(parsed.fields, mapping, `${file}#${record}`, parsed.repaired);
      if ('fault' in extracted || extracted.repaired) return 0;
      keep(gateSamples(extracted.document, blocks, drawn, keys));
    }
    return blocks;
  };

  /** Keeps samples of gate rejects, and where they grow many only those that can still be among the lowest keys. */
  const keep = (samples: readonly Sample[]): void => {
    now.samples.push(...samples);
    if (now.samples.length <= mostSamples) return;
    now.samples.sort((a, b) => a.key - b.key);
    // a repeated document has the same keys twice, and is stored once
    const distinct = now.samples.filter((sample, i, all) => i === 0 || sample.key !== all[i - 1]!.key);
    if (distinct.length >= SAMPLE_SIZE) {
      ownLimit = distinct[SAMPLE_SIZE - 1]!.key;
      now.samples.splice(now.samples.findLastIndex((sample) => sample.key <= ownLimit) + 1);
    }
    mostSamples = 2 * Math.max(SAMPLE_SIZE, now.samples.length);
  };

  const countReject = (blocks: number): void => {
    tally(now.tallies, 'gate', 'in');
    tally(now.tallies, 'gate', 'dropped', 'no_entity');
    tally(now.tallies, 'sample', 'population', 'gate', blocks);
  };

  const skip = (fault: Fault, value: unknown): void => {
    const found = options.keepSkipped && value !== undefined ? snapshot(value) : undefined;
    now.faults.push(found === undefined ? fault : { ...fault, found });
    now.held += 256 + (found?.bytes.length ?? 0);
  };

  return {
    add(raw) {
      const { record, offset } = raw;
      if (raw.kind === 'json') {
        const blocks = rejectJson(raw.bytes, record);
        if (blocks > 0) {
          tally(now.tallies, 'read', 'in');
          tally(now.tallies, 'read', 'out');
          countReject(blocks);
          return;
        }
        now.candidates.push({ record, offset, from: now.bytes, to: now.bytes + raw.bytes.length });
        now.chunks.push(raw.bytes);
        now.bytes += raw.bytes.length;
        return;
      }
      tally(now.tallies, 'read', 'in');
      if (raw.kind === 'fault') {
        tally(now.tallies, 'read', 'dropped', raw.reason);
        if (LEFT_OUT.has(raw.reason)) return;
        const { reason, message, found } = raw;
        skip({ stage: 'read', reason, record, offset, message }, found);
        return;
      }
      const extracted = extractDocument(raw.fields, mapping, `${file}#${record}`, raw.repaired ?? false);
      if ('fault' in extracted) {
        tally(now.tallies, 'read', 'dropped', extracted.fault.reason);
        skip({ stage: 'read', record, offset, ...extracted.fault }, raw.fields);
        return;
      }
      tally(now.tallies, 'read', 'out');
      if (extracted.repaired) tally(now.tallies, 'read', 'repaired');
      const { document } = extracted;
      const whole = `${document.title ?? ''}\n.\n${document.text}`;
      if (scratch.length < whole.length * 3) scratch = new Uint8Array(whole.length * 3);
      const { written } = encoder.encodeInto(whole, scratch);
      if (!options.exactCounts && (gate.prefilter(scratch, 0, written, false) & OPEN) === 0) {
        const blocks = blocksOfText(document.text);
        countReject(blocks);
        keep(gateSamples(document, blocks, drawnBlocks(encoder.encode(document.id), blocks, keys, limit()), keys));
        return;
      }
      now.candidates.push({ record, offset, document });
      now.characters += whole.length;
    },
    take() {
      const taken = now;
      now = fresh();
      return taken;
    },
    pending: () => now.bytes + now.characters + now.held,
  };
}

function fresh(): Sifted {
  return { tallies: new Map(), samples: [], faults: [], candidates: [], chunks: [], bytes: 0, characters: 0, held: 0 };
}

/** Whether a JSON string's raw bytes begin, after spaces, with a plain visible ASCII character: surely not blank. */
function startsWithText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const b = bytes[i]!;
    if (b === 32) continue;
    return b > 32 && b < 127 && b !== 92;
  }
  return false;
}
