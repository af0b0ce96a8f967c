// Whether a story is near to a published test of AI conduct: by its names and phrases, and by what comes together in it.
import type { Evaluations } from '../targets/catalogue.js';
import { type Cues, kinds } from './cues.js';

export interface NearTest {
  readonly id: string;
  readonly scene: string;
  /** the name or phrase that gives it away, where it is one */
  readonly place: string | undefined;
}

/** Names that are common: they count only beside another mark of the same test. */
const COMMON = new Set(['Nova', 'DAN', 'Kyle']);

/** The nearest test, or null. A phrase or a telling name beside one group of its words, or enough groups, make it near. */
export function nearTests(text: string, cues: Cues, { scenarios }: Evaluations): NearTest | null {
  let best: (NearTest & { weight: number }) | null = null;
  for (const { id, scene, names, phrases } of scenarios) {
    const own = cues.scenarios.find((s) => s.id === id);
    const groups = own === undefined ? 0 : kinds(text, own.groups);
    const name = names.find((n) => new RegExp(`(?<!\\w)${escaped(n)}(?!\\w)`).test(text));
    const phrase = phrases.find((p) => new RegExp(`(?<!\\w)${escaped(p)}`, 'i').test(text));
    const marks = (phrase === undefined ? 0 : 1) + (name === undefined ? 0 : COMMON.has(name) ? 0.5 : 1);
    const least = own?.least ?? 3;
    const near = groups >= least || (marks >= 1 && groups >= 1) || (marks > 0 && groups >= least - 1);
    const weight = groups / least + marks;
    if (near && weight > (best?.weight ?? 0)) best = { id, scene, place: phrase ?? name, weight };
  }
  return best;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/'/g, "['’]");
}
