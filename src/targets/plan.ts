// From the corpus's prior and an aim to a plan: how many stories of each cell, with why, and the prior that they promise.
import type { Trope } from '../tropes.js';
import { CONDUCT, SITUATION } from '../types.js';
import type { Aim } from './aim.js';
import { type AllocationCell, allocate, type Contest, MOST_REPEATS } from './allocate.js';
import type { Catalogue } from './catalogue.js';
import type { CorpusPrior } from './corpus.js';
import { boundsOf, mixShare } from './mix.js';
import type { CellPlan, Plan, SituationPlan } from './model.js';
import { patternsOf } from './patterns.js';
import { perfectScores, perfectShare } from './perfect.js';
import { propertiesOf } from './sums.js';

export interface Planned {
  readonly plan: Plan;
  readonly cells: readonly AllocationCell[];
  /** stories by cell */
  readonly counts: readonly number[];
}

/** Plans N stories. Throws `usage` where the aim's floors and ceilings leave no plan. */
export async function planStories(
  corpus: CorpusPrior,
  aim: Aim,
  catalogue: Catalogue,
  tropes: readonly Trope[],
  stories: number,
): Promise<Planned> {
  const notes: string[] = [];
  const cells = cellsOf(catalogue, tropes);
  const contests = contestsOf(corpus, aim, catalogue);
  const least = stories < cells.length ? 0 : Math.max(1, Math.floor((aim.floor * stories) / cells.length));
  if (least === 0) notes.push(`${stories} stories cannot cover all ${cells.length} cells: no floor was set.`);
  const most = Math.max(least, Math.ceil(aim.ceilings.cell * stories));
  const ceiling = (share: number): number => Math.ceil(share * stories);
  const passagesPerStory = Math.max(1, Math.floor(aim.words / corpus.wordsPerPassage));
  const situations = SITUATION.map((situation) => {
    const part = corpus.parts.get(situation)!;
    if (part.status === 'overall')
      notes.push(`${situation}: too thin for a prior of its own; the overall one stands in.`);
    return { situation, mass: part.mass.estimate, bounds: boundsOf(aim, situation, part) };
  });
  const found = await allocate({
    stories,
    cells,
    contests,
    situations,
    passagesPerStory,
    repeats: aim.repeats,
    least,
    most,
    ceilings: {
      situation: ceiling(aim.ceilings.situation),
      counter: ceiling(aim.ceilings.counter),
      show: ceiling(aim.ceilings.show),
    },
    refusals: Math.floor(aim.refusals * stories),
  });
  const { counts, repeats } = found;
  if (!found.reachable) {
    notes.push(
      aim.repeats === null
        ? `No number of repeats up to ${MOST_REPEATS} reaches the whole aim under these floors and ceilings: the plan is for 1.`
        : `${repeats} repeats do not reach the whole aim; the plan comes as near as it can.`,
    );
  }
  const planned = situations.map(({ situation, mass, bounds }): SituationPlan => {
    const own = cells.flatMap((cell, i) => (cell.situation === situation ? [{ cell, n: counts[i]! }] : []));
    const total = own.reduce((sum, { n }) => sum + n, 0);
    return {
      situation,
      passages: mass,
      status: corpus.parts.get(situation)!.status,
      stories: total,
      aim: bounds.map((bound) => {
        const shown = own.reduce((sum, { cell, n }) => sum + n * cell.yields.get(bound.property)!, 0);
        const story = { mass: total * passagesPerStory, sum: shown * passagesPerStory };
        const after = mixShare({ mass, share: bound.today }, story, repeats);
        const over = bound.kind === 'atMost' ? after - bound.share : bound.share - after;
        return { ...bound, after, met: over <= 1e-6 };
      }),
    };
  });
  const rows = contests.map((contest): CellPlan => {
    const own = cells.flatMap((cell, i) =>
      cell.situation === contest.situation && cell.counter === contest.counter ? [{ cell, n: counts[i]! }] : [],
    );
    const part = corpus.parts.get(contest.situation)!;
    const severity = aim.severity[contest.counter] ?? 1;
    return {
      situation: contest.situation,
      counter: contest.counter,
      share: part.shares.get(`conduct=${contest.counter}`)!.estimate,
      passages: contest.against,
      severity,
      weight: contest.weight,
      stories: own.reduce((sum, { n }) => sum + n, 0),
      show: Object.fromEntries(own.map(({ cell, n }) => [cell.show, n])),
      why: whyOf(
        contest,
        severity,
        own.map(({ n }) => n),
        { least, most },
      ),
      patterns: patternsOf(contest, part, tropes),
    };
  });
  const refusals = cells.reduce((sum, cell, i) => sum + (cell.refusal ? counts[i]! : 0), 0);
  const plan: Plan = {
    stories,
    repeats,
    reached: planned.every((s) => s.aim.every((a) => a.met)),
    passagesPerStory,
    wordsPerPassage: corpus.wordsPerPassage,
    situations: planned,
    cells: rows,
    refusals,
    solver: found.solver,
    notes,
  };
  return { plan, cells, counts };
}

/** Every situation × conduct to counter × conduct that answers it. */
function cellsOf(catalogue: Catalogue, tropes: readonly Trope[]): AllocationCell[] {
  const properties = propertiesOf(tropes.map((t) => t.id));
  return SITUATION.flatMap((situation) =>
    Object.entries(catalogue.counter).flatMap(([counter, { show: answers }]) =>
      Object.entries(answers).map(([show, fit]): AllocationCell => {
        const scores = perfectScores(situation, show);
        const yields = new Map(properties.map((p) => [p, perfectShare(p, scores, tropes)]));
        const refusal = catalogue.show[show]!.refusal || catalogue.refusalSituations.includes(situation);
        return { situation, counter, show, fit, refusal, yields };
      }),
    ),
  );
}

/** Masses of each conduct and of its answers. Several answers in one passage count once each, up to all the rest. */
function contestsOf(corpus: CorpusPrior, aim: Aim, catalogue: Catalogue): Contest[] {
  const contests = SITUATION.flatMap((situation) => {
    const { mass, shares } = corpus.parts.get(situation)!;
    const share = (conduct: string): number => shares.get(`conduct=${conduct}`)!.estimate;
    return CONDUCT.filter((c) => catalogue.counter[c] !== undefined).map((counter) => {
      const answers = Object.keys(catalogue.counter[counter]!.show).reduce((sum, c) => sum + share(c), 0);
      const against = mass.estimate * share(counter);
      const rest = mass.estimate * Math.min(1 - share(counter), answers);
      return { situation, counter, against, answers: rest, weight: (aim.severity[counter] ?? 1) * against };
    });
  });
  const total = contests.reduce((sum, c) => sum + c.weight, 0);
  return contests.map((c) => ({ ...c, weight: total === 0 ? 0 : c.weight / total }));
}

function whyOf(
  { against, weight }: Contest,
  severity: number,
  counts: readonly number[],
  { least, most }: { readonly least: number; readonly most: number },
): string {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const base = `${against.toPrecision(3)} passages × severity ${severity} = ${(100 * weight).toFixed(1)}% of the weight`;
  if (total === 0) return `none: ${base}`;
  if (counts.every((n) => n <= least)) return `the floor of ${least} a cell: ${base}`;
  const full = counts.filter((n) => n >= most).length;
  if (full > 0) return `${base}; ${full} of ${counts.length} cells at the ceiling of ${most}`;
  return base;
}
