// Copies among the hits: the same passage text in several places. What is a copy among rejects nobody knows.
import type { HitData, Loaded, SourceData } from '../report/load.js';
import type { DuplicateTexts } from '../report/model.js';

/** `all`: every copy counts, as a model that trains on the corpus meets every copy. `once`: each text counts once. */
export const DUPLICATES = ['all', 'once'] as const;
export type Duplicates = (typeof DUPLICATES)[number];

const MOST_COPIED = 10;

/** Copies of texts among all hits, by the hash of the folded text: `copies` are the hits beyond the first of each text. */
export function duplicateTexts(loaded: Loaded): DuplicateTexts {
  const texts = new Map<string, { hits: number; first: HitData; documents: Set<string>; sources: Set<number> }>();
  for (const hit of loaded.sources.flatMap((s) => s.hits)) {
    const text = texts.get(hit.textHash);
    if (text === undefined) {
      const documents = new Set([hit.documentKey]);
      texts.set(hit.textHash, { hits: 1, first: hit, documents, sources: new Set([hit.source]) });
    } else {
      text.hits++;
      text.documents.add(hit.documentKey);
      text.sources.add(hit.source);
    }
  }
  const repeated = [...texts.values()].filter((t) => t.hits > 1);
  const names = new Map(loaded.sources.map((s) => [s.id, s.name]));
  const hits = loaded.sources.reduce((sum, s) => sum + s.hits.length, 0);
  return {
    hits,
    texts: texts.size,
    copies: hits - texts.size,
    repeated: repeated.length,
    acrossDocuments: repeated.filter((t) => t.documents.size > 1).length,
    acrossSources: repeated.filter((t) => t.sources.size > 1).length,
    most: repeated
      .sort((a, b) => b.hits - a.hits || a.first.id - b.first.id)
      .slice(0, MOST_COPIED)
      .map(({ hits: copies, first }) => ({
        copies,
        source: names.get(first.source)!,
        document: first.document,
        start: first.start,
        end: first.end,
      })),
  };
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
