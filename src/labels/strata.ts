// How hits fall into strata of the audit sample, read off their scores. Drawing and estimating share it; neither is here.

import { HEAD_OFFSET, SITUATION, VALENCE } from '../types.js';
import { STRATA } from '../unit.js';

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

/**
 * Blocks of documents that the gate rejected are sampled by size, in classes of 1, 2-3, 4-7, 8-15, … passages: one passage
 * stands for all of its block, so that blocks of one class weigh nearly the same. Blocks without passages are `gate:0`;
 * there is nothing to label in them. In databases of version 1.1 and before a block is the whole document.
 */
export function gateClass(passages: number): { name: string; least: number; most: number } {
  if (passages === 0) return { name: 'gate:0', least: 0, most: 0 };
  const least = 2 ** Math.floor(Math.log2(Math.max(1, passages)));
  const most = 2 * least - 1;
  return { name: least === 1 ? 'gate:1' : `gate:${least}-${most}`, least, most };
}

/** The stage that a stratum of rejects comes from: `gate:4-7` is of `gate`. */
export function stageOf(sample: string): string {
  return sample.startsWith('gate:') ? 'gate' : sample;
}

/** Whether a label's `sample` names a stratum of the audit, and not some other occasion of reading. */
export function isAuditStratum(name: string): boolean {
  return name === HITS || name.startsWith(`${HITS}:`) || (STRATA as readonly string[]).includes(stageOf(name));
}

function best(values: Float32Array, from: number, length: number): number {
  let at = 0;
  for (let i = 1; i < length; i++) if (values[from + i]! > values[from + at]!) at = i;
  return at;
}
