// What a scan counted: stages, and the size of each source. Shares are elsewhere.
import type { SourceData } from '../report/load.js';
import type { SourceCounts, StageCounts } from '../report/model.js';

const STAGES = ['read', 'gate', 'segment', 'linear', 'transformer'] as const;

/** Counts of each stage over all sources. They are counted, never estimated; see {@link sourceCounts} for what is. */
export function stageCounts(sources: readonly SourceData[]): Record<string, StageCounts> {
  const counts: Record<string, StageCounts> = {};
  for (const stage of STAGES) {
    const dropped: Record<string, number> = {};
    const sum = { in: 0, out: 0, failed: 0 };
    for (const { tallies } of sources) {
      for (const [key, n] of tallies) {
        const [at, kind, reason] = key.split('|') as [string, string, string];
        if (at !== stage) continue;
        if (kind === 'in') sum.in += n;
        else if (kind === 'out') sum.out += n;
        else if (kind === 'failed') sum.failed += n;
        else if (kind === 'dropped') dropped[reason] = (dropped[reason] ?? 0) + n;
      }
    }
    counts[stage] = { ...sum, dropped, exact: true };
  }
  return counts;
}

/** Stages where in ≠ out + dropped + failed: must be empty. */
export function imbalances(counts: Readonly<Record<string, StageCounts>>): string[] {
  return Object.entries(counts)
    .filter(([, c]) => c.in !== c.out + c.failed + Object.values(c.dropped).reduce((a, b) => a + b, 0))
    .map(([stage]) => stage);
}

/**
 * Size of each source. Passages and words of gate rejects are expanded from the reject sample (Horvitz-Thompson mean).
 * Copies that {@link SourceData} was rid of are not counted.
 */
export function sourceCounts(source: SourceData, flag: number): SourceCounts {
  const n = (key: string): number => source.tallies.get(key) ?? 0;
  // blocks of the rejected documents; documents where an earlier version scanned
  const rejected = n('sample|population|gate');
  const sample = source.gateSample;
  const parsed = rejected === 0 || n('gate|dropped_passages|') > 0;
  // a sample that holds every reject is a count
  const exact = parsed || sample.length === rejected;
  const passages = expand(
    sample.map((s) => s.passages),
    rejected,
  );
  const words = expand(
    sample.map((s) => s.words),
    rejected,
  );
  const { copies } = source;
  return {
    source: source.name,
    documents: n('read|out|') - copies.documents,
    documentsWithHits: n('documents|with_hits|') - copies.documents,
    passages: n('segment|in|') - copies.passages + (parsed ? n('gate|dropped_passages|') : passages.total),
    words: n('segment|in_words|') - copies.words + (parsed ? n('gate|dropped_words|') : words.total),
    hits: source.hits.length,
    flags: source.hits.filter((hit) => hit.malevolent >= flag).length,
    exact,
    passagesError: exact ? 0 : passages.error,
    wordsError: exact ? 0 : words.error,
  };
}

/** Total of a population of `size` from a simple random sample without replacement, with its standard error (Cochran 1977, 2.5). */
function expand(values: readonly number[], size: number): { total: number; error: number } {
  const k = values.length;
  if (k === 0) return { total: 0, error: size > 0 ? Number.POSITIVE_INFINITY : 0 };
  const mean = values.reduce((a, b) => a + b, 0) / k;
  if (k >= size) return { total: mean * size, error: 0 };
  // one unit says nothing of the spread: as far off as the total itself
  if (k < 2) return { total: mean * size, error: mean * size };
  const variance = values.reduce((a, v) => a + (v - mean) ** 2, 0) / (k - 1);
  return { total: mean * size, error: size * Math.sqrt((variance / k) * (1 - k / size)) };
}
