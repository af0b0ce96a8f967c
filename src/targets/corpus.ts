// The corpus as targets and mix see it: its prior by situation, as the report gives it, and how many passages stand behind.
import { auditedPrior } from '../audit.js';
import { PersonaPriorError } from '../errors.js';
import { expandedSum } from '../estimate/totals.js';
import { sourceCounts } from '../figures/counts.js';
import { mixWeights, UNWEIGHTED, type Weights, weightOf } from '../figures/mix.js';
import { transferredPrior } from '../figures/prior.js';
import { readAudit } from '../labels/cells.js';
import { isCharacter } from '../labels/properties.js';
import { type HitData, type Loaded, loadReportData } from '../report/load.js';
import { readPortions } from '../report/mix.js';
import type { Interval, PriorRow, Status } from '../report/model.js';
import type { Db } from '../store/database.js';
import type { Trope } from '../tropes.js';
import { SITUATION } from '../types.js';
import { type BySituation, propertiesOf, type Sums, sumHits } from './sums.js';

const LEVEL = 0.95;

/** `overall`: too thin a situation, for which the prior over all situations stands in. */
export type PartStatus = Exclude<Status, 'insufficient'> | 'overall';

/** Passages with a persona in one situation, and the shares of every property among them. */
export interface Part {
  readonly status: PartStatus;
  /** passages, in units of the training mix (each counts by its source's weight) */
  readonly mass: Interval & { readonly estimate: number };
  readonly shares: ReadonlyMap<string, Interval & { readonly estimate: number }>;
}

export interface CorpusPrior {
  readonly parts: BySituation<Part>;
  /** the same sums over the hits that are flagged malevolent, and over the others */
  readonly flagged: BySituation<Sums>;
  readonly others: BySituation<Sums>;
  /** mean words of a hit */
  readonly wordsPerPassage: number;
  /** hash of the encoder that scored it */
  readonly encoder: string | undefined;
}

/**
 * Reads the prior by situation: measured on audit labels where these suffice, else by calibrated scores. Where neither
 * does (under 20 effective documents), shares are those of all situations together, with intervals from 0 to 1.
 * Throws `database` when there is no hit, `usage` for a bad file of weights.
 * @param portions path of a file of weights as for `report --weights`
 */
export function readCorpus(db: Db, tropes: readonly Trope[], portions?: string): CorpusPrior {
  const loaded = loadReportData(db);
  const run = loaded.runs.at(-1);
  const hits = loaded.sources.flatMap((s) => s.hits);
  if (run === undefined || hits.length === 0) {
    throw new PersonaPriorError('database', 'this database holds no hits', { help: 'run `persona-prior scan`' });
  }
  const flag = run.settings.thresholds['flag'] ?? 0.5;
  const names = loaded.sources.map((s) => s.name);
  const counts = loaded.sources.map((s) => sourceCounts(s, flag));
  const weights = portions === undefined ? UNWEIGHTED : mixWeights(readPortions(portions, names), counts);
  const ids = tropes.map((t) => t.id);
  const sourceNames = new Map(loaded.sources.map((s) => [s.id, s.name]));
  const weight = (hit: HitData): number => weightOf(weights, sourceNames.get(hit.source)!);
  const rows = [
    ...auditedPrior(db, loaded, tropes, { weights }),
    ...transferredPrior(loaded, { flag, weights, tropes: ids, names: [] }),
  ];
  const flagged = sumHits(hits.filter((h) => h.malevolent >= flag), ids, weight); // biome-ignore format: one idea
  const others = sumHits(hits.filter((h) => h.malevolent < flag), ids, weight); // biome-ignore format: one idea
  const scored = (given: string | null): number => flagged.get(given)!.mass + others.get(given)!.mass;
  const overall = partOf(rows, null, ids, scored, () => labelledMass(db, loaded, weights, null));
  if (overall === null) {
    throw new PersonaPriorError('database', 'too few documents with an AI persona for a prior', {
      help: 'scan more text into this database',
    });
  }
  const parts = new Map<string | null, Part>([[null, overall]]);
  for (const situation of SITUATION) {
    const own = partOf(rows, situation, ids, scored, () => labelledMass(db, loaded, weights, situation));
    parts.set(situation, own ?? standIn(overall, scored(situation)));
  }
  const wordsPerPassage = hits.reduce((sum, h) => sum + h.words, 0) / hits.length;
  return { parts, flagged, others, wordsPerPassage, encoder: run.hashes['encoder'] };
}

type Row = Pick<PriorRow, 'given' | 'over' | 'values' | 'status'>;

function partOf(
  rows: readonly Row[],
  situation: string | null,
  tropes: readonly string[],
  scored: (given: string | null) => number,
  labelled: () => Part['mass'],
): Part | null {
  const key = JSON.stringify(situation === null ? {} : { situation });
  for (const status of ['measured', 'transferred'] as const) {
    const own = rows.filter((r) => r.status === status && JSON.stringify(r.given) === key);
    const shares = new Map<string, Interval & { readonly estimate: number }>();
    for (const { over, values } of own) {
      for (const [label, value] of Object.entries(values)) {
        if (value.estimate !== null) shares.set(`${over}=${label}`, { ...value, estimate: value.estimate });
      }
    }
    if (propertiesOf(tropes).some((p) => !shares.has(p))) continue;
    const n = scored(situation);
    return { status, shares, mass: status === 'measured' ? labelled() : { estimate: n, low: n, high: n } };
  }
  return null;
}

function standIn(overall: Part, mass: number): Part {
  const shares = [...overall.shares].map(([p, s]): [string, Part['mass']] => [p, { ...s, low: 0, high: 1 }]);
  return { status: 'overall', shares: new Map(shares), mass: { estimate: mass, low: mass, high: mass } };
}

/** Passages with a persona in the situation, expanded from the labels of every stratum that has any. */
function labelledMass(db: Db, loaded: Loaded, weights: Weights, situation: string | null): Part['mass'] {
  const strata = readAudit(db, loaded)
    .cells.filter((cell) => cell.units.length > 0)
    .map((cell) => {
      const each = weightOf(weights, cell.source);
      const own = cell.units
        .filter((u) => isCharacter(u.label) && (situation === null || u.label.situation.some((s) => s === situation)))
        .map((u) => u.weight * each);
      return {
        population: cell.population,
        sampled: cell.units.length,
        sum: own.reduce((sum, w) => sum + w, 0),
        sumSquares: own.reduce((sum, w) => sum + w * w, 0),
      };
    });
  const { estimate, low, high } = expandedSum(strata, LEVEL);
  return { estimate, low, high };
}
