// Copies among the hits: the same passage text in several places. What is a copy among rejects nobody knows.
import type { HitData, Loaded, SourceData } from '../report/load.js';

/** `all`: every copy counts, as a model that trains on the corpus meets every copy. `once`: each text counts once. */
export const DUPLICATES = ['all', 'once'] as const;
export type Duplicates = (typeof DUPLICATES)[number];

/** Hits whose folded text another hit has too, beyond the first of each text. */
export function countCopies(loaded: Loaded): number {
  const hits = loaded.sources.flatMap((s) => s.hits);
  return hits.length - new Set(hits.map((h) => h.textHash)).size;
}

/**
 * The corpus with each hit's text once: the first in the order of source names, files and records stays. A document whose
 * hits are all copies is taken for a copy. Which row stays does not depend on the keys that the audit sample is drawn by,
 * so the labelled rows among those that stay are a simple random sample of them, stratum by stratum.
 */
export function withoutCopies(loaded: Loaded): Loaded {
  const seen = new Set<string>();
  return {
    ...loaded,
    sources: loaded.sources.map((source): SourceData => {
      const kept: HitData[] = [];
      const dropped: HitData[] = [];
      for (const hit of source.hits) {
        (seen.has(hit.textHash) ? dropped : kept).push(hit);
        seen.add(hit.textHash);
      }
      const staying = new Set(kept.map((h) => h.documentKey));
      const gone = new Set(dropped.map((h) => h.documentKey).filter((key) => !staying.has(key)));
      const copies = {
        passages: dropped.length,
        words: dropped.reduce((sum, h) => sum + h.words, 0),
        documents: gone.size,
        places: new Set(dropped.map((h) => `${h.document}\u0000${h.start}\u0000${h.end}`)),
      };
      return { ...source, hits: kept, copies };
    }),
  };
}
