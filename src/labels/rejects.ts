// The labelled rejects of one source against their strata; documents that the gate rejected in classes of their size.
import type { SourceData } from '../report/load.js';
import type { Db } from '../store/database.js';
import { scoresOf } from '../store/scores.js';
import type { Stratum } from '../unit.js';
import type { Cell } from './cells.js';
import type { Label } from './label.js';
import type { StoredLabel } from './store.js';
import { gateClass, stageOf } from './strata.js';

/** Size of a block (of a rejected document) that the scan kept, in the cell of its class. */
export interface GateDocument {
  readonly cell: Cell;
  readonly passages: number;
  readonly words: number;
}

/** What is known of the sizes of all blocks of documents that the gate rejected in a source. */
export interface GateSize {
  readonly source: string;
  /** blocks; documents in databases of version 1.1 and before */
  readonly documents: number;
  readonly kept: readonly GateDocument[];
  /** whether all passages and words were counted, and only their split among classes is estimated */
  readonly counted: boolean;
}

interface SampleRow {
  readonly document: string;
  readonly start: number;
  readonly end: number;
  readonly words: number;
  readonly unitWords: number;
  readonly unitPassages: number;
  readonly title: string | null;
  readonly text: string;
  readonly scores: Buffer | null;
}

/** The cells of one stratum of rejects; `gaps` counts kept passages without a label before the last labelled one. */
export interface Rejects {
  readonly cells: readonly Cell[];
  readonly gate: GateSize | null;
  readonly gaps: number;
}

function sampleRows(db: Db, source: SourceData, stratum: Stratum): SampleRow[] {
  return db
    .prepare(`select document, start, end, words, unit_words as unitWords, unit_passages as unitPassages, title, text,
        scores
      from samples
      where source_id = ? and stratum = ? order by key, document, start`)
    .all(source.id, stratum) as SampleRow[];
}

/** The labels of a stratum's kept passages, in their order, and how many were passed over. */
function match(
  rows: readonly SampleRow[],
  stratum: Stratum,
  labels: readonly StoredLabel[],
): { found: { row: SampleRow; label: Label }[]; gaps: number } {
  const own = labels.filter((l) => stageOf(l.sample) === stratum);
  const byPlace = new Map(own.map((l) => [placeOf(l.doc, l), l.label]));
  let last = 0;
  const found = rows.flatMap((row, i) => {
    const label = byPlace.get(placeOf(row.document, row));
    if (label === undefined) return [];
    last = i + 1;
    return [{ row, label }];
  });
  return { found, gaps: last - found.length };
}

/** The one cell of a stratum whose units are passages. */
export function rejectCell(db: Db, source: SourceData, stratum: Stratum, labels: readonly StoredLabel[]): Rejects {
  const { found, gaps } = match(sampleRows(db, source, stratum), stratum, labels);
  const n = (kind: string): number => source.tallies.get(`sample|${kind}|${stratum}`) ?? 0;
  const units = found.map(({ row, label }) => ({
    label,
    words: row.words,
    weight: 1,
    bears: bearsIn(row),
    scores: row.scores === null ? null : scoresOf(row.scores),
  }));
  const cell = { source: source.name, name: stratum, population: n('population'), words: n('words'), units };
  return { cells: [cell], gate: null, gaps };
}

/**
 * The classes of blocks. A class has blocks × its share of the kept ones, each with the mean passages of its class; where
 * the scan counted all passages and words, the classes are scaled to them.
 */
export function gateCells(db: Db, source: SourceData, labels: readonly StoredLabel[]): Rejects {
  const documents = source.tallies.get('sample|population|gate')!;
  const rows = sampleRows(db, source, 'gate');
  const sum = (list: readonly SampleRow[], of: 'unitPassages' | 'unitWords'): number =>
    list.reduce((total, row) => total + row[of], 0);
  if (rows.length < documents && sum(rows, 'unitPassages') === 0) {
    // nothing was kept, or white space alone: how much stands in the rest is not known
    const population = source.tallies.get('gate|dropped_passages|') ?? documents;
    const cell = { source: source.name, name: 'gate', population, words: 0, units: [] };
    return { cells: [cell], gate: { source: source.name, documents, kept: [], counted: false }, gaps: 0 };
  }
  const scale = (tally: string, kept: number): number =>
    kept === 0 ? 0 : (source.tallies.get(tally) ?? (documents / rows.length) * kept) / kept;
  const perPassage = scale('gate|dropped_passages|', sum(rows, 'unitPassages'));
  const perWord = scale('gate|dropped_words|', sum(rows, 'unitWords'));
  const cells = new Map<string, Cell>();
  let gaps = 0;
  const kept = new Map<string, SampleRow[]>();
  for (const row of rows) {
    const { name } = gateClass(row.unitPassages);
    const list = kept.get(name);
    if (list === undefined) kept.set(name, [row]);
    else list.push(row);
  }
  for (const [name, own] of kept) {
    const matched = match(own, 'gate', labels);
    gaps += matched.gaps;
    const mean = sum(own, 'unitPassages') / own.length;
    const units = matched.found.map(({ row, label }) => {
      const weight = row.unitPassages / mean;
      return { label, words: row.words * weight, weight, bears: bearsIn(row), scores: null };
    });
    const population = Math.max(units.length, Math.round(perPassage * sum(own, 'unitPassages')));
    cells.set(name, { source: source.name, name, population, words: perWord * sum(own, 'unitWords'), units });
  }
  const sizes = rows.map((row) => {
    const cell = cells.get(gateClass(row.unitPassages).name)!;
    return { cell, passages: row.unitPassages, words: row.unitWords };
  });
  const counted = source.tallies.has('gate|dropped_passages|');
  return { cells: [...cells.values()], gate: { source: source.name, documents, kept: sizes, counted }, gaps };
}

/** A passage's place within its source. */
export function placeOf(document: string, { start, end }: { readonly start: number; readonly end: number }): string {
  return `${document}\u0000${start}\u0000${end}`;
}

/** Rejects have no AI names of their own: a name is looked for as a whole word. */
function bearsIn({ title, text }: SampleRow): (name: string) => boolean {
  return (name) => {
    const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u').test(`${title ?? ''}\n${text}`);
  };
}
