// The two headline figures of audit labels: share of passages with an AI persona, and of malevolent ones among those.
// The same estimates as audit.ts gives, of these two alone: it estimates everything, which takes many times longer.
import { inDomain, isCensus, sized } from '../audit.js';
import { kishSize } from '../estimate/classical.js';
import { ENOUGH, ratio } from '../estimate/prevalence.js';
import { prepare } from '../estimate/strata.js';
import { prevalenceBySize } from '../estimate/totals.js';
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
  const strata = cells.map((cell) => sized(cell, isCharacter, 'passage', UNWEIGHTED));
  const { estimate, low, high, sampled, positives, effectiveN } = prevalenceBySize(strata, LEVEL);
  const counts = { labels: sampled, positives };
  if (effectiveN < ENOUGH && !isCensus(strata)) return { ...NOTHING, ...counts };
  return { ...widen({ estimate, low, high }, strata, cells, gates, 'passage', UNWEIGHTED, LEVEL), ...counts };
}

function malevolents(cells: readonly Cell[]): Share {
  const strata = cells.map((cell) =>
    inDomain(
      cell,
      (unit) => isCharacter(unit.label),
      (label) => isCharacter(label) && label.valence === 'malevolent',
      UNWEIGHTED,
    ),
  );
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
