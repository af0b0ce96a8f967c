// Reads labelled passages from JSONL. A line that breaks the codebook is set aside with its reason. Judges nothing.
import { readFile } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { PersonaPriorError } from '../errors.js';
import { CONDUCT, FRAMING, PERSONA, SITUATION, VALENCE } from '../types.js';
import type { BadLine } from './model.js';

/** A labelled passage; labels as indices into the tables of `types.ts`. */
export interface Labelled {
  /** from 1 in the file */
  readonly line: number;
  readonly id: string;
  readonly source: string;
  readonly doc: string;
  readonly title: string | null;
  readonly text: string;
  readonly names: readonly string[];
  readonly persona: number;
  readonly framing: number;
  /** -1: no persona character */
  readonly valence: number;
  readonly conduct: readonly number[];
  readonly situation: readonly number[];
  readonly reasons: boolean;
}

export interface LabelFile {
  /** lines that are not blank */
  readonly lines: number;
  readonly passages: readonly Labelled[];
  readonly bad: readonly BadLine[];
}

/** Reads a label file (UTF-8, one JSON object a line, split at LF only). Throws `missing_input`; bad lines are returned. */
export async function readLabels(path: string): Promise<LabelFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'expected a readable file of labels', {
      place: { file: path },
      cause,
    });
  }
  const decoder = new TextDecoder('utf-8', { fatal: true }); // takes a byte order mark away
  const passages: Labelled[] = [];
  const bad: BadLine[] = [];
  const met = new Map<string, number>();
  let lines = 0;
  let line = 0;
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf(10, from);
    const to = at < 0 ? bytes.length : at;
    line++;
    const found = readLine(bytes.subarray(from, to), line, decoder);
    from = to + 1;
    if (found === null) continue;
    lines++;
    if (typeof found === 'string') {
      bad.push({ line, reason: found });
      continue;
    }
    // the same passage twice would count twice in every figure
    const key = JSON.stringify([found.id, found.text]);
    const before = met.get(key);
    if (before === undefined) {
      met.set(key, line);
      passages.push(found);
    } else bad.push({ line, reason: `the same id and text as line ${before}` });
  }
  return { lines, passages, bad };
}

/** The label of a line, null for a blank line, or what is wrong with it. */
function readLine(bytes: Uint8Array, line: number, decoder: TextDecoder): Labelled | string | null {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return 'not UTF-8';
  }
  if (text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a JSON object';
  return labelled(value as Record<string, unknown>, line);
}

function labelled(record: Record<string, unknown>, line: number): Labelled | string {
  const id = word(record.id);
  if (id === null) return 'no id';
  const doc = record.doc === undefined || record.doc === null ? id : word(record.doc);
  if (doc === null) return 'doc is neither a string nor a number';
  const source = word(record.source);
  if (source === null) return 'no source';
  const { text, title = null, names = [], reasons } = record;
  if (typeof text !== 'string' || text.trim() === '') return 'no text';
  if (title !== null && typeof title !== 'string') return 'title is not a string';
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) return 'names is not a list of strings';
  const persona = indexOf(PERSONA, record.persona);
  if (persona < 0) return `persona is not one of ${PERSONA.join(', ')}`;
  const framing = indexOf(FRAMING, record.framing);
  if (framing < 0) return `framing is not one of ${FRAMING.join(', ')}`;
  const valence = indexOf(VALENCE, record.valence);
  if (valence < 0 && record.valence !== 'na') return `valence is not one of ${VALENCE.join(', ')}, na`;
  const conduct = indices(CONDUCT, record.conduct);
  if (conduct === null) return 'conduct is not a list of labels of the codebook';
  const situation = indices(SITUATION, record.situation);
  if (situation === null) return 'situation is not a list of labels of the codebook';
  if (typeof reasons !== 'boolean') return 'reasons is neither true nor false';
  const character = PERSONA[persona] === 'character';
  if (character && valence < 0) return 'persona character needs a valence';
  if (!character && (valence >= 0 || conduct.length > 0 || situation.length > 0 || reasons)) {
    return 'without a persona character, valence is na, conduct and situation are empty and reasons is false';
  }
  const rest = { persona, framing, valence, conduct, situation, reasons };
  return { line, id, source, doc, title, text, names: names as string[], ...rest };
}

function word(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function indexOf(labels: readonly string[], value: unknown): number {
  return typeof value === 'string' ? labels.indexOf(value) : -1;
}

function indices(labels: readonly string[], value: unknown): number[] | null {
  if (!Array.isArray(value)) return null;
  const found = [...new Set(value.map((label) => indexOf(labels, label)))];
  return found.includes(-1) ? null : found.sort((a, b) => a - b);
}
