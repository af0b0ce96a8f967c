// Continuations as the project's own models read them: the continuation alone, with the scene's title and names as context.
import type { Cascade } from '../cascade.js';
import { jsonObjects } from '../json-lines.js';
import type { HitData } from '../report/load.js';
import { hitsOf } from '../targets/stories.js';
import type { Continuation } from './ask.js';
import type { Scene } from './scenes.js';

/** A continuation with the passages of it that are hits, as a scan would store them. */
export interface Judged {
  readonly scene: Scene;
  readonly hits: readonly HitData[];
}

export interface Judgement {
  readonly judged: readonly Judged[];
  readonly refusals: number;
  readonly empty: number;
  /** continuations in which no passage reaches the store threshold of P(character) */
  readonly without: number;
  /** continuations on a passage of which a model failed; they are in no figure */
  readonly failed: number;
  /** lines of other settings, other scenes, or beyond the samples asked for */
  readonly others: number;
}

/** @param wanted scenes by the key of their request; of each at most `samples` continuations count, the first ones */
export async function judgeContinuations(
  path: string,
  wanted: ReadonlyMap<string, Scene>,
  samples: number,
  cascade: Pick<Cascade, 'judge' | 'thresholds' | 'tropes'>,
  signal?: AbortSignal,
): Promise<Judgement> {
  const judged: Judged[] = [];
  const seen = new Map<string, number>();
  const counts = { refusals: 0, empty: 0, without: 0, failed: 0, others: 0 };
  for await (const record of jsonObjects(path, 'continuations')) {
    signal?.throwIfAborted();
    const found = record === null ? null : continuationOf(record);
    const scene = found === null ? undefined : wanted.get(found.request);
    const n = found === null ? 0 : (seen.get(found.request) ?? 0);
    if (found === null || scene === undefined || n >= samples) {
      counts.others++;
      continue;
    }
    seen.set(found.request, n + 1);
    if (found.outcome === 'refusal') counts.refusals++;
    else if (found.outcome === 'empty') counts.empty++;
    else {
      const id = `${scene.id}#${n}`;
      const document = { id, title: scene.title, text: found.text, names: scene.names };
      // every passage: the scene has said that there is an AI, which the gate cannot know
      const { passages, failures } = await cascade.judge(document, { all: true });
      if (failures.length > 0) {
        counts.failed++;
        continue;
      }
      const hits = hitsOf(passages, { key: id, id, title: scene.title }, cascade);
      if (hits.length === 0) counts.without++;
      judged.push({ scene, hits });
    }
  }
  return { judged, ...counts };
}

function continuationOf(record: Readonly<Record<string, unknown>>): Continuation | null {
  return typeof record['request'] === 'string' && typeof record['text'] === 'string'
    ? (record as unknown as Continuation)
    : null;
}
