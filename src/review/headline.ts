// The two headline figures of audit labels: share of passages with an AI persona, and of malevolent ones among those.
// The same estimates as audit.ts gives, which takes many times longer because it estimates everything.
import { kishSize } from '../estimate/classical.js';
import { ENOUGH, ratio } from '../estimate/prevalence.js';
import { prepare, type Stratum } from '../estimate/strata.js';
import { prevalenceBySize, type SizedStratum } from '../estimate/totals.js';
import { UNWEIGHTED } from '../figures/mix.js';
import { widen } from '../figures/sizes.js';
import type { AuditSample, Cell } from '../labels/cells.js';
import { isCharacter } from '../labels/properties.js';

const LEVEL = 0.95;

/** A share in [0, 1] with its 95% interval; all null where fewer than 20 effective labels speak of it. */
export interface Share {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** labels it rests on, and how many of them show the property */
  readonly labels: number;
  readonly positives: number;
}

export interface Headline {
  /** labels that stand in a stratum of the audit */
  readonly used: number;
  /** P(persona = character), per passage */
  readonly character: Share;
  /** P(valence = malevolent | persona = character) */
  readonly malevolent: Share;
}

/** Estimates both from the labels in `sample`, over all sources as they are. */
export function headline(sample: AuditSample): Headline {
  return { used: sample.used, character: characters(sample), malevolent: malevolents(sample.cells) };
}

function characters({ cells, gates }: AuditSample): Share {
  const strata = cells.map(sized);
  const { estimate, low, high, sampled, positives, effectiveN } = prevalenceBySize(strata, LEVEL);
  const counts = { labels: sampled, positives };
  if (effectiveN < ENOUGH && !isCensus(strata)) return { ...NOTHING, ...counts };
  return { ...widen({ estimate, low, high }, strata, cells, gates, 'passage', UNWEIGHTED, LEVEL), ...counts };
}

function malevolents(cells: readonly Cell[]): Share {
  const strata = cells.map(inDomain);
  const counts = {
    labels: strata.reduce((sum, s) => sum + s.given!, 0),
    positives: strata.reduce((sum, s) => sum + s.positives, 0),
  };
  const effectiveN = kishSize(
    prepare(
      strata.map((s) => ({ ...s, positives: 0 })),
      'finite',
    ).strata,
    false,
  );
  if (counts.labels === 0 || (effectiveN < ENOUGH && !isCensus(strata))) return { ...NOTHING, ...counts };
  const { estimate, low, high } = ratio(strata, LEVEL);
  return { estimate, low, high, ...counts };
}

const NOTHING = { estimate: null, low: null, high: null };

/** A cell as a stratum whose characters have sizes: the passages they stand for. */
function sized(cell: Cell): SizedStratum {
  const found = cell.units.filter((u) => isCharacter(u.label)).map((u) => u.weight);
  return {
    name: `${cell.source}, ${cell.name}`,
    population: cell.population,
    sampled: cell.units.length,
    positives: found.length,
    size: cell.population,
    positiveSize: found.reduce((sum, s) => sum + s, 0),
    positiveSquares: found.reduce((sum, s) => sum + s * s, 0),
  };
}

/** A cell as a stratum of the ratio; its weight makes the characters of `gate` those of the two-stage estimate. */
function inDomain(cell: Cell): Stratum {
  const given = cell.units.filter((u) => isCharacter(u.label));
  return {
    name: `${cell.source}, ${cell.name}`,
    population: cell.population,
    sampled: cell.units.length,
    given: given.length,
    positives: given.filter((u) => u.label.valence === 'malevolent').length,
    weight: given.length === 0 ? 1 : given.reduce((sum, u) => sum + u.weight, 0) / given.length,
  };
}

function isCensus(strata: readonly Stratum[]): boolean {
  return strata.every((s) => s.sampled === s.population);
}
