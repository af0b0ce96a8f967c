// A JSON array of any size, or one object over several lines, element by element by stream-json's parser.
import { createRequire } from 'node:module';
import type { Transform } from 'node:stream';
import type { RawRecord, RecordBatch } from '../types.js';
import { holdsMark, markingDecoder } from './decode.js';
import { messageOf, StreamFault } from './fault.js';
import { feed, finish } from './feed.js';

export interface ArrayOptions {
  /** bytes that an element may have, to within a chunk */
  readonly recordLimit: number;
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
}

/**
 * Elements from `firstRecord` on; a single object counts as an array of one. Where the syntax breaks, the rest cannot be
 * framed: it is one fault (`malformed`, `too_long`, or `truncated` at the end), which is thrown after the last batch.
 */
export async function* readArray(
  chunks: AsyncIterable<Uint8Array>,
  options: ArrayOptions,
): AsyncGenerator<RecordBatch> {
  const decode = markingDecoder();
  let records: RawRecord[] = [];
  let record = 0;
  const add = (make: (at: number) => RawRecord): void => {
    const at = record++;
    if (at >= options.firstRecord) records.push(make(at));
  };
  let whole = false;
  const parser = elements(
    (value) => {
      elementStart = bytes;
      add((at) => asRecord(value, at, decode.damaged()));
    },
    () => {
      whole = true;
    },
  );
  let bytes = 0;
  let elementStart = 0;
  let broken: StreamFault | undefined;
  let ending = false;
  try {
    for await (const chunk of chunks) {
      const text = decode.text(chunk, false);
      const first = bytes === 0;
      bytes += chunk.length;
      await feed(parser, first ? text.replace(/^\ufeff/, '') : text);
      if (bytes - elementStart > options.recordLimit) {
        throw new StreamFault('too_long', `an element is over the limit of ${options.recordLimit} bytes`, elementStart);
      }
      if (records.length === 0) continue;
      yield { records, bytes, compressedBytes: options.compressedBytes() };
      records = [];
    }
    ending = true;
    const rest = decode.text(new Uint8Array(0), true);
    if (rest !== '') await feed(parser, rest);
    if (bytes > 0) await finish(parser);
  } catch (error) {
    if (error instanceof StreamFault) broken = error;
    else if (ending && !whole) broken = new StreamFault('truncated', 'the array ends inside', bytes);
    else broken = new StreamFault('malformed', messageOf(error), bytes);
    const inside = error instanceof StreamFault && error.reason !== 'too_long';
    if (bytes > 0 && !(inside && whole)) {
      const { reason, message } = broken;
      add((at) => ({ kind: 'fault', record: at, offset: -1, reason: inside ? 'truncated' : reason, message }));
    }
  }
  if (records.length > 0) yield { records, bytes, compressedBytes: options.compressedBytes() };
  if (broken !== undefined) throw broken;
}

interface Token {
  readonly name: string;
  readonly value?: unknown;
}

interface Assembler {
  readonly done: boolean;
  readonly current: unknown;
  consume(token: Token): void;
}

/**
 * stream-json's parser with an assembler per element. Its tokens are taken where it pushes them, not from its readable
 * side: that one loses what is buffered when an error comes, and costs twice the time.
 */
function elements(onElement: (value: unknown) => void, onEnd: () => void): Transform {
  const require = createRequire(import.meta.url);
  const Parser = require('stream-json/Parser.js') as new (options: object) => Transform;
  const Assembling = require('stream-json/Assembler.js') as new () => Assembler;
  const parser = new Parser({ streamValues: false, decodeStrings: false });
  let assembler: Assembler | undefined;
  let inside = false; // the outermost array
  const take = (token: Token): void => {
    if (assembler === undefined) {
      if (!inside && token.name === 'startArray') {
        inside = true;
        return;
      }
      if (inside && token.name === 'endArray') {
        onEnd();
        return;
      }
      assembler = new Assembling();
    }
    assembler.consume(exact(token));
    if (!assembler.done) return;
    onElement(assembler.current);
    assembler = undefined;
    if (!inside) onEnd();
  };
  parser.push = (token: Token | null) => {
    if (token !== null) take(token);
    return true;
  };
  parser.on('error', () => {}); // comes back from feed
  return parser;
}

/** Integers beyond 2^53 keep their digits, as in JSONL. */
function exact(token: Token): Token {
  if (token.name !== 'numberValue' || !/^-?\d{16,309}$/.test(token.value as string)) return token;
  const value = token.value as string;
  return Number.isSafeInteger(Number(value)) ? token : { name: 'stringValue', value: BigInt(value) };
}

function asRecord(value: unknown, record: number, damaged: boolean): RawRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = 'expected an object in the array';
    return { kind: 'fault', record, offset: -1, reason: 'malformed', message, found: value };
  }
  const fields = value as Record<string, unknown>;
  return { kind: 'fields', record, offset: -1, fields, repaired: damaged && holdsMark(fields) };
}
