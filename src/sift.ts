// The reading thread's part of a scan: settles most records on their raw bytes, and packs the rest into units for workers.
import { isUtf8 } from 'node:buffer';
import type { Gate } from './gate/gate.js';
import { OPEN } from './gate/gate.js';
import { checkRecord, type Spans } from './gate/structure.js';
import { extractDocument, type FieldMapping, parseJsonRecord } from './read/fields.js';
import { snapshot } from './store/quarantine.js';
import { LEFT_OUT, type RawRecord } from './types.js';
import { type Candidate, type Fault, gateSample, type Keys, type Sample, type Tallies, tally } from './unit.js';

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

  /** True when the record is a sound document that the gate rejects; false leaves it to a worker. */
  const rejectJson = (bytes: Uint8Array, record: number): boolean => {
    if (!flat || options.exactCounts) return false;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (gate.prefilter(bytes, 0, bytes.length, true) !== 0) return false;
    if (checkRecord(buffer, 0, bytes.length, wanted, spans) !== 'object') return false;
    if (spans[0]! < 0 || !startsWithText(bytes, spans[0]!, spans[1]!) || !isUtf8(buffer)) return false;
    const hasId = spans[2]! >= 0 && spans[3]! > spans[2]!;
    if (spans[2] === -2 || (hasId && bytes.subarray(spans[2]!, spans[3]!).includes(92))) return false;
    const idBytes = hasId ? bytes.subarray(spans[2]!, spans[3]!) : encoder.encode(`${file}#${record}`);
    if (hasId && !startsWithText(bytes, spans[2]!, spans[3]!)) return false;
    const key = keys.gate.unit(idBytes, 0);
    if (key <= options.gateLimit()) {
      const parsed = parseJsonRecord(bytes);
      if ('fault' in parsed) return false;
      const extracted = extractDocument(parsed.fields, mapping, `${file}#${record}`, parsed.repaired);
      if ('fault' in extracted || extracted.repaired) return false;
      const sample = gateSample(extracted.document, key, keys);
      if (sample !== null) now.samples.push(sample);
    }
    return true;
  };

  const countReject = (): void => {
    tally(now.tallies, 'gate', 'in');
    tally(now.tallies, 'gate', 'dropped', 'no_entity');
    tally(now.tallies, 'sample', 'population', 'gate');
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
        if (rejectJson(raw.bytes, record)) {
          tally(now.tallies, 'read', 'in');
          tally(now.tallies, 'read', 'out');
          countReject();
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
        countReject();
        const key = keys.gate.unit(encoder.encode(document.id), 0);
        const sample = key <= options.gateLimit() ? gateSample(document, key, keys) : null;
        if (sample !== null) now.samples.push(sample);
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
