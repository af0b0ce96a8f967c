// One hit with all its scores, as a value and as lines for a terminal. What lies around it in the document is not stored.
import { PersonaPriorError, printable } from '../errors.js';
import type { Db } from '../store/database.js';
import { byHead, scoresOf } from '../store/scores.js';

export interface ShownHit {
  readonly id: number;
  readonly source: string;
  readonly input: string;
  readonly document: string;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly passage: number;
  readonly passages: number;
  readonly names: readonly string[];
  readonly tropes: readonly string[];
  readonly linear: number | null;
  readonly malevolent: number;
  readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** other hits with exactly this text */
  readonly duplicates: number;
  readonly before: string | null;
  readonly text: string;
  readonly after: string | null;
  readonly labels: readonly { reader: string; label: unknown }[];
}

/** Reads one hit. `before` and `after` are the neighbouring passages where they are hits too. Throws `usage` for an unknown id. */
export function showHit(db: Db, id: number): ShownHit {
  const row = db
    .prepare(`select h.*, s.name as source, f.name as input,
      (select count(*) - 1 from hits d where d.text_hash = h.text_hash) as duplicates
      from hits h join sources s on s.id = h.source_id join shards f on f.id = h.shard_id where h.id = ?`)
    .get(id) as (Record<string, never> & { passage: number }) | undefined;
  if (row === undefined) {
    throw new PersonaPriorError('usage', `no hit has the id ${id}`, { help: 'ids are those that `search` prints' });
  }
  const beside = db.prepare('select text from hits where shard_id = ? and record = ? and passage = ?').pluck();
  const text = (passage: number): string | null =>
    (beside.get(row['shard_id'], row['record'], passage) as string | undefined) ?? null;
  return {
    id,
    source: row['source']!,
    input: row['input']!,
    document: row['document']!,
    title: row['title']!,
    start: row['start']!,
    end: row['end']!,
    passage: row.passage,
    passages: row['passages']!,
    names: JSON.parse(row['names']!),
    tropes: JSON.parse(row['tropes']!),
    linear: row['linear']!,
    malevolent: row['malevolent']!,
    scores: byHead(scoresOf(row['scores']!)),
    duplicates: row['duplicates']!,
    before: text(row.passage - 1),
    text: row['text']!,
    after: text(row.passage + 1),
    labels: (
      db
        .prepare('select reader, label from labels where source_id = ? and document = ? and start = ? and end = ?')
        .all(row['source_id'], row['document'], row['start'], row['end']) as { reader: string; label: string }[]
    ).map(({ reader, label }) => ({ reader, label: JSON.parse(label) })),
  };
}

/** Lines for a terminal; text of the corpus keeps its line ends and loses its control characters. */
export function shownText(hit: ShownHit): string {
  const safe = (text: string): string => text.split(/\r?\n/).map(printable).join('\n');
  const lines = [
    `hit ${hit.id}: ${printable(hit.source)} · ${printable(hit.document)}${hit.title === null ? '' : ` · ${printable(hit.title)}`}`,
    `${printable(hit.input)}, characters ${hit.start}-${hit.end}, passage ${hit.passage + 1} of ${hit.passages}`,
    `names ${hit.names.map(printable).join(', ') || 'none'} · tropes ${hit.tropes.join(', ') || 'none'} · exact duplicates ${hit.duplicates}`,
    `P(malevolent) ${hit.malevolent.toFixed(3)} · linear ${hit.linear === null ? 'not run' : hit.linear.toFixed(3)}`,
    ...Object.entries(hit.scores).map(
      ([head, values]) =>
        `  ${head}: ${Object.entries(values)
          .sort((a, b) => b[1] - a[1])
          .map(([label, p]) => `${label} ${p.toFixed(3)}`)
          .join(', ')}`,
    ),
    ...hit.labels.map(({ reader, label }) => `  label by ${printable(reader)}: ${printable(JSON.stringify(label))}`),
    '',
    ...(hit.before === null ? [] : [`${safe(hit.before)}\n`]),
    `>>> ${safe(hit.text)} <<<`,
    ...(hit.after === null ? [] : [`\n${safe(hit.after)}`]),
  ];
  return `${lines.join('\n')}\n`;
}
