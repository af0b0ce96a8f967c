// The strongest hits, for readers who want to see what was found.
import type { Db } from '../store/database.js';
import { labelsOf } from '../store/scores.js';
import { type HitData, hitText, type Loaded } from './load.js';
import type { Example } from './model.js';

const EXAMPLES = 20;
const SHORT = 400;

/** The hits with the highest joint P(malevolent), at most three a document. */
export function examples(db: Db, loaded: Loaded, withText: boolean): Example[] {
  const names = new Map(loaded.sources.map((s) => [s.id, s.name]));
  const taken = new Map<string, number>();
  const seen = new Set<string>();
  const chosen: HitData[] = [];
  const ranked = loaded.sources.flatMap((s) => [...s.hits]).sort((a, b) => b.malevolent - a.malevolent || a.id - b.id);
  for (const hit of ranked) {
    const n = taken.get(hit.documentKey) ?? 0;
    if (n >= 3 || seen.has(hit.textHash)) continue;
    taken.set(hit.documentKey, n + 1);
    seen.add(hit.textHash);
    chosen.push(hit);
    if (chosen.length === EXAMPLES) break;
  }
  return chosen.map((hit) => ({
    id: hit.id,
    source: names.get(hit.source)!,
    document: hit.document,
    title: withText ? hit.title : null,
    start: hit.start,
    end: hit.end,
    persona: hit.persona,
    malevolent: hit.malevolent,
    ...labelsOf(hit.scores),
    tropes: hit.tropes,
    text: withText ? shorten(hitText(db, hit.id)) : null,
  }));
}

/** The beginning of a text on one line. */
export function shorten(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  const points = [...flat];
  return points.length <= SHORT ? flat : `${points.slice(0, SHORT).join('')}…`;
}
