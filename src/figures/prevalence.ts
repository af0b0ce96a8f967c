// Prevalence where nobody labelled anything: the calibrated scores added up, the classifier's count beside it.
import { twoSidedZ } from '../estimate/quantile.js';
import { expandedSum, type Measured } from '../estimate/totals.js';
import type { Loaded, SourceData } from '../report/load.js';
import type { Interval, PrevalenceRow, SourceCounts } from '../report/model.js';
import type { Trope } from '../tropes.js';
import { type Weights, weightOf } from './mix.js';
import type { CountedUnit, NaiveCounts } from './naive.js';
import { probability } from './verdicts.js';

const LEVEL = 0.95;

/** Expected calibration errors of the model card's test part, 0 to 1. */
export interface Calibration {
  readonly character: number;
  readonly malevolent: number;
}

export interface Scale {
  readonly counts: readonly SourceCounts[];
  readonly naive: NaiveCounts;
  readonly tropes: readonly Trope[];
  readonly weights: Weights;
  /** null where the scan's encoder is not the one whose card is installed */
  readonly calibration: Calibration | null;
}

/**
 * Share of passages and words with each property as the sum of calibrated probabilities over the hits and, expanded from
 * the kept ones, over the encoder's rejects (probabilistic classify and count: Bella et al. 2010). What the gate, the
 * neighbourhood and the linear tier rejected counts as empty. The interval spans what the expansion leaves open, the
 * calibration error of the card over all scored passages, and the Clopper-Pearson interval of the naive count: it is a
 * range of what the classifier can be taken to say, and has no proven coverage. Documents are counted, not corrected. All
 * rows are `transferred`: nothing here was checked on this corpus.
 */
export function transferredPrevalence(loaded: Loaded, scale: Scale): PrevalenceRow[] {
  const { naive } = scale;
  const rows: PrevalenceRow[] = [];
  for (const source of [...loaded.sources.map((s): string | null => s.name), null]) {
    const own = loaded.sources.filter((s) => source === null || s.name === source);
    const hits = own.reduce((sum, s) => sum + s.hits.length, 0);
    const rejects = own.flatMap((s) => s.rejected);
    const kept = rejects.reduce((sum, r) => sum + r.kept.length, 0);
    const all = rejects.reduce((sum, r) => sum + r.population, 0);
    const scored = `${hits} hits, ${kept} of ${all} encoder rejects`;
    for (const property of naive.properties) {
      for (const unit of ['document', 'passage', 'word'] as const) {
        const count = naive.of(property, unit, source);
        const limits = naive.limits(property, unit, source, LEVEL);
        const byCount = unit === 'document';
        const share = byCount ? limits : expected(property, unit, source, own, scale, limits);
        rows.push({
          property,
          unit,
          source,
          estimate: share.estimate,
          low: share.low,
          high: share.high,
          level: LEVEL,
          method: byCount
            ? 'naive count, Clopper-Pearson'
            : 'calibrated scores summed; calibration error of the card, and the count',
          positives: count.positives,
          sampled: count.sampled,
          status: share.estimate === null ? 'insufficient' : 'transferred',
          sample: byCount ? `${hits} hits` : scored,
          naive: count,
        });
      }
    }
  }
  return rows;
}

function expected(
  property: string,
  unit: Exclude<CountedUnit, 'document'>,
  source: string | null,
  own: readonly SourceData[],
  scale: Scale,
  count: Interval,
): Interval {
  if (count.estimate === null) return count;
  const { counts, tropes, weights, calibration } = scale;
  const parts = property.split(' & ');
  const of = probability(parts, tropes);
  const character = probability(['persona=character'], tropes);
  const measure = (u: { readonly words: number }): number => (unit === 'word' ? u.words : 1);
  let top = 0;
  let characters = 0;
  let scored = 0;
  let bottom = 0;
  let sizeError = 0;
  const strata: Measured[] = [];
  for (const s of own) {
    const weight = source === null ? weightOf(weights, s.name) : 1;
    const size = counts.find((c) => c.source === s.name)!;
    bottom += weight * (unit === 'word' ? size.words : size.passages);
    sizeError += (weight * (unit === 'word' ? size.wordsError : size.passagesError)) ** 2;
    for (const hit of s.hits) {
      top += weight * measure(hit) * of(hit.scores);
      characters += weight * measure(hit) * hit.persona;
      scored += weight * measure(hit);
    }
    for (const { population, words, kept } of s.rejected) {
      const values = kept.map((k) => weight * measure(k) * of(k.scores));
      const persona = kept.reduce((sum, k) => sum + weight * measure(k) * character(k.scores), 0);
      if (kept.length > 0) characters += (population * persona) / kept.length;
      scored += weight * (unit === 'word' ? words : population);
      const sum = values.reduce((a, b) => a + b, 0);
      strata.push({ population, sampled: kept.length, sum, sumSquares: values.reduce((a, v) => a + v * v, 0) });
    }
  }
  const rest = expandedSum(strata, LEVEL);
  const total = top + rest.estimate;
  const estimate = Math.min(1, total / bottom);
  const error = calibration === null ? 0 : bias(property, calibration, scored, characters, total);
  const relative = Number.isFinite(sizeError) ? (twoSidedZ(LEVEL) * Math.sqrt(sizeError)) / bottom : 1;
  const low = total - Math.min(total, error + (rest.estimate - rest.low) + relative * total);
  const high = total + error + (rest.high - rest.estimate) + relative * total;
  return {
    estimate,
    low: Math.min(estimate, low / bottom, count.low ?? 0),
    high: Math.max(estimate, Math.min(1, Math.max(high / bottom, count.high ?? 1))),
  };
}

/** How far off the sum may be by the card: its calibration error on every scored unit; by the persona's relative error elsewhere. */
function bias(
  property: string,
  { character, malevolent }: Calibration,
  scored: number,
  characters: number,
  total: number,
): number {
  if (property === 'persona=character') return character * scored;
  if (property === 'valence=malevolent') return malevolent * scored;
  return characters > 0 ? (character * scored * total) / characters : 0;
}
