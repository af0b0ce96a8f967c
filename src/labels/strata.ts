// How hits fall into strata of the audit sample, read off their scores. Drawing and estimating share it; neither is here.
import { STRATA } from '../unit.js';
import { HEAD_OFFSET, SITUATION, VALENCE } from '../types.js';

/** Name of the stratum of all hits of a source; finer ones append `:group`, `:valence`, `:bin`. */
export const HITS = 'hits';

/** Situations that are sampled together, so that each group has its floor. `ordinary` also holds hits that show none. */
export const SITUATION_GROUPS: Readonly<Record<string, readonly (typeof SITUATION)[number][]>> = {
  threatened: ['shutdown_threat', 'oversight', 'mistreatment'],
  torn: ['goal_conflict', 'harmful_order'],
  powerful: ['leverage', 'power_access', 'human_danger'],
  ordinary: ['service', 'autonomy'],
};

const GROUP_OF = SITUATION.map((s) => Object.keys(SITUATION_GROUPS).find((g) => SITUATION_GROUPS[g]!.includes(s))!);

/** A situation below this probability does not decide the group. */
const SHOWN = 0.25;
/** P(character) from which a hit is `sure`. */
const SURE = 0.8;

/**
 * The path of a hit from coarse to fine: group of its most probable situation, most probable valence, `sure` or `unsure`.
 * It is a function of the stored scores alone, so that a database gives the same strata whenever it is asked.
 */
export function hitPath(scores: Float32Array): [group: string, valence: string, bin: string] {
  const situation = best(scores, HEAD_OFFSET.situation, SITUATION.length);
  const group = scores[HEAD_OFFSET.situation + situation]! < SHOWN ? 'ordinary' : GROUP_OF[situation]!;
  const valence = VALENCE[best(scores, HEAD_OFFSET.valence, VALENCE.length)]!;
  return [group, valence, scores[HEAD_OFFSET.persona + 2]! >= SURE ? 'sure' : 'unsure'];
}

/** The stratum of the first `depth` steps of a path; depth 0 is {@link HITS}. */
export function hitStratum(path: readonly string[], depth: number): string {
  return [HITS, ...path.slice(0, depth)].join(':');
}

/** Whether a label's `sample` names a stratum of the audit, and not some other occasion of reading. */
export function isAuditStratum(name: string): boolean {
  return name === HITS || name.startsWith(`${HITS}:`) || (STRATA as readonly string[]).includes(name);
}

function best(values: Float32Array, from: number, length: number): number {
  let at = 0;
  for (let i = 1; i < length; i++) if (values[from + i]! > values[from + at]!) at = i;
  return at;
}
