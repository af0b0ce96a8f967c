// One reader's labels of the drawn passages: reads, writes and takes back. They live in the database and nowhere else.
import type { Label } from '../labels/label.js';
import { importLabels } from '../labels/store.js';
import type { Db } from '../store/database.js';
import type { Shown } from './passages.js';

export interface Progress {
  readonly total: number;
  readonly done: number;
  /** the first passage without a label, null when all have one */
  readonly next: number | null;
}

/** What an undo did: `label` was taken back from passage `index`, whose label is now `restored`, or none. */
export interface Undone {
  readonly index: number;
  readonly label: Label;
  readonly restored: Label | null;
}

export interface Answers {
  progress(): Progress;
  labelOf(index: number): Label | null;
  /** Stores a label at once. @returns null, or what the codebook has against it */
  save(index: number, fields: Readonly<Record<string, unknown>>): Promise<string | null>;
  /** Takes back what was saved last: in this session step by step, else the newest label; null when there is none. */
  undo(): Promise<Undone | null>;
}

export function openAnswers(db: Db, rows: readonly Shown[], reader: string): Answers {
  const ids = new Map(
    (db.prepare('select id, name from sources').all() as { id: number; name: string }[]).map((s) => [s.name, s.id]),
  );
  const placeOf = ({ source, doc, start, end }: Shown) => [ids.get(source), doc, start, end, reader] as const;
  const where = 'source_id = ? and document = ? and start = ? and end = ? and reader = ?';
  const select = db.prepare(`select label, created, id from labels where ${where}`);
  const remove = db.prepare(`delete from labels where ${where}`);
  /** what stood at a passage before each save of this session */
  const history: { readonly index: number; readonly before: Label | null }[] = [];

  const stored = (index: number): Stored | undefined => select.get(...placeOf(rows[index]!)) as Stored | undefined;
  const labelOf = (index: number): Label | null => {
    const found = stored(index);
    if (found === undefined) return null;
    const { id: _, ...label } = JSON.parse(found.label) as Label & { id: unknown };
    return label;
  };
  const write = async (index: number, fields: Readonly<Record<string, unknown>>): Promise<string | null> => {
    const { id, sample, source, doc, start, end, inclusion } = rows[index]!;
    const record = { ...fields, id, sample, source, doc, start, end, inclusion, reader };
    const { errors, empty } = await importLabels(db, [JSON.stringify(record)]);
    return empty > 0 ? 'persona is missing' : (errors[0]?.message ?? null);
  };
  const newest = (): number | null => {
    const given = rows.flatMap((_, index) => {
      const found = stored(index);
      return found === undefined ? [] : [{ index, ...found }];
    });
    given.sort((a, b) => (a.created === b.created ? b.id - a.id : a.created < b.created ? 1 : -1));
    return given[0]?.index ?? null;
  };

  return {
    labelOf,
    progress() {
      const open = rows.flatMap((_, index) => (stored(index) === undefined ? [index] : []));
      return { total: rows.length, done: rows.length - open.length, next: open[0] ?? null };
    },
    async save(index, fields) {
      const before = labelOf(index);
      const wrong = await write(index, fields);
      if (wrong === null) history.push({ index, before });
      return wrong;
    },
    async undo() {
      const { index, before } = history.pop() ?? { index: newest(), before: null };
      const label = index === null ? null : labelOf(index);
      if (index === null || label === null) return null;
      if (before === null) remove.run(...placeOf(rows[index]!));
      else await write(index, { ...before });
      return { index, label, restored: before };
    },
  };
}

interface Stored {
  readonly label: string;
  readonly created: string;
  readonly id: number;
}
