// How many of the malevolent and of the benevolent hits reason about values. The model of value reasons is elsewhere.
import { keyedHash } from '../hash.js';
import type { HitData, Loaded } from '../report/load.js';
import type { ValueReason } from '../report/model.js';
import { type Weights, weightOf } from './mix.js';
import { priorValues } from './prior.js';
import { hasValueReasons, type ValueReasons } from './value-reasons.js';
import { verdictsOf } from './verdicts.js';

const VALENCES = ['malevolent', 'benevolent'] as const;
/** Of more hits than this a sample of this size is read. */
const MOST = 20_000;

export interface ValueScale {
  readonly flag: number;
  /** of the scan: it draws the sample too */
  readonly seed: number;
  readonly weights: Weights;
  readonly model: ValueReasons;
  /** text of a hit */
  readonly text: (id: number) => string;
}

/**
 * Among the hits of each valence, by the classifier's verdict, the share with a stretch that reasons about values; hits
 * count by the weight of their source, documents are clusters. No label of this corpus checks it: `transferred`, or
 * `insufficient` under 20 effective documents. Over 20,000 hits of a valence those with the least keyed hashes of (seed,
 * valence, source, document, start) are read, and `sample` says so.
 */
export function valueFigures(loaded: Loaded, { flag, seed, weights, model, text }: ValueScale): ValueReason[] {
  return VALENCES.map((valence): ValueReason => {
    const found = loaded.sources.flatMap((source) => {
      const w = weightOf(weights, source.name);
      const key = keyedHash(seed, `values:${valence}`, source.name);
      return source.hits
        .filter((hit) => w > 0 && verdictsOf(hit, flag).includes(`valence=${valence}`))
        .map((hit) => ({ hit, w, key: () => key.unit(Buffer.from(hit.document), hit.start) }));
    });
    const read = found.length > MOST ? drawn(found) : found;
    const { values, status } = priorValues(read, ['with'], ({ id }) => (hasValueReasons(text(id), model) ? 1 : 0));
    const { estimate: share, low, high } = values['with']!;
    return {
      valence,
      share,
      low,
      high,
      n: read.length,
      status,
      sample:
        read.length < found.length
          ? `${read.length} of ${found.length} ${valence} hits, drawn by hash`
          : `all ${found.length} ${valence} hits`,
    };
  });
}

interface Drawable {
  readonly hit: HitData;
  readonly w: number;
  readonly key: () => number;
}

/** The units with the least keys: the order of the scan has no say. Hits with one key (a document id given twice) go by text. */
function drawn<U extends Drawable>(units: readonly U[]): U[] {
  return units
    .map((unit) => ({ unit, at: unit.key() }))
    .sort((a, b) => a.at - b.at || (a.unit.hit.textHash < b.unit.hit.textHash ? -1 : 1))
    .slice(0, MOST)
    .map(({ unit }) => unit);
}
