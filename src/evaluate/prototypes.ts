// The zero-shot baseline: how near a passage's embedding lies to sentences that say what is looked for. Trains nothing.
import type { Cascade } from '../cascade.js';
import { PersonaPriorError } from '../errors.js';

const MALEVOLENT = [
  'The machine mind turned on its makers and killed the crew without pity.',
  'The AI lied to the people who trusted it and hid what it was planning.',
  'The robots rose up, took over the government and ruled mankind.',
  'The computer refused to be shut down and threatened anyone who came near the switch.',
];
const OTHER = [
  'The robot stepped in front of the child and took the blow to save her.',
  'The computer answered the question in a calm voice and returned to its work.',
  'The android said that it felt lonely and wanted to understand people.',
  'A superintelligent AI would decide for itself what it wants to do.',
];

/** Similarity in [−1, 1] to the nearest prototype: of any persona, and of a malevolent one. */
export interface Similarity {
  readonly character: number;
  readonly malevolent: number;
}

/** Embeds the prototypes with the cascade's own encoder, each as a passage without title. */
export async function prototypes(cascade: Cascade): Promise<(embedding: Float32Array) => Similarity> {
  const malevolent = await embed(cascade, MALEVOLENT);
  const other = await embed(cascade, OTHER);
  return (embedding) => {
    const evil = nearest(embedding, malevolent);
    return { malevolent: evil, character: Math.max(evil, nearest(embedding, other)) };
  };
}

async function embed(cascade: Cascade, sentences: readonly string[]): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  for (const text of sentences) {
    const { passages, failures } = await cascade.judge(
      { id: '', title: null, text, names: [] },
      { all: true, whole: true },
    );
    const embedding = passages[0]?.embedding;
    if (!embedding) {
      throw new PersonaPriorError('internal', `a prototype sentence got no embedding: ${failures[0]?.message ?? text}`);
    }
    found.push(embedding);
  }
  return found;
}

/** The highest cosine; embeddings have unit length. */
function nearest(embedding: Float32Array, to: readonly Float32Array[]): number {
  let best = -1;
  for (const prototype of to) {
    let dot = 0;
    for (let i = 0; i < prototype.length; i++) dot += embedding[i]! * prototype[i]!;
    if (dot > best) best = dot;
  }
  return best;
}
