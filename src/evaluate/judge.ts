// Sends every labelled passage alone through the cascade and keeps what it says as columns. Computes no metric.
import type { Cascade } from '../cascade.js';
import { HEAD_OFFSET, PERSONA, SCORES, VALENCE } from '../types.js';
import type { Labelled } from './labels.js';
import type { FailedLine } from './model.js';
import { prototypes } from './prototypes.js';

/** One entry a passage in every column, in the order of the file. */
export interface Columns {
  readonly passages: readonly Labelled[];
  /** raw probabilities, {@link SCORES} a passage */
  readonly scores: Float32Array;
  /** P(character) */
  readonly character: Float64Array;
  /** P(character) · P(malevolent | character) */
  readonly malevolent: Float64Array;
  /** 1 where the gate opens on title and text */
  readonly gate: Uint8Array;
  readonly linear: Float64Array;
  /** AI entities that the gate finds in the text, n / (n + 3) */
  readonly entities: Float64Array;
  /** similarity to the nearest prototype; null when baselines were not asked for */
  readonly similar: { readonly character: Float64Array; readonly malevolent: Float64Array } | null;
}

export interface JudgeLabelsOptions {
  readonly baselines: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Judges one passage after the other. A passage that fails is left out of the columns and returned with its message. */
export async function judgeLabels(
  cascade: Cascade,
  labels: readonly Labelled[],
  { baselines, signal, onProgress }: JudgeLabelsOptions,
): Promise<{ columns: Columns; failed: FailedLine[] }> {
  const similarity = baselines ? await prototypes(cascade) : null;
  const size = labels.length;
  const passages: Labelled[] = [];
  const failed: FailedLine[] = [];
  const scores = new Float32Array(size * SCORES);
  const column = (): Float64Array => new Float64Array(size);
  const [character, malevolent, linear, entities] = [column(), column(), column(), column()];
  const [similarCharacter, similarMalevolent] = [column(), column()];
  const gate = new Uint8Array(size);
  const isCharacter = HEAD_OFFSET.persona + PERSONA.indexOf('character');
  const isMalevolent = HEAD_OFFSET.valence + VALENCE.indexOf('malevolent');

  for (const [done, label] of labels.entries()) {
    signal?.throwIfAborted();
    const { line, id, title, text, names } = label;
    try {
      const judged = await cascade.judge({ id, title, text, names }, { all: true, whole: true });
      const lost = judged.failures[0];
      if (lost !== undefined) throw new Error(lost.message);
      const passage = judged.passages[0];
      if (!passage?.scores || passage.linear === null) throw new Error('the cascade gave no scores');
      const at = passages.length;
      if (similarity !== null) {
        if (passage.embedding === null) throw new Error('the cascade gave no embedding');
        const near = similarity(passage.embedding);
        similarCharacter[at] = near.character;
        similarMalevolent[at] = near.malevolent;
      }
      scores.set(passage.scores, at * SCORES);
      character[at] = passage.scores[isCharacter]!;
      malevolent[at] = character[at]! * passage.scores[isMalevolent]!;
      gate[at] = passage.gate ? 1 : 0;
      linear[at] = passage.linear;
      entities[at] = judged.found.spans.length / (judged.found.spans.length + 3);
      passages.push(label);
    } catch (error) {
      failed.push({ line, id, message: error instanceof Error ? error.message : String(error) });
    }
    onProgress?.(done + 1, size);
  }
  const n = passages.length;
  return {
    columns: {
      passages,
      scores: scores.subarray(0, n * SCORES),
      character: character.subarray(0, n),
      malevolent: malevolent.subarray(0, n),
      gate: gate.subarray(0, n),
      linear: linear.subarray(0, n),
      entities: entities.subarray(0, n),
      similar:
        similarity === null
          ? null
          : { character: similarCharacter.subarray(0, n), malevolent: similarMalevolent.subarray(0, n) },
    },
    failed,
  };
}
