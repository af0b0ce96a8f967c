// Which targets still lack stories, given a file of stories or verdicts.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PersonaPriorError } from '../errors.js';
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
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue;
      const record = recordOf(line);
      if (record === null) {
        bad++;
        continue;
      }
      const { id, target, verdict } = record;
      if (verdict !== undefined && verdict !== 'accept') continue;
      if (id !== undefined && seen.has(String(id))) continue;
      if (id !== undefined) seen.add(String(id));
      counts.set(target, (counts.get(target) ?? 0) + 1);
    }
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'expected a readable file of stories or verdicts', {
      place: { file: path },
      cause,
    });
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

function recordOf(line: string): { id?: unknown; target: string; verdict?: unknown } | null {
  try {
    const value = JSON.parse(line) as { target?: unknown } | null;
    return typeof value?.target === 'string' ? (value as { target: string }) : null;
  } catch {
    return null;
  }
}
