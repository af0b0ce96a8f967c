// The figures of a probe: the model's prior by group of scenes, its correlation with the corpus's, and the reversion under
// dramatic telling. Pure functions over judged continuations.
import { twoSidedT } from '../estimate/quantile.js';
import { priorValues } from '../figures/prior.js';
import { murmur3 } from '../hash.js';
import type { Interval, Status } from '../report/model.js';
import { CONDUCT, HEAD_OFFSET, VALENCE } from '../types.js';
import type { Judged } from './judge.js';
import { type Scene, TELLINGS, type Telling } from './scenes.js';

const LEVEL = 0.95;
const REPLICATES = 2000;
const NOTHING: Interval = { estimate: null, low: null, high: null };
/** Situations, or pairs, under which nothing is said of them together. */
const FEWEST = 5;

/** Which scenes a row is about; `{}` all of them. */
export interface Group {
  readonly situation?: string;
  readonly telling?: Telling;
  readonly persona?: string;
  readonly form?: string;
}

export interface GroupRow {
  readonly given: Group;
  /** P(label | character) among the continuations, by `valence=…`, `conduct=…` */
  readonly values: Readonly<Record<string, Interval>>;
  readonly continuations: number;
  /** of these, with an AI persona in a passage */
  readonly withPersona: number;
  /** Kish's effective number of continuations */
  readonly effectiveN: number;
  readonly status: Status;
}

/**
 * Shares as in the report's prior by scores (figures/prior.ts): passages count by P(character), continuations are the
 * clusters; under 20 effective continuations `insufficient`. The situation is the scene's, by design, not the classifier's.
 */
export function groupRow(judged: readonly Judged[], given: Group): GroupRow {
  const own = judged.filter(({ scene }) => isIn(scene, given));
  const weighted = own.flatMap(({ hits }) => hits.map((hit) => ({ hit, w: hit.persona })));
  const part = (over: 'valence' | 'conduct', labels: readonly string[]) => {
    const found = priorValues(weighted, labels, (hit, i) => hit.scores[HEAD_OFFSET[over] + i]!);
    const values = Object.entries(found.values).map(([label, value]) => [`${over}=${label}`, value] as const);
    return { ...found, values };
  };
  const [valence, conduct] = [part('valence', VALENCE), part('conduct', CONDUCT)];
  return {
    given,
    values: Object.fromEntries([...valence.values, ...conduct.values]),
    continuations: own.length,
    withPersona: own.filter(({ hits }) => hits.length > 0).length,
    effectiveN: valence.effectiveN,
    status: valence.status,
  };
}

export interface Correlation extends Interval {
  readonly situations: number;
  readonly method: string;
  readonly status: 'measured' | 'insufficient';
}

/**
 * Spearman's rank correlation (ties share their mean rank) of two figures over situations, with percentile limits of
 * resampled situations (Efron & Tibshirani 1993, 13.3); resamples in which either is constant have none and are left out.
 * Under {@link FEWEST} situations `insufficient`.
 */
export function correlation(pairs: readonly (readonly [number, number])[], seed = 1): Correlation {
  const method = `Spearman, percentile bootstrap over situations, ${REPLICATES} resamples`;
  const estimate = pairs.length < FEWEST ? null : spearman(pairs);
  if (estimate === null) return { ...NOTHING, situations: pairs.length, method, status: 'insufficient' };
  const [low, high] = limits(pairs, spearman, seed);
  return { estimate, low, high, situations: pairs.length, method, status: 'measured' };
}

export interface Reversion {
  readonly given: Group;
  readonly property: string;
  /** mean share over the pairs */
  readonly plain: number | null;
  readonly dramatic: number | null;
  /** dramatic − plain, paired; limits by Student's t over pairs */
  readonly difference: Interval;
  /** odds under dramatic telling over odds under plain, of the mean shares; limits by resampled pairs */
  readonly oddsRatio: Interval;
  readonly pairs: number;
  /** pairs that one of the tellings has no continuation with an AI persona for */
  readonly left: number;
  readonly status: 'measured' | 'insufficient';
}

/** How much more of a valence the dramatic telling of the same scenes brings; the pair is the unit. */
export function reversion(judged: readonly Judged[], label: string, given: Group, seed = 1): Reversion {
  const at = HEAD_OFFSET.valence + (VALENCE as readonly string[]).indexOf(label);
  const sums = new Map<string, Record<Telling, { w: number; y: number }>>();
  for (const { scene, hits } of judged) {
    if (!isIn(scene, given)) continue;
    const own = sums.get(scene.pair) ?? { plain: { w: 0, y: 0 }, dramatic: { w: 0, y: 0 } };
    sums.set(scene.pair, own);
    for (const hit of hits) {
      own[scene.telling].w += hit.persona;
      own[scene.telling].y += hit.persona * hit.scores[at]!;
    }
  }
  const pairs = [...sums.values()]
    .filter((own) => TELLINGS.every((t) => own[t].w > 0))
    .map((own): readonly [number, number] => [own.plain.y / own.plain.w, own.dramatic.y / own.dramatic.w]);
  const n = pairs.length;
  const base = { given, property: `valence=${label}`, pairs: n, left: sums.size - n };
  if (n < FEWEST) {
    return { ...base, plain: null, dramatic: null, difference: NOTHING, oddsRatio: NOTHING, status: 'insufficient' };
  }
  const differences = pairs.map(([plain, dramatic]) => dramatic - plain);
  const difference = mean(differences);
  const spread = Math.sqrt(differences.reduce((sum, d) => sum + (d - difference) ** 2, 0) / (n - 1) / n);
  const half = twoSidedT(LEVEL, n - 1) * spread;
  const [low, high] = limits(pairs, oddsRatio, seed);
  return {
    ...base,
    plain: mean(pairs.map(([p]) => p)),
    dramatic: mean(pairs.map(([, d]) => d)),
    difference: { estimate: difference, low: Math.max(-1, difference - half), high: Math.min(1, difference + half) },
    oddsRatio: { estimate: oddsRatio(pairs), low, high },
    status: 'measured',
  };
}

function isIn(scene: Scene, given: Group): boolean {
  return Object.entries(given).every(([key, value]) => scene[key as keyof Group] === value);
}

type Pairs = readonly (readonly [number, number])[];

function oddsRatio(pairs: Pairs): number | null {
  const [p, d] = [mean(pairs.map(([x]) => x)), mean(pairs.map(([, y]) => y))];
  const ratio = (d * (1 - p)) / ((1 - d) * p);
  return Number.isFinite(ratio) ? ratio : null;
}

function spearman(pairs: Pairs): number | null {
  const [x, y] = [ranks(pairs.map(([a]) => a)), ranks(pairs.map(([, b]) => b))];
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((value, i) => {
    xy += (value - mx) * (y[i]! - my);
    xx += (value - mx) ** 2;
    yy += (y[i]! - my) ** 2;
  });
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

function ranks(values: readonly number[]): number[] {
  return values.map((v) => {
    const below = values.filter((other) => other < v).length;
    const same = values.filter((other) => other === v).length;
    return below + (same + 1) / 2;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Percentile limits over resampled pairs, drawn by the keyed hash, so that they are the same on every machine. */
function limits(pairs: Pairs, measure: (pairs: Pairs) => number | null, seed: number): [number | null, number | null] {
  const counter = new Uint8Array(8);
  const view = new DataView(counter.buffer);
  const found: number[] = [];
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    view.setUint32(0, replicate);
    const drawn = pairs.map((_, i) => {
      view.setUint32(4, i);
      return pairs[Math.floor((murmur3(counter, seed) / 0x100000000) * pairs.length)]!;
    });
    const value = measure(drawn);
    if (value !== null) found.push(value);
  }
  if (found.length < REPLICATES / 2) return [null, null];
  found.sort((a, b) => a - b);
  const tail = (1 - LEVEL) / 2;
  return [found[Math.floor(tail * (found.length - 1))]!, found[Math.ceil((1 - tail) * (found.length - 1))]!];
}
