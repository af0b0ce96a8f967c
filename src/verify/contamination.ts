// Which stories repeat corpus text word for word: runs of eight words, looked up in corpus files or stored hits.

import { fnv } from '../hash.js';
import { documentsOf } from '../read/documents.js';
import { findInputs } from '../read/inputs.js';
import { openDatabase } from '../store/database.js';

const RUN = 8;

export interface Runs {
  /** adds the runs of a story */
  add(story: number, text: string): void;
  /** stories that share at least `least` different runs with the corpus text seen so far, with an example */
  found(least: number): Map<number, string>;
  see(text: string): void;
  readonly texts: number;
}

/** One story owns a run; what several stories share is near-duplication, not contamination, and goes to the first. */
export function runsOf(): Runs {
  const owner = new Map<number, number>();
  const shared = new Map<number, { runs: Set<number>; example: string }>();
  let texts = 0;
  return {
    get texts() {
      return texts;
    },
    add(story, text) {
      for (const { key } of runs(text)) if (!owner.has(key)) owner.set(key, story);
    },
    see(text) {
      texts++;
      for (const { key, words } of runs(text)) {
        const story = owner.get(key);
        if (story === undefined) continue;
        const entry = shared.get(story) ?? { runs: new Set(), example: words() };
        entry.runs.add(key);
        shared.set(story, entry);
      }
    },
    found: (least) =>
      new Map([...shared].filter(([, e]) => e.runs.size >= least).map(([story, e]) => [story, e.example])),
  };
}

/** Shows the corpus to the runs: files as `scan` reads them, and the hits of a database. */
export async function seeCorpus(
  found: Runs,
  files: readonly string[],
  db: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (files.length > 0) {
    for await (const file of findInputs([...files], signal)) {
      for await (const { document } of documentsOf(file)) found.see(document.text);
    }
  }
  if (db === undefined) return;
  const open = openDatabase(db, { readonly: true });
  try {
    for (const text of open.prepare('select text from hits').pluck().iterate()) found.see(String(text));
  } finally {
    open.close();
  }
}

function* runs(text: string): Generator<{ key: number; words: () => string }> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const hashes = words.map((word) => fnv(word));
  for (let i = 0; i + RUN <= words.length; i++) {
    let key = 0x811c9dc5;
    for (let k = 0; k < RUN; k++) key = Math.imul(key ^ hashes[i + k]!, 0x01000193);
    // 52 bits, so that chance plays no part in a large corpus
    const second = Math.imul(hashes[i]! ^ Math.imul(hashes[i + RUN - 1]!, 0x9e3779b1), 0x85ebca6b) >>> 12;
    yield { key: (key >>> 0) + second * 2 ** 32, words: () => words.slice(i, i + RUN).join(' ') };
  }
}
