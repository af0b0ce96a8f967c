// The labelled audit sample against its strata: who was labelled of how many. Says nothing about shares.
import type { HitData, Loaded, SourceData } from '../report/load.js';
import type { Db } from '../store/database.js';
import { STRATA } from '../unit.js';
import type { Label } from './label.js';
import { isJudge } from './readers.js';
import { type GateSize, gateCells, placeOf, rejectCell } from './rejects.js';
import { type StoredLabel, storedLabels } from './store.js';
import { HITS, hitPath, hitStratum, isAuditStratum } from './strata.js';

/** A labelled passage of a stratum. */
export interface Unit {
  readonly label: Label;
  readonly words: number;
  /** passages it stands for, relative to the mean of its stratum: its document's over the mean document's in `gate`, else 1 */
  readonly weight: number;
  /** whether the passage bears a persona's name: among the AI names of a hit, in title or text of a reject */
  readonly bears: (name: string) => boolean;
  /** the encoder's, null where it did not score the passage */
  readonly scores: Float32Array | null;
}

/** A stratum of one source. Sizes of `gate` classes are those of its documents, expanded where they were not counted. */
export interface Cell {
  readonly source: string;
  readonly name: string;
  /** passages */
  readonly population: number;
  readonly words: number;
  readonly units: readonly Unit[];
}

export interface AuditSample {
  readonly cells: readonly Cell[];
  readonly gates: readonly GateSize[];
  /** labels that stand in a cell, and their readers */
  readonly used: number;
  readonly readers: readonly string[];
  /** labels of audit strata whose passage is in no stratum of this database; those of copies left out do not count */
  readonly outside: number;
  /** drawn rejects without a label before the last labelled one of their stratum: left out by the reader */
  readonly gaps: number;
  /** labels by models (`labels judge`): they stand apart and are in no cell */
  readonly judged: number;
}

/**
 * Sorts the labels into the strata that they were drawn from. Rejects go by the label's own stratum; a hit goes by its
 * scores into the finest stratum that was drawn at its place, so that several draws add up: within any part of the hits
 * every draw is a simple random sample. Where several readers labelled a passage, the one with the most labels counts.
 * Labels of judges are left out.
 */
export function readAudit(db: Db, loaded: Loaded): AuditSample {
  const stored = storedLabels(db).filter((l) => isAuditStratum(l.sample));
  const read = stored.filter((l) => !isJudge(l.reader));
  const { labels, readers } = onePerPassage(read);
  const parts = loaded.sources.map((source) => {
    const own = labels.filter((l) => l.source === source.id);
    const hitCells = cellsOfHits(source, own);
    const rejects = STRATA.filter((s) => (source.tallies.get(`sample|population|${s}`) ?? 0) > 0).map((stratum) =>
      stratum === 'gate' ? gateCells(db, source, own) : rejectCell(db, source, stratum, own),
    );
    return { cells: [...rejects.flatMap((r) => r.cells), ...hitCells, ...failed(source)], rejects };
  });
  const cells = parts.flatMap((p) => p.cells);
  const rejects = parts.flatMap((p) => p.rejects);
  const matched = new Set(cells.flatMap((c) => c.units.map((u) => u.label)));
  const copies = new Map(loaded.sources.map((s) => [s.id, s.copies.places]));
  const outside = labels.filter((l) => !matched.has(l.label) && !copies.get(l.source)?.has(placeOf(l.doc, l)));
  return {
    cells,
    gates: rejects.flatMap((r) => (r.gate === null ? [] : [r.gate])),
    used: matched.size,
    readers,
    outside: outside.length,
    gaps: rejects.reduce((sum, r) => sum + r.gaps, 0),
    judged: stored.length - read.length,
  };
}

function onePerPassage(labels: readonly StoredLabel[]): { labels: StoredLabel[]; readers: string[] } {
  const counts = new Map<string, number>();
  for (const { reader } of labels) counts.set(reader, (counts.get(reader) ?? 0) + 1);
  const readers = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1));
  const chosen = new Map<string, StoredLabel>();
  for (const label of labels) {
    const key = `${label.source}\u0000${placeOf(label.doc, label)}`;
    const before = chosen.get(key);
    if (before === undefined || readers.indexOf(label.reader) < readers.indexOf(before.reader)) chosen.set(key, label);
  }
  return { labels: [...chosen.values()], readers };
}

interface Filling {
  population: number;
  words: number;
  readonly places: Set<string>;
  /** one unit per place, and one per row */
  readonly first: Unit[];
  readonly all: Unit[];
}

function cellsOfHits(source: SourceData, labels: readonly StoredLabel[]): Cell[] {
  const own = labels.filter((l) => l.sample.split(':')[0] === HITS);
  const names = new Set(own.map((l) => l.sample));
  const byPlace = new Map(own.map((l) => [placeOf(l.doc, l), l.label]));
  const cells = new Map<string, Filling>();
  for (const hit of source.hits) {
    const name = finest(hit, names);
    let cell = cells.get(name);
    if (cell === undefined) {
      cell = { population: 0, words: 0, places: new Set(), first: [], all: [] };
      cells.set(name, cell);
    }
    const place = placeOf(hit.document, hit);
    const label = byPlace.get(place);
    cell.population++;
    cell.words += hit.words;
    if (label !== undefined) {
      const bears = (persona: string): boolean => hit.names.includes(persona);
      const unit = { label, words: hit.words, weight: 1, bears, scores: hit.scores };
      cell.all.push(unit);
      if (!cell.places.has(place)) cell.first.push(unit);
    }
    cell.places.add(place);
  }
  return [...cells.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { population, words, places, first, all }]) => {
      // a repeated document id counts once among the sampled, unless all are labelled: then every row is known
      const units = first.length === places.size ? all : first;
      return { source: source.name, name, population, words, units };
    });
}

/** Name of the hits that no draw could have taken. */
const UNDRAWN = 'hits not drawn from';

function finest(hit: HitData, names: ReadonlySet<string>): string {
  if (names.size === 0) return UNDRAWN;
  const path = hitPath(hit.scores);
  for (let depth = path.length; depth >= 0; depth--) {
    const name = hitStratum(path, depth);
    if (names.has(name)) return name;
  }
  return UNDRAWN;
}

/** Passages whose scoring failed are part of the corpus, and nobody knows what they hold. */
function failed(source: SourceData): Cell[] {
  const population = source.tallies.get('transformer|failed|error') ?? 0;
  if (population === 0) return [];
  const words = source.tallies.get('transformer|failed_words|error') ?? 0;
  return [{ source: source.name, name: 'failed', population, words, units: [] }];
}
