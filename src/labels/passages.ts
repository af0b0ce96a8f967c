// Finds the stored passages at given places, hits and audit samples alike, in one pass. Knows nothing of labels.
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

/**
 * The stored passages at `places` by {@link placeKey}: none where the database does not hold one, several where a source
 * repeats a document id. Hits have no index by document, so all their places are passed over once.
 */
export function storedPassages(db: Db, places: readonly Place[]): Map<string, StoredPassage[]> {
  const wanted = new Set(places.map(placeKey));
  const found = new Map<string, StoredPassage[]>();
  if (wanted.size === 0) return found;
  const add = (key: string, passage: StoredPassage): void => {
    const list = found.get(key);
    if (list === undefined) found.set(key, [passage]);
    else if (!list.some((p) => p.text === passage.text)) list.push(passage);
  };
  const sampleAt = db.prepare('select source_id as source, document as doc, start, end, title, text from samples');
  for (const row of sampleAt.iterate() as IterableIterator<Place & StoredPassage>) {
    const key = placeKey(row);
    if (wanted.has(key)) add(key, { title: row.title, text: row.text });
  }
  const hits = db.prepare('select id, source_id as source, document as doc, start, end from hits order by id');
  const ids: { key: string; id: number }[] = [];
  for (const row of hits.iterate() as IterableIterator<Place & { id: number }>) {
    const key = placeKey(row);
    if (wanted.has(key)) ids.push({ key, id: row.id });
  }
  const text = db.prepare('select title, text from hits where id = ?');
  for (const { key, id } of ids) add(key, text.get(id) as StoredPassage);
  return found;
}
