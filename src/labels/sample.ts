// `labels sample`: which passages somebody should label, so that the corpus can be estimated from them.

import { PersonaPriorError } from '../errors.js';
import type { Db } from '../store/database.js';
import {
  allocate,
  type Drawn,
  type Outlook,
  outlookOf,
  plan,
  type RejectCell,
  split,
  topStrata,
} from './allocation.js';
import { characterOf, readFrame } from './frame.js';
import { EMPTY_LABEL } from './label.js';
import { textId } from './store.js';
import { parseWish } from './wish.js';

export interface DrawOptions {
  /** labels in all; left out where `precision` says it */
  readonly n?: number;
  readonly design: 'neyman' | 'proportional';
  /** of the draw among hits; default: the scan's. Rejects were drawn by the scan. */
  readonly seed?: number;
  /** e.g. `malevolent|shutdown_threat:±0.1` or `character:±0.002` */
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
  /** blocks in `gate`, passages elsewhere */
  readonly population: number;
  readonly available: number;
  readonly drawn: number;
}

export interface AuditDraw {
  readonly rows: readonly AuditRow[];
  readonly strata: readonly DrawnStratum[];
  /** where `precision` was given: half-width to expect with these labels */
  readonly half: number | null;
  /** null where nothing was drawn */
  readonly outlook: Outlook | null;
}

/**
 * Draws the audit sample: simple random samples without replacement from each stratum of each source, by keyed hash, so
 * that the same call gives the same rows and a larger n adds to a smaller one's strata of rejects. Strata are the
 * scan's kinds of rejects, and the hits by situation group, valence and score as finely as the labels allow. Rows are
 * ordered so that a reader who stops early has labelled a sample of every stratum in the same proportions.
 * `neyman` allocates by size and cautiously guessed variance (Neyman 1934) over floors, `proportional` by size alone.
 * `outlook` says what interval to expect, and what holds its upper end up.
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
  const tops = frame.flatMap((source) => topStrata(source, wish?.of === 'prior'));
  const { sizes, half } =
    wish === null ? { sizes: allocate(tops, options.n!, options.design), half: null } : plan(tops, wish);
  const cells = tops.flatMap((top, i) =>
    'hits' in top ? split(top, sizes[i]!, wish?.of === 'prior') : [{ ...top, drawn: sizes[i]! }],
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
    outlook: outlookOf(tops, sizes),
  };
}

/** Seed of the last run of the scan, 1 where there was none. */
function scanSeed(db: Db): number {
  const settings = db.prepare('select settings from runs order by id desc limit 1').pluck().get() as string | undefined;
  return settings === undefined ? 1 : ((JSON.parse(settings) as { seed?: number }).seed ?? 1);
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
