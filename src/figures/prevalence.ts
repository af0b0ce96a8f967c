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
  const scores = scoredSources(loaded, scale.tropes);
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
        const share = byCount ? limits : expected(property, unit, source, own, scores, scale, limits);
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
  scores: (source: SourceData, property: string) => ByUnit,
  scale: Scale,
  count: Interval,
): Interval {
  if (count.estimate === null) return count;
  const { counts, weights, calibration } = scale;
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
    const found = scores(s, property)[unit];
    const persona = scores(s, 'persona=character')[unit];
    top += weight * found.hits;
    characters += weight * persona.hits;
    scored += weight * found.scored;
    for (const [i, stratum] of found.rejects.entries()) {
      const { population, sampled, sum, sumSquares } = stratum;
      if (sampled > 0) characters += (population * weight * persona.rejects[i]!.sum) / sampled;
      strata.push({ population, sampled, sum: weight * sum, sumSquares: weight ** 2 * sumSquares });
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

type ByUnit = Readonly<Record<Exclude<CountedUnit, 'document'>, Scored>>;

/** Sums of a property's probability over what the encoder scored in one source, each unit by its size. */
interface Scored {
  readonly hits: number;
  readonly rejects: readonly Measured[];
  /** size of hits and rejects */
  readonly scored: number;
}

/** Each source's sums are added up once, though several rows want them. */
function scoredSources(loaded: Loaded, tropes: readonly Trope[]): (source: SourceData, property: string) => ByUnit {
  const known = new Map(loaded.sources.map((s) => [s, new Map<string, ByUnit>()]));
  return (source, property) => {
    const own = known.get(source)!;
    let found = own.get(property);
    if (found === undefined) {
      found = scoredBy(source, probability(property.split(' & '), tropes));
      own.set(property, found);
    }
    return found;
  };
}

function scoredBy(source: SourceData, of: (scores: Float32Array) => number): ByUnit {
  let passages = 0;
  let words = 0;
  let hitWords = 0;
  for (const hit of source.hits) {
    const p = of(hit.scores);
    passages += p;
    words += hit.words * p;
    hitWords += hit.words;
  }
  const kept = source.rejected.map((r) => r.kept.map((k) => ({ words: k.words, p: of(k.scores) })));
  const measured = (size: (unit: { readonly words: number }) => number): Measured[] =>
    source.rejected.map(({ population }, i) => {
      const values = kept[i]!.map((k) => size(k) * k.p);
      const sum = values.reduce((a, b) => a + b, 0);
      return { population, sampled: values.length, sum, sumSquares: values.reduce((a, v) => a + v * v, 0) };
    });
  const rejected = (size: (reject: SourceData['rejected'][number]) => number): number =>
    source.rejected.reduce((sum, r) => sum + size(r), 0);
  return {
    passage: {
      hits: passages,
      rejects: measured(() => 1),
      scored: source.hits.length + rejected((r) => r.population),
    },
    word: { hits: words, rejects: measured((u) => u.words), scored: hitWords + rejected((r) => r.words) },
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
