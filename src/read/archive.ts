// The members of a tar or zip archive as the records of one input. Knows no archive format: tar.ts and zip.ts give members.
import { PersonaPriorError } from '../errors.js';
import type { RawRecord, RecordBatch, SkipReason } from '../types.js';
import { COMPRESSED, decompress, detectCompression } from './compression.js';
import { withinLimits } from './expansion.js';
import { messageOf, StreamFault } from './fault.js';
import { chooseMapping, extractDocument, type FieldChoice, type FieldMapping, parseJsonRecord } from './fields.js';
import { detectFormat, extensionOf, type Format, isNamed } from './format.js';
import { openParquet } from './parquet.js';
import { readableFirst, readFormat } from './readers.js';
import { counted, withHead } from './source.js';

export interface Member {
  /** inside the archive */
  readonly path: string;
  /** of its first byte in the uncompressed archive, -1 where it has none */
  readonly offset: number;
  /** its bytes, or why they are not read */
  readonly content: AsyncIterable<Uint8Array> | { readonly reason: SkipReason; readonly message: string };
}

export interface ArchiveOptions {
  readonly recordLimit: number;
  readonly firstRecord: number;
  readonly compressedBytes: () => number;
  /** field names as the user chose them, for every member anew */
  readonly choice: FieldChoice;
  readonly trustCompression?: boolean;
}

const HEAD = 64 * 1024;

/**
 * Records of all members, numbered through. A text member is one document, its id is the member's path. A member that is no
 * dump, or breaks, is counted and the next one is read; the first one that broke is thrown after the last batch, since the
 * input was then not read whole. `members` must not go on before a member's content is let go.
 */
export async function* readArchive(
  members: AsyncIterable<Member>,
  options: ArchiveOptions,
): AsyncGenerator<RecordBatch> {
  let next = 0;
  let broken: StreamFault | undefined;
  let end: StreamFault | undefined;
  const batch = (records: readonly RawRecord[]): RecordBatch => ({
    records: records.filter((record) => record.record >= options.firstRecord),
    bytes: options.compressedBytes(),
    compressedBytes: options.compressedBytes(),
  });
  const alone = (reason: SkipReason, message: string, offset: number): RecordBatch =>
    batch([{ kind: 'fault', record: next++, offset, reason, message }]);
  try {
    for await (const member of members) {
      const told = (message: string): string => `${member.path}: ${message}`;
      const { content } = member;
      if ('reason' in content) {
        yield alone(content.reason, told(content.message), member.offset);
        continue;
      }
      const first = next;
      try {
        for await (const { records } of memberRecords(member, content, options)) {
          for (const record of records) next = Math.max(next, first + record.record + 1);
          const placed = records.map((record) => ({ ...record, record: first + record.record }));
          yield batch(
            placed.map((record) => (record.kind === 'fault' ? { ...record, message: told(record.message) } : record)),
          );
        }
      } catch (error) {
        if (error instanceof StreamFault) {
          broken ??= new StreamFault(error.reason, told(error.message));
          // what broke before a record began would otherwise show in no count
          if (next === first) yield alone(error.reason, told(error.message), member.offset);
        } else if (error instanceof PersonaPriorError && error.code === 'unknown_format') {
          const reason = isNamed(extensionOf(member.path)) ? 'bad_record' : 'media_type';
          yield alone(reason, told(error.message), member.offset);
        } else throw error;
      }
    }
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    end = error; // of the archive itself
  }
  const fault = end ?? broken;
  if (fault !== undefined) throw fault;
}

async function* memberRecords(
  member: Member,
  content: AsyncIterable<Uint8Array>,
  options: ArchiveOptions,
): AsyncGenerator<RecordBatch> {
  let compressed = 0;
  const chunks = counted(content, (n) => {
    compressed += n;
  });
  const raw = await withHead(chunks, HEAD);
  let close = raw.close;
  try {
    const compression = detectCompression(raw.head, member.path);
    let bytes = raw;
    if (compression !== 'none') {
      const decompressed = decompress(raw.all, compression);
      const within = options.trustCompression ? decompressed : withinLimits(decompressed, () => compressed);
      bytes = await withHead(within, HEAD);
      close = bytes.close;
    }
    const format = detectFormat(bytes.head, member.path);
    const batches = await readMember(format, bytes, member.path, options);
    let mapping: FieldMapping | null | undefined;
    let problem = '';
    for await (const batch of readableFirst(batches)) {
      if (mapping === undefined && batch.records.length > 0) {
        try {
          mapping = chooseMapping(batch.records, format, { ...options.choice, file: member.path });
        } catch (error) {
          if (!(error instanceof PersonaPriorError) || error.code !== 'no_text_field') throw error;
          mapping = null;
          problem = messageOf(error);
        }
      }
      const fields = mapping ?? null;
      const records = batch.records.map((record) => canonical(record, fields, problem));
      const known = compression === 'none' && member.offset >= 0;
      const placed = (record: RawRecord): RawRecord => ({
        ...record,
        offset: known && record.offset >= 0 ? member.offset + record.offset : -1,
      });
      yield { ...batch, records: records.map(placed) };
    }
  } finally {
    await close();
  }
}

async function readMember(
  format: Format,
  bytes: { head: Uint8Array; all: AsyncIterable<Uint8Array> },
  path: string,
  options: ArchiveOptions,
): Promise<AsyncIterable<RecordBatch>> {
  if (format === 'tar' || format === 'zip') {
    throw new PersonaPriorError('unknown_format', 'an archive inside an archive is not read');
  }
  const { recordLimit } = options;
  if (format !== 'parquet') {
    const id = path.replace(COMPRESSED, '');
    const common = { recordLimit, firstRecord: 0, firstByte: 0, compressedBytes: () => 0 };
    return readFormat(format, { ...common, id, head: bytes.head.subarray(0, HEAD), chunks: bytes.all });
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes.all) {
    size += chunk.length;
    if (size > recordLimit) {
      throw new StreamFault(
        'too_long',
        `a Parquet file inside an archive is read in memory, at most ${recordLimit} bytes`,
      );
    }
    parts.push(chunk);
  }
  const parquet = await openParquet(Buffer.concat(parts));
  return parquet.batches(parquet.columns, 0);
}

/** A record with the fields of `text`, `id` and `title`. JSON that has them already stays as it is: the gate reads it fast. */
function canonical(record: RawRecord, mapping: FieldMapping | null, problem: string): RawRecord {
  if (record.kind === 'fault') return record;
  const { record: number, offset } = record;
  if (mapping === null) return { kind: 'fault', record: number, offset, reason: 'no_text', message: problem };
  const same = mapping.text === 'text' && (mapping.id ?? 'id') === 'id' && (mapping.title ?? 'title') === 'title';
  if (same) return record;
  const parsed = record.kind === 'fields' ? record : parseJsonRecord(record.bytes);
  if ('fault' in parsed) return { kind: 'fault', record: number, offset, ...parsed.fault };
  const made = extractDocument(parsed.fields, mapping, '', parsed.repaired);
  if ('fault' in made) return { kind: 'fault', record: number, offset, ...made.fault };
  const { id, title, text } = made.document;
  return { kind: 'fields', record: number, offset, fields: { id, title, text }, repaired: made.repaired };
}
