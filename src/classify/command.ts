// `classify`: JSONL documents in, one JSONL line each out, in order. Stateless; the protocol that other engines run.
import type { Cascade, Judged } from '../cascade.js';
import { meets } from '../tropes.js';
import { type Document, HEAD_OFFSET, HEADS, type ScoredPassage } from '../types.js';

export interface ClassifyOptions {
  readonly all?: boolean;
  readonly whole?: boolean;
  readonly embedding?: boolean;
}

/** One line of output. `error` is null, or says what was wrong with the line (numbered from 1). */
export interface ClassifyLine {
  readonly id: unknown;
  readonly passages?: object[];
  readonly error: { readonly code: string; readonly line: number; readonly message?: string } | null;
}

/** Classifies one input line. Never throws: a line that fails is answered with its error. */
export async function classifyLine(
  cascade: Cascade,
  text: string,
  line: number,
  options: ClassifyOptions,
): Promise<ClassifyLine> {
  const parsed = parseLine(text);
  if ('code' in parsed) return { id: parsed.id, error: { code: parsed.code, line } };
  try {
    const judged = await cascade.judge(parsed.document, options);
    const lost = judged.failures[0];
    if (lost !== undefined) {
      return { id: parsed.id, error: { code: 'passage_failed', line, message: lost.message } };
    }
    return { id: parsed.id, passages: passagesOf(cascade, parsed.document, judged, options), error: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { id: parsed.id, error: { code: 'failed', line, message } };
  }
}

export interface Parsed {
  readonly id: string | number | null;
  readonly document: Document;
}

export function parseLine(text: string): Parsed | { id: string | number | null; code: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { id: null, code: 'malformed' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { id: null, code: 'malformed' };
  const record = value as Record<string, unknown>;
  const given = record['id'];
  const id = typeof given === 'string' || typeof given === 'number' ? given : null;
  if (typeof record['text'] !== 'string') return { id, code: 'no_text' };
  const title = record['title'];
  if (title !== undefined && title !== null && typeof title !== 'string') return { id, code: 'bad_title' };
  const names = record['names'] ?? [];
  if (!Array.isArray(names) || names.some((n) => typeof n !== 'string')) return { id, code: 'bad_names' };
  const document = { id: String(id ?? ''), title: title ?? null, text: record['text'], names: names as string[] };
  return { id, document };
}

export function passagesOf(cascade: Cascade, document: Document, judged: Judged, options: ClassifyOptions): object[] {
  // a document that the gate rejects still lists its passages
  const passages = judged.open || options.all ? judged.passages : cascade.passages(document, options);
  return passages.map((passage) => describe(cascade, passage, options));
}

function describe(cascade: Cascade, passage: ScoredPassage, options: ClassifyOptions): object {
  const { start, end, gate, linear, scores, embedding } = passage;
  const line: Record<string, unknown> = { start, end, gate, linear };
  for (const head of HEADS) {
    line[head.name] = scores === null ? null : headValue(head, scores);
  }
  // tropes are conduct of a persona: none where there is probably none
  const persona = scores !== null && scores[2]! >= cascade.thresholds.store;
  line['tropes'] = !persona ? [] : cascade.tropes.filter((t) => meets(t.when, scores)).map((t) => t.id);
  line['model'] = cascade.model;
  if (options.embedding) line['embedding'] = embedding === null ? null : Array.from(embedding);
  return line;
}

function headValue(head: (typeof HEADS)[number], scores: Float32Array): unknown {
  const offset = HEAD_OFFSET[head.name];
  if (head.name === 'reasons') return scores[offset];
  return Object.fromEntries(head.labels.map((label, i) => [label, scores[offset + i]]));
}
