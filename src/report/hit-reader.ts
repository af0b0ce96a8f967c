// Embeddings and texts of hits, read when asked for. Nothing is computed here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HitReader } from '../figures/clusters.js';
import type { Db } from '../store/database.js';
import { EMBEDDING } from '../types.js';
import { shorten } from './examples.js';
import type { Loaded } from './load.js';

/** Reads from an open database, as long as it is open; what is quoted is shortened. */
export function hitReader(db: Db): HitReader {
  const text = db.prepare('select text from hits where id = ?').pluck();
  return {
    *vectors(wanted) {
      const rows = db.prepare('select hit_id, embedding from hit_vectors').raw().iterate();
      const vector = new Float32Array(EMBEDDING);
      const bytes = new Uint8Array(vector.buffer);
      for (const [id, blob] of rows as Iterable<[number, Buffer]>) {
        if (!wanted.has(id)) continue;
        bytes.set(blob);
        yield { id, vector };
      }
    },
    text: (id) => text.get(id) as string,
    quote: (id) => shorten(text.get(id) as string),
  };
}

/**
 * Words that may label a cluster where no text of the corpus is to be shown: whole words of the encoder's vocabulary
 * (words in general use), without any that the hits have as a name. Without a readable vocabulary there are none.
 */
export function generalWords(models: string, loaded: Loaded): (word: string) => boolean {
  let vocabulary: Readonly<Record<string, number>> = {};
  try {
    const read = JSON.parse(readFileSync(join(models, 'encoder', 'tokenizer.json'), 'utf8')) as {
      model?: { vocab?: Record<string, number> };
    };
    vocabulary = read.model?.vocab ?? {};
  } catch {
    // no vocabulary: no words
  }
  const names = new Set<string>();
  for (const { hits } of loaded.sources) {
    for (const hit of hits)
      for (const name of hit.names) for (const part of name.toLowerCase().split(/\s+/)) names.add(part);
  }
  return (word) => Object.hasOwn(vocabulary, word) && !names.has(word);
}
