// Finds the stored passages at given places, hits and audit samples alike. Knows nothing of labels.
import type { Db } from '../store/database.js';

/** Where a passage stands: source id, document id, code point offsets. */
export interface Place {
  readonly source: number;
  readonly doc: string;
  readonly start: number;
  readonly end: number;
}

export interface StoredPassage {
  readonly title: string | null;
  readonly text: string;
}

export function placeKey({ source, doc, start, end }: Place): string {
  return `${source}\u0000${doc}\u0000${start}\u0000${end}`;
}

/** The stored passages at one place, hits first: none, or several where a source repeats a document id. */
export function passageAt(db: Db, place: Place): StoredPassage[] {
  return lookup(db)(place);
}

/** The stored passages at `places` by {@link placeKey}; a place that the database does not hold has no entry. */
export function storedPassages(db: Db, places: readonly Place[]): Map<string, StoredPassage[]> {
  const find = lookup(db);
  const found = new Map<string, StoredPassage[]>();
  for (const place of places) {
    const key = placeKey(place);
    if (found.has(key)) continue;
    const passages = find(place);
    if (passages.length > 0) found.set(key, passages);
  }
  return found;
}

function lookup(db: Db): (place: Place) => StoredPassage[] {
  const statement = db.prepare(`select title, text from hits where document = @doc and start = @start and end = @end
    and source_id = @source
    union all select title, text from samples where document = @doc and start = @start and end = @end
    and source_id = @source`);
  return ({ source, doc, start, end }) => {
    const rows = statement.all({ source, doc, start, end }) as StoredPassage[];
    return rows.filter(({ text }, i) => rows.findIndex((row) => row.text === text) === i);
  };
}
