// How many stories each cell gets: an integer program over the cells, with floors and ceilings, toward the aim.
// See docs/targets.md for the program. What stories are about is not decided here.
import { PersonaPriorError } from '../errors.js';
import type { Bound, CellKey } from './model.js';
import { newProgram, type Program, type Solution, type Term } from './program.js';

export interface AllocationCell extends CellKey {
  /** wished share among the cells that answer the same conduct in the same situation */
  readonly fit: number;
  readonly refusal: boolean;
  /** by property: the share among the passages of a perfect story */
  readonly yields: ReadonlyMap<string, number>;
}

/** Situation × conduct: what the corpus holds of the conduct, and of the conduct that answers it, in passages. */
export interface Contest {
  readonly situation: string;
  readonly counter: string;
  readonly against: number;
  readonly answers: number;
  /** how bad and how frequent, sums to 1 */
  readonly weight: number;
}

export interface AllocationInput {
  readonly stories: number;
  readonly cells: readonly AllocationCell[];
  readonly contests: readonly Contest[];
  /** by situation: passages in the corpus, what to reach, and what each property is today */
  readonly situations: readonly {
    readonly situation: string;
    readonly mass: number;
    readonly bounds: readonly (Bound & { readonly today: number })[];
  }[];
  readonly passagesPerStory: number;
  /** null: the smallest that reaches the aim */
  readonly repeats: number | null;
  readonly least: number;
  readonly most: number;
  readonly ceilings: Readonly<Record<'situation' | 'counter' | 'show', number>>;
  readonly refusals: number;
}

export interface Allocation {
  /** stories by cell, in the order of the cells */
  readonly counts: readonly number[];
  readonly repeats: number;
  /** whether some number of repeats up to {@link MOST_REPEATS} reaches the whole aim */
  readonly reachable: boolean;
  readonly solver: string;
}

/** Past this many passes over the same stories nobody should look. */
export const MOST_REPEATS = 65_536;
/** Distance to the aim counts before all else; then what is left of each conduct; then an even hand among answers. */
const TOWARD_AIM = 100;
const EVEN_HAND = 0.05;
/** The search ends at a gap, a story more or less in a cell matters to nobody; where it has not after so many nodes, at a wider one. */
const GAPS = [0.005, 0.02, 0.1, 1] as const;
const NODES = 100;
const ROUNDING = 3;
/** Tangents of the curve that a conduct's share follows as stories are added. */
const TANGENTS = 16;

/** Throws `usage` where no numbers of stories meet the floors and ceilings. */
export async function allocate(input: AllocationInput): Promise<Allocation> {
  const distance = async (repeats: number): Promise<{ left: number; solution: Solution }> => {
    const { program } = build(input, repeats, null);
    const solution = await program.solve({ relaxed: true });
    if (solution === null) {
      throw new PersonaPriorError('usage', 'no numbers of stories meet the floors and ceilings', {
        help: 'lower floor or raise ceilings or refusals in the aim',
      });
    }
    return { left: solution.objective, solution };
  };
  const reaches = async (repeats: number): Promise<boolean> => (await distance(repeats)).left < 1e-6;
  let repeats = input.repeats ?? 1;
  let reachable = await reaches(repeats);
  if (input.repeats === null && !reachable) {
    let below = 1;
    let above = 2;
    while (above <= MOST_REPEATS && !(await reaches(above))) {
      below = above;
      above *= 2;
    }
    reachable = above <= MOST_REPEATS;
    while (reachable && above - below > 1) {
      const middle = Math.floor((below + above) / 2);
      if (await reaches(middle)) above = middle;
      else below = middle;
    }
    if (reachable) repeats = above;
  }
  // whole numbers may miss by a little what any numbers reach: then once more around
  let whole: (Solution & { gap: number }) | null = null;
  for (let more = 0; more <= ROUNDING; more++) {
    const rough = (await distance(repeats + more)).solution.values;
    const { program, short } = build(input, repeats + more, rough);
    whole = await wholeNumbers(program);
    if (whole === null) break;
    const { values } = whole;
    const met = short.every((i) => values[i]! < 1e-6);
    if (met || !reachable || input.repeats !== null || more === ROUNDING) {
      repeats += more;
      break;
    }
  }
  if (whole === null) {
    throw new PersonaPriorError('usage', 'no whole numbers of stories meet the floors and ceilings', {
      help: 'lower floor or raise ceilings or refusals in the aim, or plan more stories',
    });
  }
  const { values, gap } = whole;
  return {
    counts: input.cells.map((_, i) => Math.round(values[i]!)),
    repeats,
    reachable,
    solver: `HiGHS, integer program of ${input.cells.length} cells, solved to a gap of ${100 * gap}%`,
  };
}

async function wholeNumbers(program: Program): Promise<(Solution & { gap: number }) | null> {
  for (const gap of GAPS) {
    const found = await program.solve({ nodes: NODES, gap });
    if (found !== null) return { ...found, gap };
  }
  return null;
}

/**
 * The program. Its first variables are the cells. Without `rough` only the distance to the aim is minimised, in units of
 * each situation's passages; with it, that distance in shares (at the size of the mix that `rough` gives) and the rest.
 */
function build(
  input: AllocationInput,
  repeats: number,
  rough: readonly number[] | null,
): { program: Program; short: number[] } {
  const { cells, stories } = input;
  const program = newProgram();
  const shortfalls: number[] = [];
  const unit = repeats * input.passagesPerStory;
  for (const _ of cells) program.variable({ low: input.least, high: input.most, whole: true });
  const where = (test: (cell: AllocationCell) => boolean): number[] => cells.flatMap((c, i) => (test(c) ? [i] : []));
  const all = (indices: readonly number[], by = 1): Term[] => indices.map((of) => ({ by, of }));
  program.row(all(where(() => true)), '=', stories);
  program.row(all(where((c) => c.refusal)), '<=', input.refusals);
  for (const axis of ['situation', 'counter', 'show'] as const) {
    for (const value of new Set(cells.map((c) => c[axis]))) {
      const own = where((c) => c[axis] === value);
      program.row(all(own), '<=', Math.max(input.ceilings[axis], own.length * input.least));
    }
  }
  for (const { situation, mass, bounds } of input.situations) {
    if (mass <= 0) continue;
    const own = where((c) => c.situation === situation);
    const weight = input.contests.reduce((sum, c) => sum + (c.situation === situation ? c.weight : 0), 0);
    const scale = Math.max(mass, unit);
    const size = rough === null ? mass : mass + unit * own.reduce((sum, i) => sum + rough[i]!, 0);
    for (const { property, kind, share, today } of bounds) {
      const sign = kind === 'atMost' ? 1 : -1;
      const cost = rough === null ? 1 : (TOWARD_AIM * (weight + 1 / input.situations.length) * scale) / size;
      const short = program.variable({ cost });
      shortfalls.push(short);
      const terms = own.map((of) => ({ by: (sign * unit * (cells[of]!.yields.get(property)! - share)) / scale, of }));
      program.row([...terms, { by: -1, of: short }], '<=', (sign * mass * (share - today)) / scale);
    }
  }
  if (rough !== null) {
    for (const contest of input.contests) addContest(program, input, contest, unit, where);
  }
  return { program, short: shortfalls };
}

/** What is left of the conduct among itself and its answers, a convex curve held from below by tangents; and the split. */
function addContest(
  program: Program,
  input: AllocationInput,
  { situation, counter, against, answers, weight }: Contest,
  unit: number,
  where: (test: (cell: AllocationCell) => boolean) => number[],
): void {
  const own = where((c) => c.situation === situation && c.counter === counter);
  const fits = own.reduce((sum, i) => sum + input.cells[i]!.fit, 0);
  const sum = program.variable({});
  program.row([...own.map((of) => ({ by: 1, of })), { by: -1, of: sum }], '=', 0);
  for (const cell of own) {
    const off = program.variable({ cost: EVEN_HAND / input.stories });
    const share = input.cells[cell]!.fit / fits;
    program.row(
      [
        { by: 1, of: cell },
        { by: -share, of: sum },
        { by: -1, of: off },
      ],
      '<=',
      0,
    );
    program.row(
      [
        { by: -1, of: cell },
        { by: share, of: sum },
        { by: -1, of: off },
      ],
      '<=',
      0,
    );
  }
  const start = against + answers;
  if (against <= 0 || weight <= 0) return;
  const left = program.variable({ cost: weight });
  const end = start + unit * own.length * input.most;
  for (let i = 0; i < TANGENTS; i++) {
    const size = start * (end / start) ** (i / (TANGENTS - 1));
    const at = (size - start) / unit;
    const slope = (-against * unit) / size ** 2;
    // left >= against/size + slope (sum - at)
    program.row(
      [
        { by: 1, of: left },
        { by: -slope, of: sum },
      ],
      '>=',
      against / size - slope * at,
    );
  }
}
