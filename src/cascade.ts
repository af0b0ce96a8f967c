// Wires gate, segment, linear tier and encoder for one document. Shared by scan's workers and `classify`.
// It reads no files of a corpus and writes nothing.
import { join } from 'node:path';
import { loadCard, type ModelCard } from './classify/card.js';
import { type Encoder, type EncoderOutput, loadEncoder } from './classify/encoder.js';
import { type Linear, loadLinear } from './classify/linear.js';
import { appositions } from './classify/names.js';
import { compileGate, type Found, type Gate } from './gate/gate.js';
import { loadLexicon } from './gate/lexicon.js';
import { countWords, segment } from './segment/segment.js';
import { loadTropes, type Trope } from './tropes.js';
import type { Document, Passage, ScoredPassage } from './types.js';

/**
 * How far from an AI entity, in words, a passage of a long document may lie to be read. Measured on the labelled
 * passages of whole books: see reports/ and docs/gate.md.
 */
export const NEIGHBOURHOOD = 1500;

/** P(character) from which on a passage may give its document's AI a name (DESIGN, context). */
const NAMING = 0.9;
const MAX_NAMES = 8;

export interface Thresholds {
  /** linear tier: below it a passage is rejected */
  readonly linear: number;
  /** P(character) from which on a passage is a hit */
  readonly store: number;
  /** joint P(malevolent) from which on a hit is flagged */
  readonly flag: number;
}

export interface JudgeOptions {
  /** run every stage on every passage */
  readonly all?: boolean;
  /** take the text as one passage (cut only if it is over the encoder's window) */
  readonly whole?: boolean;
  /** score these passages only (by their number in the document); the others are listed as not run */
  readonly only?: (passage: number) => boolean;
  /** asked between passages; true leaves the rest unread, and the result is not to be used */
  readonly stopped?: () => boolean;
  /** passages that are given up already: they are listed as failed, and not read */
  readonly givenUp?: readonly Failure[];
  /** awaited before a passage is read, with its number, and with -1 before work on the whole document */
  readonly reading?: (passage: number) => Promise<void>;
}

/** A passage that a stage failed on: counted, never a hit and never a reject. */
export interface Failure {
  readonly passage: number;
  readonly message: string;
  /** default: `error` */
  readonly reason?: string;
}

export interface Judged {
  readonly open: boolean;
  readonly found: Found;
  readonly passages: readonly ScoredPassage[];
  readonly failures: readonly Failure[];
}

export interface Cascade {
  readonly gate: Gate;
  readonly tropes: readonly Trope[];
  readonly thresholds: Thresholds;
  /** `name@version` of the encoder */
  readonly model: string;
  /** what a scan's result depends on, by hash */
  readonly hashes: Readonly<Record<string, string>>;
  judge(document: Document, options?: JudgeOptions): Promise<Judged>;
  /** The passages of a document that no stage has read, as `classify` lists them for gate rejects. */
  passages(document: Document, options?: JudgeOptions): ScoredPassage[];
  dispose(): Promise<void>;
}

/** Loads all models of a folder; each process has its own. Throws `model_missing` or `model_changed`. */
export async function loadCascade(models: string): Promise<Cascade> {
  const lexicon = loadLexicon(models);
  const gate = compileGate(lexicon);
  const { tropes, hash: tropesHash } = loadTropes(models);
  const linear = loadLinear(join(models, 'linear'));
  const encoder = await loadEncoder(join(models, 'encoder'));
  const { thresholds, hashes } = factsOf(lexicon.hash, tropesHash, encoder.card, linear.card);
  return {
    gate,
    tropes,
    thresholds,
    model: `${encoder.card.name}@${encoder.card.version}`,
    hashes,
    judge: (document, options = {}) => judge(document, options, gate, linear, encoder, thresholds),
    passages: (document, options = {}) =>
      (options.whole ? wholeText(document.text) : segment(document.text)).map((passage) => ({
        ...passage,
        gate: false,
        linear: null,
        scores: null,
        embedding: null,
        names: [],
      })),
    dispose: () => encoder.dispose(),
  };
}

/** Thresholds and hashes of a models folder, its checksums verified, without loading a model. Throws as {@link loadCascade}. */
export function cascadeFacts(models: string): Pick<Cascade, 'thresholds' | 'hashes'> {
  const cards = [loadCard(join(models, 'encoder')), loadCard(join(models, 'linear'))] as const;
  return factsOf(loadLexicon(models).hash, loadTropes(models).hash, ...cards);
}

function factsOf(
  lexicon: string,
  tropes: string,
  encoder: ModelCard,
  linear: ModelCard,
): Pick<Cascade, 'thresholds' | 'hashes'> {
  return {
    thresholds: {
      linear: linear.thresholds['keep'] ?? 0,
      store: encoder.thresholds['store'] ?? 0.5,
      flag: encoder.thresholds['flag'] ?? 0.5,
    },
    hashes: {
      lexicon,
      tropes,
      encoder: encoder.sha256['onnx/model_quantized.onnx'] ?? '',
      linear: linear.sha256['linear.bin'] ?? '',
    },
  };
}

async function judge(
  document: Document,
  options: JudgeOptions,
  gate: Gate,
  linear: Linear,
  encoder: Encoder,
  thresholds: Thresholds,
): Promise<Judged> {
  const found = gate.find(document.title, document.text);
  const open = found.open;
  if (!open && !options.all) return { open, found, passages: [], failures: [] };
  const given = firstNames(document, found);
  const spans = options.whole ? whole(document, given, encoder) : segment(document.text);
  let near = open ? nearby(spans, found.spans) : new Uint8Array(spans.length);

  const scored: (EncoderOutput | null)[] = new Array(spans.length).fill(null);
  const used: (readonly string[])[] = new Array(spans.length).fill(given);
  const linearScores = new Array<number | null>(spans.length).fill(null);
  const failures = new Map((options.givenUp ?? []).map((failure) => [failure.passage, failure]));
  const read = async (index: number, names: readonly string[]): Promise<void> => {
    if (options.stopped?.() || options.only?.(index) === false || failures.has(index)) return;
    await options.reading?.(index);
    const passage = spans[index]!;
    const text = document.text.slice(passage.from, passage.to);
    if (linearScores[index] === null) linearScores[index] = linear.score(text);
    if (!options.all && linearScores[index]! < thresholds.linear) return;
    const context = contextOf(document.title, names);
    try {
      scored[index] = await encoder.encode({ text, context, names });
      used[index] = names;
    } catch (error) {
      scored[index] = null;
      failures.set(index, { passage: index, message: error instanceof Error ? error.message : String(error) });
    }
  };

  for (let i = 0; i < spans.length; i++) if (near[i] === 1 || options.all) await read(i, given);

  await options.reading?.(-1);
  // pass 2: names that the document gives its AIs in passages that are surely about one
  const learnt = learnNames(document, spans, scored, found, given);
  if (learnt.length > given.length) {
    const places = occurrences(document.text, learnt.slice(given.length));
    const before = near;
    if (open)
      near = nearby(
        spans,
        [...found.spans, ...places].sort((a, b) => a.from - b.from),
      );
    for (let i = 0; i < spans.length; i++) {
      const reached = near[i] === 1 || options.all === true;
      const fresh = before[i] === 0 && near[i] === 1 && !options.all;
      if (reached && (fresh || scored[i] !== null)) await read(i, learnt);
    }
    await options.reading?.(-1);
  }

  const passages = spans.map((passage, i): ScoredPassage => {
    const output = failures.has(i) ? null : scored[i]!;
    return {
      ...passage,
      gate: near[i] === 1,
      linear: linearScores[i] ?? null,
      scores: output?.scores ?? null,
      embedding: output?.embedding ?? null,
      names: used[i]!,
    };
  });
  return { open, found, passages, failures: [...failures.values()] };
}

/** One passage; a text over the window is cut as any other. */
function whole(document: Document, names: readonly string[], encoder: Encoder): Passage[] {
  const context = contextOf(document.title, names);
  const fits = encoder.tokens({ text: document.text, context, names }).length === 1;
  return fits ? wholeText(document.text) : segment(document.text);
}

function wholeText(text: string): Passage[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const from = text.indexOf(trimmed);
  const to = from + trimmed.length;
  const start = codePoints(text, 0, from);
  return [{ start, end: start + codePoints(text, from, to), from, to, words: countWords(trimmed) }];
}

function codePoints(text: string, from: number, to: number): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    const next = text.charCodeAt(i + 1);
    if (c >= 0xd800 && c <= 0xdbff && i + 1 < to && next >= 0xdc00 && next <= 0xdfff) i++;
    n++;
  }
  return n;
}

/** 1 for every passage that holds an entity or lies within {@link NEIGHBOURHOOD} words of a passage that does. */
function nearby(passages: readonly Passage[], spans: readonly { from: number; to: number }[]): Uint8Array {
  const near = new Uint8Array(passages.length);
  const holds = new Uint8Array(passages.length);
  let s = 0;
  for (let i = 0; i < passages.length; i++) {
    while (s < spans.length && spans[s]!.to <= passages[i]!.from) s++;
    for (let t = s; t < spans.length && spans[t]!.from < passages[i]!.to; t++) holds[i] = 1;
  }
  // an entity in the title alone speaks for the document's beginning
  if (spans.length === 0 && passages.length > 0) holds[0] = 1;
  const sweep = (first: number, step: 1 | -1): void => {
    let distance = Number.POSITIVE_INFINITY;
    for (let i = first; i >= 0 && i < passages.length; i += step) {
      if (holds[i] === 1) distance = 0;
      if (distance <= NEIGHBOURHOOD) near[i] = 1;
      if (holds[i] !== 1) distance += passages[i]!.words;
    }
  };
  sweep(0, 1);
  sweep(passages.length - 1, -1);
  return near;
}

function firstNames(document: Document, found: Found): string[] {
  return [...new Set([...document.names, ...found.names])].slice(0, MAX_NAMES);
}

/** `title; name; name`, or null where nothing is known. The encoder cuts it to its own window. */
export function contextOf(title: string | null, names: readonly string[]): string | null {
  const parts = title === null || title.trim() === '' ? [...names] : [title.trim(), ...names];
  return parts.length === 0 ? null : parts.join('; ');
}

function learnNames(
  document: Document,
  passages: readonly Passage[],
  scored: readonly (EncoderOutput | null)[],
  found: Found,
  given: readonly string[],
): string[] {
  const learnt: { name: string; at: number }[] = [];
  passages.forEach((passage, i) => {
    const output = scored[i];
    if (output == null || output.scores[2]! < NAMING) return;
    learnt.push(...appositions(document.text, found.spans, passage.from, passage.to));
  });
  learnt.sort((a, b) => a.at - b.at);
  return [...new Set([...given, ...learnt.map((l) => l.name)])].slice(0, MAX_NAMES);
}

function occurrences(text: string, names: readonly string[]): { from: number; to: number }[] {
  const places: { from: number; to: number }[] = [];
  for (const name of names) {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
      places.push({ from: at, to: at + name.length });
    }
  }
  return places;
}
