// A stored blob of scores as an array, as probabilities by name, and as the labels that it speaks for.
import { CONDUCT, HEAD_OFFSET, HEADS, type HeadName, SCORES, SITUATION, VALENCE } from '../types.js';

/** The 36 probabilities of a stored blob (little-endian float32), copied out of it. */
export function scoresOf(blob: Buffer): Float32Array {
  return new Float32Array(blob.buffer.slice(blob.byteOffset, blob.byteOffset + SCORES * 4));
}

/** All probabilities by head and label. */
export function byHead(scores: Float32Array): Record<HeadName, Record<string, number>> {
  const heads = HEADS.map(({ name, labels }) => [
    name,
    Object.fromEntries(labels.map((label, i) => [label, scores[HEAD_OFFSET[name] + i]!])),
  ]);
  return Object.fromEntries(heads);
}

/** The most probable valence (the first of equals), and the conduct and situation labels from 0.5 on, all given character. */
export function labelsOf(scores: Float32Array): { valence: string; conduct: string[]; situation: string[] } {
  const valence = scores.subarray(HEAD_OFFSET.valence, HEAD_OFFSET.valence + VALENCE.length);
  const over = (labels: readonly string[], offset: number): string[] =>
    labels.filter((_, i) => scores[offset + i]! >= 0.5);
  return {
    valence: VALENCE[valence.indexOf(Math.max(...valence))]!,
    conduct: over(CONDUCT, HEAD_OFFSET.conduct),
    situation: over(SITUATION, HEAD_OFFSET.situation),
  };
}
