// What a selection takes out of the corpus: the removal rate, and how much of it has not the property. Writes nothing.
import { ENOUGH, prevalence } from '../estimate/prevalence.js';
import { twoSidedZ } from '../estimate/quantile.js';
import { sourceCounts } from '../figures/counts.js';
import { readAudit } from '../labels/cells.js';
import { conjunction } from '../labels/properties.js';
import { HITS } from '../labels/strata.js';
import type { Loaded } from '../report/load.js';
import type { SourceCounts } from '../report/model.js';
import type { Db } from '../store/database.js';
import type { Trope } from '../tropes.js';
import { onlySelected, type Selection } from './selection.js';

const LEVEL = 0.95;

/** `removed` is counted. `of` is `counted` too, or `expanded`: words and passages of gate rejects from their sample. */
export interface Removal {
  readonly removed: number;
  readonly of: number;
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly status: 'counted' | 'expanded';
}

/** Removal of whole documents, and of the selected passages alone. */
export interface Removals {
  /** documents with at least one selected passage */
  readonly documents: Removal;
  /** all passages of those documents */
  readonly passagesOfDocuments: Removal;
  /** the selected passages */
  readonly passages: Removal;
  readonly words: Removal;
}

/** Share of the selected passages that do not have the property. */
export interface Collateral {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly status: 'measured' | 'transferred' | 'none';
  readonly method: string;
  /** labels of the audit sample among the selected passages */
  readonly labels: number;
}

export interface Effect {
  readonly level: number;
  readonly hits: number;
  readonly selected: number;
  readonly all: Removals;
  readonly sources: readonly (Removals & { readonly source: string })[];
  readonly collateral: Collateral;
}

/** The effect of removing what is selected. See docs/export.md for the method of every figure. */
export function effectOf(db: Db, loaded: Loaded, selection: Selection, tropes: readonly Trope[]): Effect {
  const selected = onlySelected(loaded, selection);
  const parts = loaded.sources.map((source, i) => {
    const hits = selected.sources[i]!.hits;
    const documents = new Map(hits.map((hit) => [hit.documentKey, hit.passages]));
    return {
      size: sourceCounts(source, 1),
      seen: source.tallies.get('segment|in|') ?? 0,
      seenWords: source.tallies.get('segment|in_words|') ?? 0,
      documents: documents.size,
      passagesOfDocuments: [...documents.values()].reduce((sum, n) => sum + n, 0),
      passages: hits.length,
      words: hits.reduce((sum, hit) => sum + hit.words, 0),
    };
  });
  return {
    level: LEVEL,
    hits: loaded.sources.reduce((sum, s) => sum + s.hits.length, 0),
    selected: parts.reduce((sum, p) => sum + p.passages, 0),
    all: removals(parts),
    sources: parts.map((part) => ({ source: part.size.source, ...removals([part]) })),
    collateral: collateralOf(db, selected, selection, tropes),
  };
}

interface Part {
  readonly size: SourceCounts;
  /** passages and words that were counted one by one */
  readonly seen: number;
  readonly seenWords: number;
  readonly documents: number;
  readonly passagesOfDocuments: number;
  readonly passages: number;
  readonly words: number;
}

function removals(parts: readonly Part[]): Removals {
  const sum = (of: (part: Part) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const error = (of: (part: Part) => number): number => Math.sqrt(sum((part) => of(part) ** 2));
  const passages = {
    of: sum((p) => p.size.passages),
    least: sum((p) => p.seen),
    error: error((p) => p.size.passagesError),
  };
  const words = {
    of: sum((p) => p.size.words),
    least: sum((p) => p.seenWords),
    error: error((p) => p.size.wordsError),
  };
  const documents = sum((p) => p.size.documents);
  return {
    documents: removal(
      sum((p) => p.documents),
      { of: documents, least: documents, error: 0 },
    ),
    passagesOfDocuments: removal(
      sum((p) => p.passagesOfDocuments),
      passages,
    ),
    passages: removal(
      sum((p) => p.passages),
      passages,
    ),
    words: removal(
      sum((p) => p.words),
      words,
    ),
  };
}

/** A count over a total with a standard error; the total is at least what was counted. */
function removal(removed: number, total: { of: number; least: number; error: number }): Removal {
  const { of, least, error } = total;
  const status = error === 0 ? 'counted' : 'expanded';
  if (of <= 0 || !Number.isFinite(error)) return { removed, of, estimate: null, low: null, high: null, status };
  const half = error === 0 ? 0 : twoSidedZ(LEVEL) * error;
  const share = (size: number): number => Math.min(1, removed / size);
  return {
    removed,
    of,
    estimate: share(of),
    low: share(of + half),
    high: share(Math.max(least, of - half, Number.MIN_VALUE)),
    status,
  };
}

/**
 * From labels where they suffice: within any part of the hits every draw of the audit is a simple random sample, so the
 * labelled selected passages of a stratum are one of its selected passages, whose number is known. Else 1 − the mean
 * joint probability.
 */
function collateralOf(db: Db, selected: Loaded, selection: Selection, tropes: readonly Trope[]): Collateral {
  const hits = selected.sources.flatMap((s) => s.hits);
  if (hits.length === 0) return { ...NOTHING, status: 'none', method: 'nothing is selected', labels: 0 };
  const has = conjunction(selection.parts, tropes);
  const strata = readAudit(db, selected)
    .cells.filter((cell) => cell.name.startsWith(HITS))
    .map((cell) => ({
      name: `${cell.source}, ${cell.name}`,
      population: cell.population,
      sampled: cell.units.length,
      positives: cell.units.filter((unit) => !has(unit.label)).length,
    }));
  const labels = strata.reduce((sum, s) => sum + s.sampled, 0);
  if (labels > 0) {
    const { estimate, low, high, effectiveN } = prevalence(strata, LEVEL);
    if (effectiveN >= ENOUGH || strata.every((s) => s.sampled === s.population)) {
      return { estimate, low, high, status: 'measured', method: 'audit labels, stratified, test inversion', labels };
    }
  }
  const mean = hits.reduce((sum, hit) => sum + selection.score(hit.scores), 0) / hits.length;
  return { ...NOTHING, estimate: 1 - mean, status: 'transferred', method: 'one minus the mean probability', labels };
}

const NOTHING = { estimate: null, low: null, high: null };
