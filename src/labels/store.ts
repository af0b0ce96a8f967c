// Labels into the database and out of it, as JSONL. Draws no sample and estimates nothing.
import { createHash } from 'node:crypto';
import type { Db } from '../store/database.js';
import { type Label, type LabelRecord, parseLabel } from './label.js';
import { type Place, placeKey, storedPassages } from './passages.js';

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
  const names = db.prepare('select id, name from sources').all() as { id: number; name: string }[];
  const sources = new Map(names.map((s) => [s.name, s.id]));
  const errors: BadLabel[] = [];
  const read: Numbered[] = [];
  let number = 0;
  let filled = 0;
  let empty = 0;
  for await (const raw of lines) {
    number++;
    const line = number === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (line.trim() === '') continue;
    filled++;
    const record = parseLabel(line, options.reader ?? null);
    if (record === null) empty++;
    else if (typeof record === 'string') errors.push({ line: number, message: record });
    else {
      const source = sources.get(record.source);
      if (source === undefined) errors.push({ line: number, message: `no source ${record.source} in this database` });
      else read.push({ line: number, place: { ...record, source }, record });
    }
  }
  const texts = storedPassages(
    db,
    read.map((r) => r.place),
  );
  const good = read.filter(({ line, place, record }) => {
    const stored = texts.get(placeKey(place));
    const foreign = stored !== undefined && isTextId(record.id) && !stored.some((p) => textId(p.text) === record.id);
    if (foreign) errors.push({ line, message: `id ${record.id} is not that of the passage's text` });
    return !foreign;
  });
  const elsewhere = good.filter(({ place }) => !texts.has(placeKey(place))).length;
  errors.sort((a, b) => a.line - b.line);
  return { lines: filled, ...write(db, good), empty, elsewhere, errors };
}

interface Numbered {
  readonly line: number;
  readonly place: Place;
  readonly record: LabelRecord;
}

/** First 12 hexadecimal digits of the SHA-256 of a passage's text. */
export function textId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Other tools may number their records otherwise; only an id of this form is checked. */
function isTextId(id: string | null): boolean {
  return id !== null && /^[0-9a-f]{12}$/.test(id);
}

function write(db: Db, labels: readonly Numbered[]): { added: number; replaced: number } {
  const insert =
    db.prepare(`insert into labels (source_id, document, start, end, sample, inclusion, reader, label, created)
    values (@source, @doc, @start, @end, @sample, @inclusion, @reader, @json, @created)
    on conflict (source_id, document, start, end, reader)
    do update set sample = excluded.sample, inclusion = excluded.inclusion, label = excluded.label, created = excluded.created`);
  const count = db.prepare('select count(*) from labels').pluck();
  let added = 0;
  db.transaction(() => {
    const before = count.get() as number;
    const created = new Date().toISOString();
    for (const { place, record } of labels) {
      const { label, id, doc, start, end, sample, inclusion, reader } = record;
      const json = JSON.stringify({ id, ...label });
      insert.run({ source: place.source, doc, start, end, sample, inclusion, reader, json, created });
    }
    added = (count.get() as number) - before;
  })();
  return { added, replaced: labels.length - added };
}

/** A line of an export: DESIGN's label record with the passage's words where the database holds them. */
export type ExportedLabel = Omit<LabelRecord, 'label'> & Label & { title: string | null; text: string | null };

/**
 * All labels in the order of source, document, place and reader, in the shape that {@link importLabels} reads.
 * `text: false` leaves texts and titles null.
 */
export function exportLabels(db: Db, options: { readonly text?: boolean } = {}): ExportedLabel[] {
  const rows = storedLabels(db);
  const texts = options.text === false ? new Map() : storedPassages(db, rows);
  return rows.map((row) => {
    const { sourceName, doc, start, end, sample, inclusion, reader, id, label } = row;
    const { title, text } = texts.get(placeKey(row))?.[0] ?? { title: null, text: null };
    return { id, sample, source: sourceName, doc, start, end, title, text, inclusion, reader, ...label };
  });
}

export interface StoredLabel extends Place {
  readonly sourceName: string;
  readonly sample: string;
  readonly inclusion: number | null;
  readonly reader: string;
  readonly id: string | null;
  readonly label: Label;
}

/** The labels table in the order of source, document, place and reader. */
export function storedLabels(db: Db): StoredLabel[] {
  const rows = db
    .prepare(`select l.source_id as source, s.name as sourceName, l.document as doc, l.start, l.end, l.sample, l.inclusion,
      l.reader, l.label from labels l join sources s on s.id = l.source_id
      order by s.name, l.document, l.start, l.end, l.reader`)
    .all() as (Omit<StoredLabel, 'label' | 'id'> & { label: string })[];
  return rows.map(({ label: json, ...row }) => {
    const { id, ...label } = JSON.parse(json) as Label & { id: string | null };
    return { ...row, id, label };
  });
}
