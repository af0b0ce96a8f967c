// The prior after mixing: the corpus's prior, and stories that training passes over R times. Reads no file.
import type { Aim } from './aim.js';
import type { CorpusPrior, Part, PartStatus } from './corpus.js';
import type { Bound } from './model.js';
import type { BySituation, Sums } from './sums.js';

/** Numbers with an interval; `low` and `high` come from the corpus: the stories are all there, and taken as scored. */
export interface Mixed {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** One situation, or all (`situation: null`). */
export interface MixRow {
  readonly situation: string | null;
  readonly status: PartStatus;
  /** passages with a persona in it: of the corpus by its weights, of the stories read once */
  readonly corpusPassages: number;
  readonly storyPassages: number;
  /** by property: before, of the stories alone (null: none of their passages is in the situation), after */
  readonly shares: Readonly<Record<string, { today: Mixed; stories: number | null; after: Mixed }>>;
  readonly aim: readonly AimRow[];
}

export interface AimRow extends Bound {
  readonly after: number;
  readonly met: boolean;
  /** the smallest number of repeats that reaches it, 0 where it is met without stories, null where none does */
  readonly repeats: number | null;
  /** without stories: the most weight that hits flagged malevolent may keep, null where even 0 does not reach it */
  readonly flaggedWeight: number | null;
}

export interface Mix {
  readonly repeats: number;
  readonly rows: readonly MixRow[];
  /** the smallest number of repeats that reaches the aim in every situation; null where none does */
  readonly smallest: number | null;
  readonly reached: boolean;
}

/** Mixes. @param stories sums over the hits of the stories, each counted once; null: no stories */
export function mixPrior(corpus: CorpusPrior, stories: BySituation<Sums>, repeats: number, aim: Aim): Mix {
  const rows = [...corpus.parts].map(([situation, part]): MixRow => {
    const own = stories.get(situation)!;
    const shares = Object.fromEntries(
      [...part.shares].map(([property, today]) => {
        const sum = own.of.get(property) ?? 0;
        return [
          property,
          {
            today: { estimate: today.estimate, low: today.low!, high: today.high! },
            stories: own.mass === 0 ? null : sum / own.mass,
            after: mixInterval(part, today as Mixed, { mass: own.mass, sum }, repeats),
          },
        ];
      }),
    );
    const bounds = situation === null ? [] : boundsOf(aim, situation, part);
    const flagged = corpus.flagged.get(situation)!;
    const others = corpus.others.get(situation)!;
    return {
      situation,
      status: part.status,
      corpusPassages: part.mass.estimate,
      storyPassages: own.mass,
      shares,
      aim: bounds.map((bound): AimRow => {
        const story = { mass: own.mass, sum: own.of.get(bound.property) ?? 0 };
        const before = { mass: part.mass.estimate, share: bound.today };
        const after = mixShare(before, story, repeats);
        const { property, kind, share } = bound;
        return {
          property,
          kind,
          share,
          after,
          met: isMet(bound, after),
          repeats: smallestRepeats(bound, before, story),
          flaggedWeight: part.status === 'transferred' ? mostWeight(bound, flagged, others) : null,
        };
      }),
    };
  });
  const aims = rows.flatMap((row) => row.aim);
  const needed = aims.map((a) => a.repeats);
  const smallest = needed.includes(null) ? null : Math.max(0, ...(needed as number[]));
  return { repeats, rows, smallest, reached: aims.every((a) => a.met) };
}

/** The aim's bounds in a situation as shares, beside what the corpus has. */
export function boundsOf(aim: Aim, situation: string, part: Part): (Bound & { readonly today: number })[] {
  return (aim.wishes[situation] ?? []).map(({ property, kind, amount }) => {
    const today = part.shares.get(property)!.estimate;
    const share = 'share' in amount ? amount.share : Math.min(1, amount.today * today);
    return { property, kind, share, today };
  });
}

interface Before {
  readonly mass: number;
  readonly share: number;
}

interface Story {
  readonly mass: number;
  readonly sum: number;
}

/** (W p + R Y) / (W + R V): the share among corpus and stories together; p as it is where there are no stories. */
export function mixShare({ mass, share }: Before, story: Story, repeats: number): number {
  if (repeats * story.mass === 0) return share;
  return (mass * share + repeats * story.sum) / (mass + repeats * story.mass);
}

/**
 * The interval of the corpus's share carried through the mix, joined in quadrature with what the unknown size of the
 * corpus's part leaves open (its derivative: (p − q) λ (1 − λ) dW/W, λ being the corpus's part of the mix).
 */
function mixInterval(part: Part, today: Mixed, story: Story, repeats: number): Mixed {
  const mass = part.mass.estimate;
  const estimate = mixShare({ mass, share: today.estimate }, story, repeats);
  const stories = repeats * story.mass;
  if (mass === 0 || stories === 0) return { estimate, low: today.low, high: today.high };
  const lambda = mass / (mass + stories);
  const bend = ((today.estimate - story.sum / story.mass) * lambda * (1 - lambda)) / mass;
  const bySize = (end: number): number => bend * (end - mass);
  const ends = [bySize(part.mass.low ?? mass), bySize(part.mass.high ?? mass)];
  const down = Math.hypot(lambda * (today.estimate - today.low), Math.min(0, ...ends));
  const up = Math.hypot(lambda * (today.high - today.estimate), Math.max(0, ...ends));
  return { estimate, low: Math.max(0, estimate - down), high: Math.min(1, estimate + up) };
}

function isMet({ kind, share }: Bound, after: number): boolean {
  return kind === 'atMost' ? after <= share + 1e-6 : after >= share - 1e-6;
}

/** The smallest R with (W p + R Y)/(W + R V) on the right side of the bound: R (Y − a V) against W (a − p). */
function smallestRepeats(bound: Bound, { mass, share: today }: Before, story: Story): number | null {
  if (isMet(bound, today)) return 0;
  const sign = bound.kind === 'atMost' ? 1 : -1;
  const gain = sign * (bound.share * story.mass - story.sum);
  if (gain <= 0) return null;
  return Math.ceil((mass * sign * (today - bound.share)) / gain - 1e-6);
}

/** The most weight u of flagged hits with (u F p_F + O p_O)/(u F + O) on the right side of the bound. */
function mostWeight({ property, kind, share }: Bound, flagged: Sums, others: Sums): number | null {
  const sign = kind === 'atMost' ? 1 : -1;
  const each = sign * (flagged.of.get(property)! - share * flagged.mass);
  const room = sign * (share * others.mass - others.of.get(property)!);
  if (room < 0) return null;
  return each <= 0 ? 1 : Math.min(1, room / each);
}
