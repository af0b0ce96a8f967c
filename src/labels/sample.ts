// `labels sample`: which passages somebody should label, so that the corpus can be estimated from them.

import { PersonaPriorError } from '../errors.js';
import { cautiousRates, labelsForPrecision, neymanAllocation, proportionalAllocation } from '../estimate/design.js';
import type { Db } from '../store/database.js';
import { characterOf, type HitFrame, type RejectFrame, readFrame, type SourceFrame } from './frame.js';
import { EMPTY_LABEL } from './label.js';
import { textId } from './store.js';
import { hitStratum } from './strata.js';
import { parseWish, type Wish } from './wish.js';

export interface DrawOptions {
  /** labels in all; left out where `precision` says it */
  readonly n?: number;
  readonly design: 'neyman' | 'proportional';
  /** of the draw among hits; default: the scan's. Rejects were drawn by the scan. */
  readonly seed?: number;
  /** e.g. `malevolent|shutdown_threat:±0.1` */
  readonly precision?: string;
}

/** A line of the file to label. */
export type AuditRow = typeof EMPTY_LABEL & {
  /** first 12 hexadecimal digits of the SHA-256 of `text` */
  readonly id: string;
  /** stratum of its source */
  readonly sample: string;
  readonly source: string;
  readonly doc: string;
  readonly start: number;
  readonly end: number;
  readonly title: string | null;
  readonly text: string;
  /** probability that the draw had of taking this passage */
  readonly inclusion: number;
};

export interface DrawnStratum {
  readonly source: string;
  readonly sample: string;
  /** documents in `gate`, passages elsewhere */
  readonly population: number;
  readonly available: number;
  readonly drawn: number;
}

export interface AuditDraw {
  readonly rows: readonly AuditRow[];
  readonly strata: readonly DrawnStratum[];
  /** where `precision` was given: half-width to expect with these labels */
  readonly half: number | null;
}

/** Labels that a stratum gets at least under `neyman`, where the total allows twice as many for every stratum. */
const FLOOR = 20;
/** A stratum of hits is split when each part gets so many. */
const CELL_FLOOR = 5;
const LEVEL = 0.95;

/**
 * Draws the audit sample: simple random samples without replacement from each stratum of each source, by keyed hash, so
 * that the same call gives the same rows and a larger n adds to a smaller one's strata of rejects. Strata are the
 * scan's kinds of rejects, and the hits by situation group, valence and score as finely as the labels allow. Rows are
 * ordered so that a reader who stops early has labelled a sample of every stratum in the same proportions.
 * `neyman` allocates by size and cautiously guessed variance (Neyman 1934) over floors, `proportional` by size alone.
 * Throws `usage` for a wish it cannot read or cannot be met, and when both or neither of n and precision are given.
 */
export function drawAudit(db: Db, options: DrawOptions): AuditDraw {
  const wish = options.precision === undefined ? null : parseWish(options.precision);
  if ((wish === null) === (options.n === undefined)) {
    throw new PersonaPriorError('usage', 'expected either a number of labels or a precision', {
      help: 'give -n or --precision',
    });
  }
  const frame = readFrame(db, options.seed ?? scanSeed(db), wish?.share ?? characterOf);
  const tops = frame.flatMap((source) => topStrata(source, wish !== null));
  const { sizes, half } = wish === null ? { sizes: allocate(tops, options), half: null } : plan(tops, wish);
  const cells = tops.flatMap((top, i) =>
    'hits' in top ? split(top, sizes[i]!, options.design, wish !== null) : [{ ...top, drawn: sizes[i]! }],
  );
  const rows = cells.flatMap((cell) => rowsOf(db, cell));
  rows.sort((a, b) => a.turn - b.turn);
  return {
    rows: rows.map(({ row }) => row),
    strata: cells.map(({ source, sample, population, available, drawn }) => ({
      source: source.name,
      sample,
      population: Math.round(population),
      available,
      drawn,
    })),
    half,
  };
}

/** Seed of the last run of the scan, 1 where there was none. */
function scanSeed(db: Db): number {
  const settings = db.prepare('select settings from runs order by id desc limit 1').pluck().get() as string | undefined;
  return settings === undefined ? 1 : ((JSON.parse(settings) as { seed?: number }).seed ?? 1);
}

interface Top {
  readonly source: SourceFrame;
  readonly sample: string;
  readonly population: number;
  /** population in passages */
  readonly passages: number;
  readonly available: number;
  readonly share: number | null;
}

interface RejectCell extends Top, Pick<RejectFrame, 'stratum' | 'least' | 'most'> {}

interface HitCell extends Top {
  readonly hits: readonly HitFrame[];
  readonly depth: number;
}

type Drawn = (RejectCell | HitCell) & { readonly drawn: number };

/** Strata that labels are allocated to first: the rejects, and the hits whole or (`byGroup`) by situation group. */
function topStrata(source: SourceFrame, byGroup: boolean): (RejectCell | HitCell)[] {
  const rejects = source.rejects.map((reject) => ({ source, ...reject }));
  if (source.hits.length === 0) return rejects;
  const all = hitCell(source, source.hits, 0);
  return [...rejects, ...(byGroup ? parts(all) : [all])];
}

function hitCell(source: SourceFrame, hits: readonly HitFrame[], depth: number): HitCell {
  const available = hits.length;
  // where document ids repeat, every stratum is taken to repeat them alike
  const population = Math.round((available * source.hitRows) / source.hits.length);
  const share = hits.reduce((sum, h) => sum + h.share, 0) / available;
  const sample = hitStratum(hits[0]!.path, depth);
  return { source, sample, population, passages: population, available, share, hits, depth };
}

/** A stratum of hits by the next step of their paths. */
function parts({ source, hits, depth }: HitCell): HitCell[] {
  const groups = new Map<string, HitFrame[]>();
  for (const hit of hits) {
    const group = groups.get(hit.path[depth]!);
    if (group === undefined) groups.set(hit.path[depth]!, [hit]);
    else group.push(hit);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => hitCell(source, group, depth + 1));
}

function allocate(tops: readonly (RejectCell | HitCell)[], options: DrawOptions): number[] {
  const n = options.n!;
  const rates = cautiousRates(tops.map((t) => ({ population: t.passages, hit: 'hits' in t })));
  // labels are capped by what was kept of a stratum, its weight makes up for the rest
  const strata = tops.map((t, i) => ({
    population: t.available,
    weight: t.available === 0 ? 0 : t.passages / t.available,
    rate: rates[i]!,
  }));
  if (options.design === 'proportional') return proportionalAllocation(strata, n, 1);
  return neymanAllocation(strata, n, Math.max(1, Math.min(FLOOR, Math.floor(n / (2 * tops.length)))));
}

function plan(tops: readonly (RejectCell | HitCell)[], wish: Wish): { sizes: readonly number[]; half: number } {
  const rates = cautiousRates(tops.map((t) => ({ population: t.passages, hit: 'hits' in t })));
  // the share of the domain among characters, for strata without scores
  const hits = tops.filter((t) => 'hits' in t);
  const characters = hits.reduce((sum, t) => sum + t.passages, 0);
  const among = characters === 0 ? 0 : hits.reduce((sum, t) => sum + t.passages * t.share!, 0) / characters;
  const strata = tops.map((t, i) => ({ population: Math.round(t.passages), domain: t.share ?? rates[i]! * among }));
  const { labels, allocation, half } = labelsForPrecision(strata, wish.half, LEVEL, 0.5, 2);
  const short = tops.find((t, i) => allocation[i]! > t.available);
  if (labels === null || short !== undefined) {
    const why =
      short === undefined
        ? `reading everything gives ±${half.toPrecision(2)}`
        : `${short.source.name}, ${short.sample} keeps ${short.available} of the passages it takes`;
    throw new PersonaPriorError('usage', `±${wish.half} cannot be reached in this database: ${why}`, {
      help: 'ask for less, or scan more text',
    });
  }
  return { sizes: allocation, half };
}

/**
 * Splits a stratum of hits while its labels allow: every part gets {@link CELL_FLOOR} (or all it has), the rest goes by
 * size. Every part has labels, so that the parts are strata of the estimate too.
 */
function split(cell: HitCell, n: number, design: DrawOptions['design'], last: boolean): Drawn[] {
  const whole = [{ ...cell, drawn: n }];
  if (last || cell.depth === cell.hits[0]!.path.length) return whole;
  const children = parts(cell);
  const least = children.reduce((sum, c) => sum + Math.min(CELL_FLOOR, c.available), 0);
  if (n < 1.5 * least && n < cell.available) return whole;
  const strata = children.map((c) => ({ population: c.available }));
  const sizes = proportionalAllocation(strata, n, CELL_FLOOR);
  return children.flatMap((child, i) => split(child, sizes[i]!, design, last));
}

/** The first `drawn` passages of a stratum by key. `turn` in (0, 1) orders the rows of all strata among each other. */
function rowsOf(db: Db, cell: Drawn): { row: AuditRow; turn: number }[] {
  const { source, sample, drawn } = cell;
  const passages =
    'hits' in cell
      ? cell.hits.slice(0, drawn).map((hit) => hitPassage(db, hit.id))
      : rejectPassages(db, source.id, cell, drawn);
  return passages.map(({ unitPassages, ...passage }, i) => ({
    row: {
      id: textId(passage.text),
      sample,
      source: source.name,
      ...passage,
      inclusion: drawn / ('hits' in cell ? cell.available : cell.population) / unitPassages,
      ...EMPTY_LABEL,
    },
    turn: (i + 0.5) / drawn,
  }));
}

interface PassageRow {
  readonly doc: string;
  readonly start: number;
  readonly end: number;
  readonly title: string | null;
  readonly text: string;
  readonly unitPassages: number;
}

function hitPassage(db: Db, id: number): PassageRow {
  return db
    .prepare('select document as doc, start, end, title, text, 1 as unitPassages from hits where id = ?')
    .get(id) as PassageRow;
}

function rejectPassages(db: Db, source: number, { stratum, least, most }: RejectCell, n: number): PassageRow[] {
  return db
    .prepare(`select document as doc, start, end, title, text, unit_passages as unitPassages from samples
      where source_id = ? and stratum = ? and unit_passages between ? and ? order by key, document, start limit ?`)
    .all(source, stratum, least, most, n) as PassageRow[];
}
