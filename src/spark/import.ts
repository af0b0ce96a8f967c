// `import-spark`: the output of spark/scan.py as the database that a local scan of the same inputs would have made.
import { PersonaPriorError } from '../errors.js';
import type { Db } from '../store/database.js';
import { newDatabase } from '../store/new-database.js';
import { finishRun, registerRun, shardFor, sourceId, troubles } from '../store/shards.js';
import { openWriter, type Writer } from '../store/writer.js';
import type { Fault, Hit, Sample, Tallies } from '../unit.js';
import { openOutput, type PlannedItem, type SparkOutput, type SparkRow } from './output.js';
import type { FileEnd } from './records.js';

export interface Imported {
  readonly partitions: number;
  readonly sources: number;
  readonly files: number;
  readonly documents: number;
  readonly hits: number;
  /** files that were not read to their end */
  readonly incomplete: number;
  /** Parquet files that were passed over, since another one holds their partition */
  readonly surplus: number;
  /** whether any input was skipped, repaired or left unread */
  readonly partial: boolean;
}

/**
 * Writes `out`, into a file beside it that is renamed at the end. Throws `usage` when `out` exists, and what
 * {@link openOutput} throws.
 */
export async function importSpark(dir: string, out: string, command: string): Promise<Imported> {
  const made = newDatabase(out, 'give a new --db; `persona-prior merge` makes one of several');
  try {
    const imported = await copy(made.db, await openOutput(dir), command);
    made.keep();
    return imported;
  } catch (cause) {
    throw made.drop(cause);
  }
}

async function copy(db: Db, output: SparkOutput, command: string): Promise<Imported> {
  const { hello, files, partitions } = output.plan;
  const { versions, hashes, settings } = hello;
  const run = registerRun(db, {
    command: `${output.plan.command} && ${command}`,
    versions,
    hashes,
    settings,
    resume: false,
  });
  const writer = openWriter(db, db.name);
  const readers = new Map<number, Reader>();
  const pieces = files.map((): Piece[] => []);
  partitions.forEach(({ items }, partition) => {
    items.forEach((item, number) => {
      pieces[item.file]!.push({ partition, number, item });
    });
  });
  let hits = 0;
  let incomplete = 0;
  let trouble = 0;
  for (const [number, { file, source }] of files.entries()) {
    const open = pieces[number]!.map((piece) => {
      const reader = readers.get(piece.partition) ?? readerOf(output.rows(piece.partition));
      readers.set(piece.partition, reader);
      return { ...piece, reader };
    });
    const id = sourceId(db, source);
    const shard = shardFor(db, run, id, file, { index: 1, of: 1 }, { again: true });
    const done = await copyFile(db, writer, shard.id, id, open);
    const { format, compression, fields } = done.end;
    if (format !== null && compression !== null && fields !== null) shard.remember(format, compression, fields);
    hits += done.hits;
    trouble += troubles(db, shard.id);
    if (done.end.status === 'incomplete') incomplete++;
    // items lie in the partitions in the order of the files: a partition whose last one is read is done with
    for (const { partition, number: item } of open) {
      if (item === partitions[partition]!.items.length - 1) readers.delete(partition);
    }
  }
  finishRun(db, run, 'done');
  const n = (sql: string): number => db.prepare(sql).pluck().get() as number;
  return {
    partitions: partitions.length,
    sources: n('select count(*) from sources'),
    files: files.length,
    documents: n("select coalesce(sum(n), 0) from tallies where stage = 'read' and kind = 'out'"),
    hits,
    incomplete,
    surplus: output.surplus,
    partial: trouble > 0 || incomplete > 0,
  };
}

interface Piece {
  readonly partition: number;
  /** of the item in its partition */
  readonly number: number;
  readonly item: PlannedItem;
}

/** Rows of a partition with a look at the next one. */
interface Reader {
  peek(): Promise<SparkRow | null>;
  take(): Promise<SparkRow>;
}

function readerOf(rows: AsyncGenerator<SparkRow>): Reader {
  let next: Promise<IteratorResult<SparkRow, unknown>> | undefined;
  const peek = async (): Promise<SparkRow | null> => {
    next ??= rows.next();
    const { value, done } = await next;
    return done ? null : (value as SparkRow);
  };
  return {
    peek,
    async take() {
      const row = await peek();
      if (row === null) throw new PersonaPriorError('missing_input', 'a partition ends before its last item');
      next = undefined;
      return row;
    },
  };
}

/** Hits that are committed at once. */
const BATCH = 500;
const START = { nextRecord: 0, nextByte: 0, compressedBytes: 0 };

/** One file from all of its pieces: hits in the order of their records, as a scan that reads it in one go stores them. */
async function copyFile(
  db: Db,
  writer: Writer,
  shard: number,
  source: number,
  pieces: readonly (Piece & { readonly reader: Reader })[],
): Promise<{ end: FileEnd; hits: number }> {
  const none = { tallies: new Map(), samples: [], faults: [] };
  let batch: Hit[] = [];
  let hits = 0;
  for (;;) {
    let least: { hit: SparkRow; reader: Reader } | undefined;
    for (const { reader, number } of pieces) {
      const hit = await reader.peek();
      if (hit?.row !== 'hit' || hit.item !== number) continue;
      if (least === undefined || (hit['record'] as number) < (least.hit['record'] as number)) least = { hit, reader };
    }
    if (least === undefined) break;
    batch.push(hitOf(await least.reader.take()));
    hits++;
    if (batch.length < BATCH) continue;
    writer.commit(shard, source, { ...none, hits: batch }, START, null);
    batch = [];
  }
  const tallies: Tallies = new Map();
  const samples: Sample[] = [];
  const faults: Fault[] = [];
  const ends: FileEnd[] = [];
  for (const { reader, number } of pieces) {
    for (let row = await reader.take(); ; row = await reader.take()) {
      if (row.item !== number)
        throw new PersonaPriorError('missing_input', 'rows of an item are not where they belong');
      if (row.row === 'tally') {
        const key = `${String(row['stage'])}|${String(row['kind'])}|${String(row['reason'])}`;
        tallies.set(key, (tallies.get(key) ?? 0) + (row['n'] as number));
      } else if (row.row === 'sample') samples.push(sampleOf(row));
      else if (row.row === 'fault') faults.push(faultOf(row));
      else if (row.row === 'file') {
        ends.push(JSON.parse(row['detail'] as string) as FileEnd);
        break;
      }
    }
  }
  const end = joined(ends);
  const inOrder = faults.sort((a, b) => a.record - b.record);
  writer.commit(shard, source, { tallies, hits: batch, samples, faults: inOrder }, end, end);
  // of a file that a worker fetched, the plan does not know the first bytes
  db.prepare('update shards set head_hash = ? where id = ?').run(end.file.headHash, shard);
  return { end, hits };
}

/** The end of a file from the ends of its pieces: read as far as the furthest, whole when all are. */
function joined(ends: readonly FileEnd[]): FileEnd {
  const most = (of: (end: FileEnd) => number): number => Math.max(...ends.map(of));
  const known = ends.find((end) => end.format !== null) ?? ends[0]!;
  const broken = ends.find((end) => end.status === 'incomplete');
  return {
    ...known,
    status: broken === undefined ? 'done' : 'incomplete',
    fault: broken?.fault ?? null,
    nextRecord: most((end) => end.nextRecord),
    nextByte: most((end) => end.nextByte),
    compressedBytes: most((end) => end.compressedBytes),
  };
}

function hitOf(row: SparkRow): Hit {
  return {
    record: row['record'] as number,
    document: row['document'] as string,
    title: (row['title'] ?? null) as string | null,
    start: row['start'] as number,
    end: row['end'] as number,
    words: row['words'] as number,
    passage: row['passage'] as number,
    passages: row['passages'] as number,
    text: row['text'] as string,
    textHash: row['text_hash'] as string,
    names: (row['names'] ?? []) as string[],
    tropes: (row['tropes'] ?? []) as string[],
    linear: (row['linear'] ?? null) as number | null,
    persona: row['persona'] as number,
    malevolent: row['malevolent'] as number,
    scores: floats(row['scores'] as Uint8Array),
    embedding: floats(row['embedding'] as Uint8Array),
  };
}

function sampleOf(row: SparkRow): Sample {
  const scores = row['scores'] as Uint8Array | null | undefined;
  return {
    stratum: row['stratum'] as string,
    key: row['key'] as number,
    document: row['document'] as string,
    start: row['start'] as number,
    end: row['end'] as number,
    title: (row['title'] ?? null) as string | null,
    text: row['text'] as string,
    words: row['words'] as number,
    unitWords: row['unit_words'] as number,
    unitPassages: row['unit_passages'] as number,
    linear: (row['linear'] ?? null) as number | null,
    scores: scores == null ? null : floats(scores),
  };
}

function faultOf(row: SparkRow): Fault {
  return {
    stage: row['stage'] as string,
    reason: row['reason'] as string,
    record: row['record'] as number,
    offset: row['byte_offset'] as number,
    message: row['message'] as string,
  };
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
