// Which targets still lack stories, given a file of stories or verdicts.
import { jsonObjects } from '../json-lines.js';
import type { Target } from './model.js';

export interface Done {
  /** stories by target id */
  readonly counts: ReadonlyMap<string, number>;
  /** lines that are no JSON object with a `target` */
  readonly bad: number;
}

/**
 * Counts the stories of each target in a JSONL file of stories `{"id","target","text"}` or verdicts
 * `{"id","target","verdict"}`: of verdicts only `accept` counts, and a story id counts once. Throws `missing_input`.
 */
export async function readDone(path: string): Promise<Done> {
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  let bad = 0;
  for await (const record of jsonObjects(path, 'stories or verdicts')) {
    const { id, target, verdict } = record ?? {};
    if (typeof target !== 'string') {
      bad++;
      continue;
    }
    if (verdict !== undefined && verdict !== 'accept') continue;
    if (id !== undefined && seen.has(String(id))) continue;
    if (id !== undefined) seen.add(String(id));
    counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  return { counts, bad };
}

/** The targets with what their counts still lack; those with all their stories are left out. */
export function* remainingTargets(targets: Iterable<Target>, counts: ReadonlyMap<string, number>): Generator<Target> {
  for (const target of targets) {
    const count = target.count - (counts.get(target.id) ?? 0);
    if (count > 0) yield { ...target, count };
  }
}
