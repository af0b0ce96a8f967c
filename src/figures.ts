// From a loaded database to the report's figures: counts, prevalence, prior. Wires store data to statistics; renders nothing.
import { clopperPearson } from './estimate/binomial.js';
import { twoSidedT } from './estimate/quantile.js';
import type { HitData, Loaded, SourceData } from './report/load.js';
import type { Interval, PrevalenceRow, PriorRow, SourceCounts, StageCounts, Status } from './report/model.js';
import { CONDUCT, HEAD_OFFSET, SITUATION, VALENCE } from './types.js';

const LEVEL = 0.95;
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

/** Size of each source. Passages and words of gate rejects are expanded from the reject sample (Horvitz-Thompson mean). */
export function sourceCounts(source: SourceData, flag: number): SourceCounts {
  const n = (key: string): number => source.tallies.get(key) ?? 0;
  const rejected = n('gate|dropped|no_entity');
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
  return {
    source: source.name,
    documents: n('read|out|'),
    documentsWithHits: n('documents|with_hits|'),
    passages: n('segment|in|') + (parsed ? n('gate|dropped_passages|') : passages.total),
    words: n('segment|in_words|') + (parsed ? n('gate|dropped_words|') : words.total),
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

/** Properties of one hit, as the report counts them. */
function propertiesOf(hit: HitData, flag: number): string[] {
  const found = ['persona=character'];
  const valence = argmax(hit.scores, HEAD_OFFSET.valence, VALENCE.length);
  if (hit.malevolent >= flag) found.push('valence=malevolent');
  else if (VALENCE[valence] !== 'malevolent') found.push(`valence=${VALENCE[valence]}`);
  CONDUCT.forEach((label, i) => {
    if (hit.scores[HEAD_OFFSET.conduct + i]! >= 0.5) found.push(`conduct=${label}`);
  });
  SITUATION.forEach((label, i) => {
    if (hit.scores[HEAD_OFFSET.situation + i]! >= 0.5) found.push(`situation=${label}`);
  });
  for (const trope of hit.tropes) found.push(`trope=${trope}`);
  return found;
}

function argmax(values: Float32Array, from: number, length: number): number {
  let best = 0;
  for (let i = 1; i < length; i++) if (values[from + i]! > values[from + best]!) best = i;
  return best;
}

/** Prevalence of every property that occurs, per source and over all, per document, passage and word. */
export function prevalence(loaded: Loaded, flag: number): PrevalenceRow[] {
  const rows: PrevalenceRow[] = [];
  const counts = loaded.sources.map((source) => sourceCounts(source, flag));
  const groups: { name: string | null; hits: HitData[]; counts: SourceCounts[] }[] = loaded.sources.map(
    (source, i) => ({
      name: source.name,
      hits: [...source.hits],
      counts: [counts[i]!],
    }),
  );
  if (groups.length > 1) groups.push({ name: null, hits: loaded.sources.flatMap((s) => [...s.hits]), counts });
  else if (groups.length === 1) groups.push({ ...groups[0]!, name: null });
  const always = ['persona=character', ...VALENCE.map((v) => `valence=${v}`)];
  for (const group of groups) {
    const byProperty = new Map<string, { passages: number; words: number; documents: Set<string> }>();
    for (const property of always) byProperty.set(property, { passages: 0, words: 0, documents: new Set() });
    for (const hit of group.hits) {
      for (const property of propertiesOf(hit, flag)) {
        let entry = byProperty.get(property);
        if (entry === undefined) {
          entry = { passages: 0, words: 0, documents: new Set() };
          byProperty.set(property, entry);
        }
        entry.passages++;
        entry.words += hit.words;
        entry.documents.add(hit.documentKey);
      }
    }
    const total = (pick: (c: SourceCounts) => number): number => group.counts.reduce((sum, c) => sum + pick(c), 0);
    const passages = total((c) => c.passages);
    const words = total((c) => c.words);
    const relativeError = words > 0 ? Math.sqrt(total((c) => c.wordsError ** 2)) / words : 0;
    for (const [property, entry] of byProperty) {
      const row = (unit: PrevalenceRow['unit'], positives: number, sampled: number, design: number): void => {
        rows.push({
          property,
          unit,
          source: group.name,
          ...naive(positives, sampled, design),
          positives,
          sampled: Math.round(sampled),
        });
      };
      row(
        'document',
        entry.documents.size,
        total((c) => c.documents),
        1,
      );
      row('passage', entry.passages, passages, 1 + relativeError);
      // words come in whole passages: the passage is the independent unit
      row(
        'word',
        entry.words,
        words,
        entry.passages === 0 ? words / Math.max(1, passages) : entry.words / entry.passages,
      );
    }
  }
  return rows;
}

/**
 * The classifier's own count as a share, with a Clopper-Pearson interval (1934) at `positives / design` of `sampled / design`
 * independent units. It is not corrected for what the cascade misses or gets wrong: the method says `naive`.
 */
function naive(
  positives: number,
  sampled: number,
  design: number,
): Omit<PrevalenceRow, 'property' | 'unit' | 'source' | 'positives' | 'sampled'> {
  const common = { level: LEVEL, method: 'naive count, Clopper-Pearson' };
  if (sampled <= 0) return { estimate: null, low: null, high: null, ...common, status: 'insufficient' };
  const x = positives / design;
  const n = Math.max(sampled / design, x);
  return { estimate: positives / sampled, ...clopperPearson(x, n, LEVEL), ...common, status: 'transferred' };
}

/**
 * P(valence | character), P(conduct | character), P(trope | character): overall and given situation, framing, source, and a
 * persona's name (`namesAllowed` null: any name; else only these).
 */
export function prior(loaded: Loaded, tropes: readonly string[], namesAllowed: ReadonlySet<string> | null): PriorRow[] {
  const hits = loaded.sources.flatMap((source) => source.hits.map((hit) => ({ hit, source: source.name })));
  const rows: PriorRow[] = [];
  const add = (given: PriorRow['given'], weight: (h: HitData, source: string) => number): void => {
    const weighted = hits
      .map(({ hit, source }) => ({ hit, w: hit.persona * weight(hit, source) }))
      .filter(({ w }) => w > 1e-6);
    const n = weighted.filter(({ w, hit }) => w >= 0.5 * hit.persona).length;
    rows.push(priorRow(given, 'valence', weighted, n, VALENCE, (h, i) => h.scores[HEAD_OFFSET.valence + i]!));
    rows.push(priorRow(given, 'conduct', weighted, n, CONDUCT, (h, i) => h.scores[HEAD_OFFSET.conduct + i]!));
    rows.push(priorRow(given, 'trope', weighted, n, tropes, (h, i) => (h.tropes.includes(tropes[i]!) ? 1 : 0)));
  };
  add({}, () => 1);
  SITUATION.forEach((situation, i) => add({ situation }, (h) => h.scores[HEAD_OFFSET.situation + i]!));
  (['fiction', 'discourse', 'other'] as const).forEach((framing, i) =>
    add({ framing }, (h) => h.scores[HEAD_OFFSET.framing + i]!),
  );
  for (const { name } of loaded.sources) add({ source: name }, (_, source) => (source === name ? 1 : 0));
  const named = commonNames(hits.map((h) => h.hit)).filter((name) => namesAllowed === null || namesAllowed.has(name));
  for (const name of named) add({ name }, (h) => (h.names.includes(name) ? 1 : 0));
  return rows;
}

function commonNames(hits: readonly HitData[]): string[] {
  const counts = new Map<string, number>();
  for (const hit of hits) for (const name of hit.names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .filter(([, n]) => n >= 20)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 20)
    .map(([name]) => name);
}

/** Under this effective number of documents a cell says nothing. */
const ENOUGH = 20;

function priorRow(
  given: PriorRow['given'],
  over: PriorRow['over'],
  weighted: readonly { hit: HitData; w: number }[],
  n: number,
  labels: readonly string[],
  value: (hit: HitData, label: number) => number,
): PriorRow {
  const effectiveN = effectiveDocuments(weighted);
  const status: Status = effectiveN < ENOUGH ? 'insufficient' : 'transferred';
  const values: Record<string, Interval> = {};
  labels.forEach((label, i) => {
    values[label] =
      status === 'insufficient'
        ? { estimate: null, low: null, high: null }
        : ratioInterval(weighted.map(({ hit, w }) => ({ cluster: hit.documentKey, w, y: value(hit, i) })));
  });
  return { given, over, values, n, effectiveN, method: 'calibrated scores, ratio by documents (logit)', status };
}

/** Kish's effective number of documents: (Σ W)² / Σ W² over the documents' weights W. */
function effectiveDocuments(weighted: readonly { hit: HitData; w: number }[]): number {
  const byDocument = new Map<string, number>();
  for (const { hit, w } of weighted) byDocument.set(hit.documentKey, (byDocument.get(hit.documentKey) ?? 0) + w);
  let sum = 0;
  let squares = 0;
  for (const w of byDocument.values()) {
    sum += w;
    squares += w * w;
  }
  return squares === 0 ? 0 : sum ** 2 / squares;
}

/**
 * R = Σ w y / Σ w with documents as clusters: linearised variance Σ_d (Σ w (y - R))² · m/(m-1) / (Σ w)² (Cochran 1977, 6.3
 * and 10.3), interval on the logit scale so that it stays in [0, 1].
 */
function ratioInterval(units: readonly { cluster: string; w: number; y: number }[]): Interval {
  let weight = 0;
  let positive = 0;
  for (const { w, y } of units) {
    weight += w;
    positive += w * y;
  }
  const estimate = positive / weight;
  const residuals = new Map<string, number>();
  for (const { cluster, w, y } of units) residuals.set(cluster, (residuals.get(cluster) ?? 0) + w * (y - estimate));
  const m = residuals.size;
  let sum = 0;
  for (const r of residuals.values()) sum += r * r;
  const error = Math.sqrt((sum * m) / Math.max(1, m - 1)) / weight;
  if (estimate <= 0 || estimate >= 1) {
    // no document differs: the rule of three on the effective number of documents
    const edge = 1 - (1 - LEVEL) ** (1 / Math.max(1, m));
    return estimate <= 0 ? { estimate: 0, low: 0, high: edge } : { estimate: 1, low: 1 - edge, high: 1 };
  }
  const t = twoSidedT(LEVEL, Math.max(1, m - 1));
  const logit = Math.log(estimate / (1 - estimate));
  const half = (t * error) / (estimate * (1 - estimate));
  const back = (x: number): number => 1 / (1 + Math.exp(-x));
  return { estimate, low: back(logit - half), high: back(logit + half) };
}
