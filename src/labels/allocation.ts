// Strata of the audit sample and the labels that each gets. Which passages these are is in sample.ts.
import { PersonaPriorError } from '../errors.js';
import {
  cautiousRates,
  labelsForPrecision,
  neymanAllocation,
  type PlannedStratum,
  proportionalAllocation,
} from '../estimate/design.js';
import { type ExpectedShare, expectedShare, labelsForShare } from '../estimate/outlook.js';
import type { HitFrame, RejectFrame, SourceFrame } from './frame.js';
import type { DrawnStratum, DrawOptions } from './sample.js';
import { hitStratum } from './strata.js';
import type { Wish } from './wish.js';

/** What to expect of the share of passages with a character, level 0.95, if the guesses behind the allocation are right. */
export interface Outlook extends ExpectedShare {
  /** the stratum with the most passages to a label: what the upper end cannot get below */
  readonly weakest: { readonly source: string; readonly sample: string; readonly passages: number } & Pick<
    DrawnStratum,
    'available' | 'drawn'
  >;
}

/** Labels that a stratum gets at least under `neyman`, as far as a part of the total pays for that for every stratum. */
const FLOOR = 20;
/**
 * That part: half of the labels where hits are, since every figure of the matrix comes from them; a quarter elsewhere. What
 * floors of many small strata of rejects take is lost to the large ones, and the widest of those sets the upper end.
 */
const FLOOR_PART = { hits: 1 / 2, rejects: 1 / 4 };
/** A stratum of hits is split when each part gets so many. */
const CELL_FLOOR = 5;
const LEVEL = 0.95;

interface Top {
  readonly source: SourceFrame;
  readonly sample: string;
  readonly population: number;
  /** population in passages */
  readonly passages: number;
  readonly available: number;
  readonly share: number | null;
}

export interface RejectCell extends Top, Pick<RejectFrame, 'stratum' | 'least' | 'most'> {}

export interface HitCell extends Top {
  readonly hits: readonly HitFrame[];
  readonly depth: number;
}

export type Drawn = (RejectCell | HitCell) & { readonly drawn: number };

/** Strata that labels are allocated to first: the rejects, and the hits whole or (`byGroup`) by situation group. */
export function topStrata(source: SourceFrame, byGroup: boolean): (RejectCell | HitCell)[] {
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

export function allocate(tops: readonly (RejectCell | HitCell)[], n: number, design: DrawOptions['design']): number[] {
  const rates = ratesOf(tops);
  const floor = (part: number): number => Math.max(1, Math.min(FLOOR, Math.floor((n * part) / tops.length)));
  // labels are capped by what was kept of a stratum, its weight makes up for the rest
  const strata = tops.map((t, i) => ({
    population: t.available,
    weight: t.available === 0 ? 0 : t.passages / t.available,
    rate: rates[i]!,
    floor: floor('hits' in t ? FLOOR_PART.hits : FLOOR_PART.rejects),
  }));
  if (design === 'proportional')
    return proportionalAllocation(
      strata.map(({ floor: _, ...s }) => s),
      n,
      1,
    );
  return neymanAllocation(strata, n);
}

function ratesOf(tops: readonly (RejectCell | HitCell)[]): number[] {
  return cautiousRates(tops.map((t) => ({ population: t.passages, hit: 'hits' in t })));
}

/** Strata as the interval of the share sees them: the scores' word for hits, for rejects one miss to eight hits. */
function guessed(tops: readonly (RejectCell | HitCell)[]): PlannedStratum[] {
  const rates = ratesOf(tops);
  return tops.map((t, i) => ({ population: t.passages, rate: 'hits' in t ? t.share! : rates[i]! }));
}

export function outlookOf(tops: readonly (RejectCell | HitCell)[], sizes: readonly number[]): Outlook | null {
  if (sizes.every((n) => n === 0)) return null;
  const unit = (i: number): number => (tops[i]!.passages <= sizes[i]! ? 0 : tops[i]!.passages / sizes[i]!);
  const at = sizes.reduce((most, _, i) => (unit(i) > unit(most) ? i : most), 0);
  const { source, sample, passages, available } = tops[at]!;
  const weakest = { source: source.name, sample, passages: Math.round(passages), available, drawn: sizes[at]! };
  return { ...expectedShare(guessed(tops), sizes, LEVEL), weakest };
}

export function plan(tops: readonly (RejectCell | HitCell)[], wish: Wish): { sizes: readonly number[]; half: number } {
  return wish.of === 'share' ? planShare(tops, wish) : planPrior(tops, wish);
}

function planShare(tops: readonly (RejectCell | HitCell)[], wish: Wish): { sizes: readonly number[]; half: number } {
  const most = tops.reduce((sum, t) => sum + t.available, 0);
  const { labels, allocation, half } = labelsForShare(guessed(tops), wish.half, LEVEL, most, (n) =>
    allocate(tops, n, 'neyman'),
  );
  if (labels === null) throw outOfReach(wish, `reading all that the scan kept gives ±${half.toPrecision(2)}`);
  return { sizes: allocation, half };
}

function planPrior(tops: readonly (RejectCell | HitCell)[], wish: Wish): { sizes: readonly number[]; half: number } {
  const rates = ratesOf(tops);
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
    throw outOfReach(wish, why);
  }
  return { sizes: allocation, half };
}

function outOfReach(wish: Wish, why: string): PersonaPriorError {
  return new PersonaPriorError('usage', `±${wish.half} cannot be reached in this database: ${why}`, {
    help: 'ask for less, or scan more text',
  });
}

/**
 * Splits a stratum of hits while its labels allow: every part gets {@link CELL_FLOOR} (or all it has), the rest goes by
 * size. Every part has labels, so that the parts are strata of the estimate too.
 */
export function split(cell: HitCell, n: number, last: boolean): Drawn[] {
  const whole = [{ ...cell, drawn: n }];
  if (last || cell.depth === cell.hits[0]!.path.length) return whole;
  const children = parts(cell);
  const least = children.reduce((sum, c) => sum + Math.min(CELL_FLOOR, c.available), 0);
  if (n < 1.5 * least && n < cell.available) return whole;
  const strata = children.map((c) => ({ population: c.available }));
  const sizes = proportionalAllocation(strata, n, CELL_FLOOR);
  return children.flatMap((child, i) => split(child, sizes[i]!, last));
}
