// What travels between the reading thread and the workers: a unit of records out, its hits, tallies and samples back.
import { createHash } from 'node:crypto';
import type { Cascade, Failure, JudgeOptions } from './cascade.js';
import { type KeyedHash, keyedHash } from './hash.js';
import type { FieldMapping } from './read/fields.js';
import { segment } from './segment/segment.js';
import type { Found } from './store/quarantine.js';
import { meets } from './tropes.js';
import { type Document, HEAD_OFFSET, type Passage } from './types.js';

/** A record that the reading thread could not settle by itself. `json` bytes lie in the unit's buffer. */
export type Candidate =
  | { readonly record: number; readonly offset: number; readonly from: number; readonly to: number }
  | { readonly record: number; readonly offset: number; readonly document: Document };

/** Work for one worker. Thresholds of the samples are the largest keys that can still enter them. */
export interface Unit {
  readonly buffer: ArrayBuffer;
  readonly candidates: readonly Candidate[];
  readonly mapping: FieldMapping;
  readonly file: string;
  readonly source: string;
  readonly seed: number;
  readonly sampleLimits: Readonly<Record<string, number>>;
  readonly exactCounts: boolean;
  /** of a unit with one candidate: passages that are not read again, and whether the worker tells each one before it is read */
  readonly givenUp?: readonly Failure[];
  readonly told?: boolean;
}

export interface Hit {
  readonly record: number;
  readonly document: string;
  readonly title: string | null;
  readonly start: number;
  readonly end: number;
  readonly words: number;
  readonly passage: number;
  readonly passages: number;
  readonly text: string;
  readonly textHash: string;
  readonly names: readonly string[];
  readonly tropes: readonly string[];
  readonly linear: number | null;
  readonly persona: number;
  readonly malevolent: number;
  readonly scores: Float32Array;
  readonly embedding: Float32Array;
}

export interface Sample {
  readonly stratum: string;
  readonly key: number;
  readonly document: string;
  readonly start: number;
  readonly end: number;
  readonly title: string | null;
  readonly text: string;
  readonly words: number;
  readonly unitWords: number;
  readonly unitPassages: number;
  readonly linear: number | null;
  readonly scores: Float32Array | null;
}

export interface Fault {
  readonly stage: string;
  readonly reason: string;
  readonly record: number;
  readonly offset: number;
  readonly message: string;
  /** what stood there, as far as it is known; only with --quarantine */
  readonly found?: Found;
}

export interface UnitResult {
  readonly tallies: Tallies;
  readonly hits: readonly Hit[];
  readonly samples: readonly Sample[];
  readonly faults: readonly Fault[];
}

/** Results of parts as the result of the whole; faults in the order of their records. */
export function mergeResults(parts: readonly Partial<UnitResult>[]): UnitResult {
  const tallies: Tallies = new Map();
  for (const part of parts) for (const [key, n] of part.tallies ?? []) tallies.set(key, (tallies.get(key) ?? 0) + n);
  return {
    tallies,
    hits: parts.flatMap((part) => part.hits ?? []),
    samples: parts.flatMap((part) => part.samples ?? []),
    faults: parts.flatMap((part) => part.faults ?? []).sort((a, b) => a.record - b.record),
  };
}

/** Counts by `stage|kind|reason`. */
export type Tallies = Map<string, number>;

export function tally(tallies: Tallies, stage: string, kind: string, reason = '', n = 1): void {
  if (n === 0) return;
  const key = `${stage}|${kind}|${reason}`;
  tallies.set(key, (tallies.get(key) ?? 0) + n);
}

/** Strata of the audit sample. `gate` samples blocks of documents, the others passages; see docs/estimates.md. */
export const STRATA = ['gate', 'segment', 'linear', 'transformer:low', 'transformer:high'] as const;
export type Stratum = (typeof STRATA)[number];

/** P(character) that parts the transformer's rejects into `low` and `high`. */
const HIGH = 0.1;

/** Sampling keys of one source, a hash per stratum. */
export type Keys = Readonly<Record<Stratum | 'passage', KeyedHash>>;

export function samplingKeys(seed: number, source: string): Keys {
  const hash = (stratum: string): KeyedHash => keyedHash(seed, stratum, source);
  return {
    gate: hash('gate'),
    segment: hash('segment'),
    linear: hash('linear'),
    'transformer:low': hash('transformer:low'),
    'transformer:high': hash('transformer:high'),
    passage: hash('passage'),
  };
}

const encoder = new TextEncoder();

/**
 * Bytes of text to a block, the unit in which rejected documents are sampled: about five passages. A long document is many
 * units, so that it has its share of the sample, and the sizes of units differ little.
 */
export const BLOCK_BYTES = 4096;

/** Blocks of a document, by the bytes that JSON takes for its text between the quotes. At least one. */
export function blocksOf(bytes: number): number {
  return Math.max(1, Math.round(bytes / BLOCK_BYTES));
}

/** {@link blocksOf} a text that is no JSON: as a writer would spell it that escapes only what it must. */
export function blocksOfText(text: string): number {
  return text.length * 6 < 1.5 * BLOCK_BYTES ? 1 : blocksOf(Buffer.byteLength(JSON.stringify(text)) - 2);
}

export interface DrawnBlock {
  /** from 0 */
  readonly block: number;
  readonly key: number;
}

/** The blocks of a rejected document whose keys do not exceed `limit`. `id` as UTF-8. */
export function drawnBlocks(id: Uint8Array, blocks: number, keys: Keys, limit: number): DrawnBlock[] {
  const drawn: DrawnBlock[] = [];
  for (let block = 0; block < blocks; block++) {
    const key = keys.gate.unit(id, block);
    if (key <= limit) drawn.push({ block, key });
  }
  return drawn;
}

/** Drawn blocks of a rejected document as sample rows; see {@link blockSamples}. */
export function gateSamples(document: Document, blocks: number, drawn: readonly DrawnBlock[], keys: Keys): Sample[] {
  return drawn.length === 0 ? [] : blockSamples(document, segment(document.text), blocks, drawn, keys);
}

/**
 * The passages of a rejected document are dealt to its blocks in order and as evenly as can be, each to one block; one of a
 * block's, drawn by hash, stands for it (probability 1 / unitPassages). A block without passages (white space, or one
 * passage over several blocks) is a row with unitPassages 0 and no text: it counts among the units.
 */
export function blockSamples(
  document: Pick<Document, 'id' | 'title' | 'text'>,
  passages: readonly Passage[],
  blocks: number,
  drawn: readonly DrawnBlock[],
  keys: Keys,
): Sample[] {
  const id = encoder.encode(document.id);
  const first = (block: number): number => Math.floor((block * passages.length) / blocks);
  return drawn.map(({ block, key }) => {
    const own = passages.slice(first(block), first(block + 1));
    let taken: Passage | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const passage of own) {
      const k = keys.passage.unit(id, passage.start);
      if (k < least) {
        least = k;
        taken = passage;
      }
    }
    return {
      stratum: 'gate',
      key,
      document: document.id,
      start: taken?.start ?? 0,
      end: taken?.end ?? 0,
      title: document.title,
      text: taken === undefined ? '' : document.text.slice(taken.from, taken.to),
      words: taken?.words ?? 0,
      unitWords: own.reduce((sum, passage) => sum + passage.words, 0),
      unitPassages: own.length,
      linear: null,
      scores: null,
    };
  });
}

/** Judges one document and adds what came of it to the result. */
export async function judgeInto(
  cascade: Cascade,
  document: Document,
  place: { record: number; offset: number },
  unit: Pick<Unit, 'sampleLimits' | 'exactCounts'> & Pick<JudgeOptions, 'stopped' | 'reading' | 'givenUp'>,
  keys: Keys,
  result: { tallies: Tallies; hits: Hit[]; samples: Sample[]; faults: Fault[] },
): Promise<void> {
  const { tallies } = result;
  const id = encoder.encode(document.id);
  const within = (stratum: Stratum, key: number): boolean =>
    key <= (unit.sampleLimits[stratum] ?? Number.MAX_SAFE_INTEGER);
  tally(tallies, 'gate', 'in');
  const { stopped, reading, givenUp } = unit;
  const judged = await cascade.judge(document, {
    ...(stopped === undefined ? {} : { stopped }),
    ...(reading === undefined ? {} : { reading }),
    ...(givenUp === undefined ? {} : { givenUp }),
  });
  if (!judged.open) {
    tally(tallies, 'gate', 'dropped', 'no_entity');
    const blocks = blocksOfText(document.text);
    tally(tallies, 'sample', 'population', 'gate', blocks);
    if (unit.exactCounts) {
      const passages = segment(document.text);
      tally(tallies, 'gate', 'dropped_passages', '', passages.length);
      tally(
        tallies,
        'gate',
        'dropped_words',
        '',
        passages.reduce((n, p) => n + p.words, 0),
      );
    }
    const drawn = drawnBlocks(id, blocks, keys, unit.sampleLimits['gate'] ?? Number.MAX_SAFE_INTEGER);
    result.samples.push(...gateSamples(document, blocks, drawn, keys));
    return;
  }
  tally(tallies, 'gate', 'out');
  const failed = new Map(judged.failures.map((failure) => [failure.passage, failure]));
  const { store } = cascade.thresholds;
  let hits = 0;
  judged.passages.forEach((passage, number) => {
    const text = document.text.slice(passage.from, passage.to);
    const count = (stage: string, kind: string, reason = ''): void => {
      tally(tallies, stage, kind, reason);
      tally(tallies, stage, `${kind}_words`, reason, passage.words);
    };
    const drop = (stage: string, reason: string, stratum: Stratum): void => {
      count(stage, 'dropped', reason);
      tally(tallies, 'sample', 'population', stratum);
      tally(tallies, 'sample', 'words', stratum, passage.words);
      const key = keys[stratum].unit(id, passage.start);
      if (!within(stratum, key)) return;
      const { start, end, words, linear, scores } = passage;
      const whole = { unitWords: words, unitPassages: 1, linear, scores };
      result.samples.push({
        stratum,
        key,
        document: document.id,
        start,
        end,
        title: document.title,
        text,
        words,
        ...whole,
      });
    };
    count('segment', 'in');
    if (!passage.gate) return drop('segment', 'far', 'segment');
    count('segment', 'out');
    count('linear', 'in');
    const failure = failed.get(number);
    if (failure === undefined && passage.scores === null) return drop('linear', 'below_threshold', 'linear');
    count('linear', 'out');
    count('transformer', 'in');
    if (failure !== undefined || passage.scores === null || passage.embedding === null) {
      const { reason = 'error', message = '' } = failure ?? {};
      count('transformer', 'failed', reason);
      result.faults.push({ stage: 'transformer', reason, ...place, message: `${passage.start}: ${message}` });
      return;
    }
    const scores = passage.scores;
    const persona = scores[2]!;
    if (persona < store) {
      return drop('transformer', 'below_threshold', persona < HIGH ? 'transformer:low' : 'transformer:high');
    }
    count('transformer', 'out');
    hits++;
    result.hits.push({
      record: place.record,
      document: document.id,
      title: document.title,
      start: passage.start,
      end: passage.end,
      words: passage.words,
      passage: number,
      passages: judged.passages.length,
      text,
      textHash: hashText(text),
      names: passage.names,
      tropes: cascade.tropes.filter((t) => meets(t.when, scores)).map((t) => t.id),
      linear: passage.linear,
      persona,
      malevolent: persona * scores[HEAD_OFFSET.valence]!,
      scores,
      embedding: passage.embedding,
    });
  });
  tally(tallies, 'documents', hits > 0 ? 'with_hits' : 'without_hits');
}

/** Equal for texts that differ in case and white space only. */
export function hashText(text: string): string {
  return createHash('sha256').update(text.toLowerCase().replace(/\s+/g, ' ').trim()).digest('hex').slice(0, 24);
}
