// Which passages a judge reads: the drawn sample, or those that people have labelled. Asks nobody.
import { passageAt } from '../labels/passages.js';
import { isJudge } from '../labels/readers.js';
import type { AuditRow } from '../labels/sample.js';
import { storedLabels, textId } from '../labels/store.js';
import { isAuditStratum } from '../labels/strata.js';
import type { Db } from '../store/database.js';

/** A passage to judge, and where its label belongs. */
export type Judged = Pick<AuditRow, 'id' | 'sample' | 'source' | 'doc' | 'start' | 'end' | 'title' | 'text'> & {
  readonly inclusion: number | null;
};

/** Passages of the audit sample that a person labelled, each once, in the order of the labels. */
export function overlap(db: Db): Judged[] {
  const seen = new Set<string>();
  return storedLabels(db).flatMap((row) => {
    const { source, sourceName, doc, start, end, sample, inclusion, reader, id } = row;
    const place = JSON.stringify([source, doc, start, end]);
    if (isJudge(reader) || !isAuditStratum(sample) || seen.has(place)) return [];
    const passage = passageAt(db, row).find(({ text }) => id === null || textId(text) === id);
    if (passage === undefined) return [];
    seen.add(place);
    const { title, text } = passage;
    return [{ id: textId(text), sample, source: sourceName, doc, start, end, title, text, inclusion }];
  });
}

/** Those of `rows` that `reader` has not labelled. */
export function open(db: Db, rows: readonly Judged[], reader: string): Judged[] {
  const labelled = db.prepare(`select 1 from labels l join sources s on s.id = l.source_id
    where s.name = ? and l.document = ? and l.start = ? and l.end = ? and l.reader = ?`);
  return rows.filter(({ source, doc, start, end }) => labelled.get(source, doc, start, end, reader) === undefined);
}
