// The drawn passages as the page shows them: text, what the database holds around it, what the model said. Labels are elsewhere.
import type { AuditRow } from '../labels/sample.js';
import { HITS } from '../labels/strata.js';
import type { Db } from '../store/database.js';
import { byHead, scoresOf } from '../store/scores.js';

/** A passage as the page is given it: a row of the audit sample, or a hit. */
export type Shown = Pick<
  AuditRow,
  'id' | 'sample' | 'source' | 'doc' | 'start' | 'end' | 'title' | 'text' | 'inclusion'
>;

/** The hits with these ids, in their order; an id that the database does not have is left out. */
export function hitRows(db: Db, ids: readonly number[]): Shown[] {
  const hit = db.prepare(`select s.name as source, h.document as doc, h.start, h.end, h.title, h.text
    from hits h join sources s on s.id = h.source_id where h.id = ?`);
  return ids.flatMap((id) => {
    const row = hit.get(id) as Pick<Shown, 'source' | 'doc' | 'start' | 'end' | 'title' | 'text'> | undefined;
    return row === undefined ? [] : [{ id: String(id), sample: HITS, inclusion: 1, ...row }];
  });
}

/** A stored passage of the same document. `gap` counts the code points between it and the shown one. */
export interface Neighbour {
  readonly text: string;
  readonly gap: number;
}

/** What the cascade made of a passage; a stage that did not run is null. */
export interface ModelView {
  readonly stratum: string;
  readonly names: readonly string[];
  readonly linear: number | null;
  readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
}

export interface ShownPassage {
  /** from 0, in the order of the sample */
  readonly index: number;
  readonly id: string;
  readonly source: string;
  readonly doc: string;
  readonly start: number;
  readonly end: number;
  readonly title: string | null;
  readonly before: Neighbour | null;
  readonly text: string;
  readonly after: Neighbour | null;
  /** null in blind mode */
  readonly model: ModelView | null;
}

/** Neighbours further away than this many code points say little about who speaks here. */
const NEAR = 4000;

/**
 * Prepares the passages of a sample. In blind mode nothing is given that a model made.
 * Neighbours are hits, and rejects that the scan kept; where a source repeats a document id, only hits of the same record.
 */
export function openPassages(db: Db, rows: readonly Shown[], blind: boolean): (index: number) => ShownPassage {
  const documents = spansOf(db, rows);
  const hitAt = db.prepare('select text, names, linear, scores from main.hits where id = ?');
  const sampleAt =
    db.prepare(`select m.text, m.linear, m.scores from main.samples m join sources s on s.id = m.source_id
    where s.name = ? and m.stratum = ? and m.key = ? and m.document = ? and m.start = ?`);
  const read = (source: string, doc: string, span: Span): StoredRow =>
    (span.hit === null
      ? sampleAt.get(source, span.stratum, span.key, doc, span.start)
      : hitAt.get(span.hit)) as StoredRow;
  return (index) => {
    const { id, source, doc, start, end, title, text, sample } = rows[index]!;
    const spans = documents.get(documentKey(source, doc))!;
    const own = spans.find((s) => s.start === start && s.end === end);
    const beside = own === undefined ? [] : neighbours(spans, own);
    const shown = (span: Span | undefined, gap: (span: Span) => number): Neighbour | null =>
      span === undefined || gap(span) > NEAR ? null : { text: read(source, doc, span).text, gap: gap(span) };
    const before = shown(
      beside.findLast((s) => s.end <= start),
      (s) => start - s.end,
    );
    const after = shown(
      beside.find((s) => s.start >= end),
      (s) => s.start - end,
    );
    const model = blind || own === undefined ? null : modelView(sample, read(source, doc, own));
    return { index, id, source, doc, start, end, title, before, text, after, model };
  };
}

interface StoredRow {
  readonly text: string;
  readonly names?: string;
  readonly linear: number | null;
  readonly scores: Buffer | null;
}

/** Where a stored passage of a document lies and how to get it: a hit by its id, a kept reject by stratum and key. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly hit: number | null;
  /** of a hit: shard and record, which tell documents of one id apart */
  readonly record: string | null;
  readonly stratum: string;
  readonly key: number;
}

function spansOf(db: Db, rows: readonly Shown[]): Map<string, Span[]> {
  const documents = new Map<string, Span[]>(rows.map((row) => [documentKey(row.source, row.doc), []]));
  const drawn = JSON.stringify([...new Set(rows.map((row) => row.doc))]);
  const hits = db.prepare(`select s.name as source, h.document as doc, h.start, h.end, h.id as hit,
    h.shard_id || '#' || h.record as record, '' as stratum, 0 as key from main.hits h join sources s on s.id = h.source_id
    where h.document in (select value from json_each(?))`);
  const samples = db.prepare(`select s.name as source, m.document as doc, m.start, m.end, null as hit, null as record,
    m.stratum, m.key from main.samples m join sources s on s.id = m.source_id
    where m.document in (select value from json_each(?))`);
  for (const statement of [hits, samples]) {
    for (const row of statement.iterate(drawn) as IterableIterator<Span & { source: string; doc: string }>) {
      const { source, doc, ...span } = row;
      documents.get(documentKey(source, doc))?.push(span);
    }
  }
  for (const spans of documents.values()) spans.sort((a, b) => a.start - b.start || a.end - b.end);
  return documents;
}

function neighbours(spans: readonly Span[], own: Span): readonly Span[] {
  const records = new Set(spans.flatMap((s) => (s.record === null ? [] : [s.record])));
  const repeated = records.size > 1 || spans.some((s) => s !== own && s.start === own.start);
  if (!repeated) return spans;
  return own.record === null ? [] : spans.filter((s) => s.record === own.record);
}

function modelView(stratum: string, row: StoredRow): ModelView {
  const { names, linear } = row;
  return {
    stratum,
    names: names === undefined ? [] : JSON.parse(names),
    linear,
    scores: row.scores === null ? null : byHead(scoresOf(row.scores)),
  };
}

function documentKey(source: string, doc: string): string {
  return `${source}\u0000${doc}`;
}
