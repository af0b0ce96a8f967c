// Labels into the database and out of it, as JSONL. Draws no sample and estimates nothing.
import { createHash } from 'node:crypto';
import type { Db } from '../store/database.js';
import { type Label, type LabelRecord, parseLabel } from './label.js';

export interface BadLabel {
  /** from 1 */
  readonly line: number;
  readonly message: string;
}

/** What became of every line that is not blank: lines = added + replaced + empty + errors. */
export interface Imported {
  readonly lines: number;
  readonly added: number;
  /** labels that this reader had given before, now overwritten */
  readonly replaced: number;
  /** records whose persona nobody filled in */
  readonly empty: number;
  /** stored labels of passages that the database does not hold; no estimate can use them */
  readonly elsewhere: number;
  readonly errors: readonly BadLabel[];
}

/**
 * Stores the labels of a JSONL stream, one per passage and reader; a second label by the same reader replaces the first.
 * All lines are read before anything is written, in one transaction. A line that breaks the codebook, names a source
 * that was not scanned, or whose id is not that of the passage's text is an error of that line, and the others go on.
 * @param options.reader who labelled the lines that do not say so
 */
export async function importLabels(
  db: Db,
  lines: Iterable<string> | AsyncIterable<string>,
  options: { readonly reader?: string } = {},
): Promise<Imported> {
  const sources = new Map(
    (db.prepare('select id, name from sources').all() as { id: number; name: string }[]).map((s) => [s.name, s.id]),
  );
  const textsOf = passageTexts(db);
  const errors: BadLabel[] = [];
  const good: { source: number; record: LabelRecord }[] = [];
  let number = 0;
  let read = 0;
  let empty = 0;
  let elsewhere = 0;
  for await (const raw of lines) {
    number++;
    const line = number === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (line.trim() === '') continue;
    read++;
    const record = parseLabel(line, options.reader ?? null);
    if (record === null) {
      empty++;
      continue;
    }
    const problem = typeof record === 'string' ? record : undefined;
    const source = typeof record === 'string' ? undefined : sources.get(record.source);
    if (typeof record === 'string' || source === undefined) {
      const unknown = typeof record === 'string' ? '' : `no source ${record.source} in this database`;
      errors.push({ line: number, message: problem ?? unknown });
      continue;
    }
    const texts = textsOf(source, record);
    if (texts.length === 0) elsewhere++;
    else if (record.id !== null && /^[0-9a-f]{12}$/.test(record.id) && !texts.some((t) => textId(t) === record.id)) {
      errors.push({ line: number, message: `id ${record.id} is not that of the passage's text` });
      continue;
    }
    good.push({ source, record });
  }
  return { lines: read, ...write(db, good), empty, elsewhere, errors };
}

/** First 12 hexadecimal digits of the SHA-256 of a passage's text. */
export function textId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Texts stored at a passage's place; two where a source repeats a document id. */
function passageTexts(db: Db): (source: number, place: Pick<LabelRecord, 'doc' | 'start' | 'end'>) => string[] {
  const find = db.prepare(`select text from samples where source_id = @source and document = @doc and start = @start
      and end = @end
    union select text from hits where source_id = @source and document = @doc and start = @start and end = @end`);
  return (source, { doc, start, end }) => find.pluck().all({ source, doc, start, end }) as string[];
}

function write(db: Db, labels: readonly { source: number; record: LabelRecord }[]): { added: number; replaced: number } {
  const insert = db.prepare(`insert into labels (source_id, document, start, end, sample, inclusion, reader, label, created)
    values (@source, @doc, @start, @end, @sample, @inclusion, @reader, @json, @created)
    on conflict (source_id, document, start, end, reader)
    do update set sample = excluded.sample, inclusion = excluded.inclusion, label = excluded.label, created = excluded.created`);
  const count = db.prepare('select count(*) from labels').pluck();
  let added = 0;
  db.transaction(() => {
    const before = count.get() as number;
    const created = new Date().toISOString();
    for (const { source, record } of labels) {
      const { label, id, doc, start, end, sample, inclusion, reader } = record;
      const json = JSON.stringify({ id, ...label });
      insert.run({ source, doc, start, end, sample, inclusion, reader, json, created });
    }
    added = (count.get() as number) - before;
  })();
  return { added, replaced: labels.length - added };
}

/** A stored label with its passage's words where the database holds them. */
export interface StoredLabel extends LabelRecord {
  readonly title: string | null;
  readonly text: string | null;
}

/**
 * All labels in the order of source, document, place and reader, in the shape that {@link importLabels} reads.
 * `text: false` leaves texts and titles null.
 */
export function* exportLabels(db: Db, options: { readonly text?: boolean } = {}): Generator<StoredLabel & Label> {
  const rows = db
    .prepare(`select s.name as source, s.id as sourceId, l.document as doc, l.start, l.end, l.sample, l.inclusion,
      l.reader, l.label from labels l join sources s on s.id = l.source_id
      order by s.name, l.document, l.start, l.end, l.reader`)
    .all() as (Omit<LabelRecord, 'label' | 'id'> & { label: string; sourceId: number })[];
  const find = db.prepare(`select title, text from samples where source_id = @sourceId and document = @doc
      and start = @start and end = @end
    union all select title, text from hits where source_id = @sourceId and document = @doc and start = @start
      and end = @end limit 1`);
  for (const { sourceId, label: json, ...place } of rows) {
    const { doc, start, end } = place;
    const { id, ...label } = JSON.parse(json) as Label & { id: string | null };
    const passage = options.text === false ? undefined : find.get({ sourceId, doc, start, end });
    const { title, text } = (passage ?? { title: null, text: null }) as { title: string | null; text: string | null };
    yield { id, ...place, title, text, ...label } as unknown as StoredLabel & Label;
  }
}
