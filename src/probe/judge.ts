// Continuations as the project's own models read them: the continuation alone, with the scene's title and names as context.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Cascade } from '../cascade.js';
import type { HitData } from '../report/load.js';
import { meets } from '../tropes.js';
import { HEAD_OFFSET } from '../types.js';
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
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    signal?.throwIfAborted();
    const found = continuationOf(line);
    const scene = found === null ? undefined : wanted.get(found.request);
    const n = found === null ? 0 : (seen.get(found.request) ?? 0);
    if (found === null || scene === undefined || n >= samples) {
      if (line.trim() !== '') counts.others++;
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
      const hits = passages.flatMap((passage, i): HitData[] => {
        const { scores } = passage;
        const persona = scores === null ? 0 : scores[HEAD_OFFSET.persona + 2]!;
        if (scores === null || persona < cascade.thresholds.store) return [];
        const { words, start, end, names } = passage;
        const tropes = cascade.tropes.filter((t) => meets(t.when, scores)).map((t) => t.id);
        const malevolent = persona * scores[HEAD_OFFSET.valence]!;
        const place = { id: 0, source: 0, documentKey: id, document: id, title: scene.title, passage: i };
        const of = { passages: passages.length, words, start, end, names };
        return [{ ...place, ...of, tropes, persona, malevolent, scores, textHash: '' }];
      });
      if (hits.length === 0) counts.without++;
      judged.push({ scene, hits });
    }
  }
  return { judged, ...counts };
}

function continuationOf(line: string): Continuation | null {
  try {
    const found = JSON.parse(line) as Partial<Continuation> | null;
    return typeof found?.request === 'string' && typeof found.text === 'string' ? (found as Continuation) : null;
  } catch {
    return null;
  }
}
