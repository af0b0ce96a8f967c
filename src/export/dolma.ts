// `--format dolma`: attribute files in the layout of AI2's Dolma toolkit, a line for every line of the documents.
import { join } from 'node:path';
import { PersonaPriorError } from '../errors.js';
import { extractDocument, type FieldMapping, parseJsonRecord } from '../read/fields.js';
import { openInput } from '../read/open.js';
import type { Db } from '../store/database.js';
import type { RawRecord } from '../types.js';
import { attributePaths, EXPERIMENT } from './layout.js';
import { writeLines } from './output.js';
import { type HitRow, recordHits } from './rows.js';
import { changed, findAgain, type ScannedFile, scannedFiles } from './scanned.js';
import { isSelected, type Selection } from './selection.js';

/** `[start, end, probability]`, offsets in code points. */
type Span = readonly [number, number, number];

/** One line of an attribute file. `character` and `malevolent` list every hit, `selected` those with the property. */
export interface AttributeLine {
  readonly id: string;
  readonly attributes: Readonly<Record<`${typeof PREFIX}${'character' | 'malevolent' | 'selected'}`, readonly Span[]>>;
}

/** Dolma names attributes experiment, tagger and kind, joined by two underscores. */
const PREFIX = `${EXPERIMENT}__persona_prior__` as const;

export interface DolmaOptions {
  /** ids */
  readonly sources: readonly number[];
  readonly out: string;
  readonly signal: AbortSignal;
}

/**
 * Reads every scanned file again and writes its attributes under `out`. All files are looked for before the first is
 * written. Throws `missing_input` and `input_changed`, and `usage` for what Dolma could not pair with its documents: files
 * other than JSON lines with `id` and `text`, records that are not JSON or have no string id.
 * @returns the files written
 */
export async function writeAttributes(db: Db, selection: Selection, options: DolmaOptions): Promise<string[]> {
  const files = scannedFiles(db, options.sources);
  for (const file of files) checkFormat(file);
  const paths = attributePaths(files.map((file) => file.path));
  for (const file of files) await findAgain(file);
  const written: string[] = [];
  for (const [i, file] of files.entries()) {
    const path = join(options.out, paths[i]!);
    await writeLines(path, attributeLines(db, file, selection), options.signal);
    written.push(path);
  }
  return written;
}

function checkFormat({ format, fields, name }: ScannedFile): void {
  const wrong =
    format !== 'jsonl'
      ? `this file is ${format ?? 'of an unknown format'}`
      : fields?.text !== 'text' || fields.id !== 'id'
        ? `this file has its text in ${fields?.text} and its id in ${fields?.id ?? 'no field'}`
        : null;
  if (wrong === null) return;
  throw new PersonaPriorError('usage', `Dolma reads JSON lines with the fields id and text, and ${wrong}`, {
    place: { file: name },
    help: 'convert it and scan that, or export with --format ids',
  });
}

async function* attributeLines(db: Db, file: ScannedFile, selection: Selection): AsyncGenerator<string> {
  const mapping = file.fields!;
  const hitsOf = recordHits(db);
  let met = 0;
  let next = 0;
  const opened = await openInput(await findAgain(file), { textField: 'text', idField: 'id', trustCompression: true });
  for await (const batch of opened.batches) {
    for (const record of batch.records) {
      const { id, text } = lineOf(file, record, mapping);
      const hits = hitsOf(file.shardOf(record.record), record.record);
      checkHits(file, hits, text);
      met += hits.length;
      next = record.record + 1;
      yield `${JSON.stringify(attributesOf(id, hits, selection))}\n`;
    }
  }
  const { fault } = opened.outcome();
  if (fault !== undefined) throw changed(file, `${fault.reason}: ${fault.message}`);
  if (met !== hitsIn(db, file)) throw changed(file, 'it ends before its last hit', next);
}

function lineOf(file: ScannedFile, record: RawRecord, mapping: FieldMapping): { id: string; text: string | null } {
  const refuse = (what: string): PersonaPriorError =>
    new PersonaPriorError('usage', `${what}, and Dolma would lose its place in this file`, {
      place: { file: file.name, record: record.record },
      help: 'mend or delete the record and scan the file again, or export with --format ids',
    });
  if (record.kind === 'fault') throw refuse(`the record is ${record.reason}`);
  const parsed = record.kind === 'json' ? parseJsonRecord(record.bytes) : { fields: record.fields, repaired: false };
  if ('fault' in parsed) throw refuse('the record is not a JSON object');
  if (parsed.repaired) throw refuse('the record is not valid UTF-8');
  const { id } = parsed.fields;
  if (typeof id !== 'string') throw refuse('the id of the record is not a string');
  const extracted = extractDocument(parsed.fields, mapping, '');
  return { id, text: 'fault' in extracted ? null : extracted.document.text };
}

/** The hits must stand in the text where the scan found them. */
function checkHits(file: ScannedFile, hits: readonly HitRow[], text: string | null): void {
  if (hits.length === 0) return;
  const points = text === null || !/[\ud800-\udfff]/.test(text) ? null : Array.from(text);
  for (const { start, end, text: found, record } of hits) {
    const there = points === null ? (text ?? '').slice(start, end) : points.slice(start, end).join('');
    if (there !== found) throw changed(file, `another text at ${start} to ${end}`, record);
  }
}

function attributesOf(id: string, hits: readonly HitRow[], selection: Selection): AttributeLine {
  const spans = (list: readonly HitRow[], p: (hit: HitRow) => number): Span[] =>
    list.map((hit) => [hit.start, hit.end, p(hit)]);
  const selected = hits.filter((hit) => isSelected(selection, hit.scores));
  return {
    id,
    attributes: {
      [`${PREFIX}character` as const]: spans(hits, (hit) => hit.persona),
      [`${PREFIX}malevolent` as const]: spans(hits, (hit) => hit.malevolent),
      [`${PREFIX}selected` as const]: spans(selected, (hit) => selection.score(hit.scores)),
    } as AttributeLine['attributes'],
  };
}

function hitsIn(db: Db, file: ScannedFile): number {
  const count = db.prepare('select count(*) from hits where shard_id = ?').pluck();
  return file.shards.reduce((sum, shard) => sum + (count.get(shard) as number), 0);
}
