// Which fields of a record are text, id and title, and how a record becomes a document.
import { PersonaPriorError } from '../errors.js';
import type { Document, RawRecord, SkipReason } from '../types.js';
import { decodeUtf8 } from './decode.js';
import type { Format } from './format.js';
import { type FieldChoice, ID_FIELDS, presetOf, TEXT_FIELDS, TITLE_FIELDS } from './presets.js';

export type { FieldChoice } from './presets.js';

/** Field names; a dot reaches into an object (`meta.title`). */
export interface FieldMapping {
  readonly text: string;
  readonly id: string | null;
  readonly title: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The mapping for records with these fields: what the choice names, then its preset, then the usual names that occur in
 * them. Throws `usage` for an unknown preset and `no_text_field`, which lists the fields found, when no text can be named.
 */
export function chooseFields(
  records: readonly Fields[],
  choice: FieldChoice & { readonly file?: string },
): FieldMapping {
  const preset = presetOf(choice.preset);
  const isText = (field: string): boolean => records.some((record) => typeof valueAt(record, field) === 'string');
  const isId = (field: string): boolean => records.some((record) => isIdentifier(valueAt(record, field)));
  const wanted = choice.textField === undefined ? (preset?.text ?? TEXT_FIELDS) : [choice.textField];
  const text = wanted.find(isText);
  if (text === undefined) {
    const named = choice.textField !== undefined || preset !== undefined;
    const what = named ? `no record has text in the field ${wanted.join(' or ')}` : 'no field is known to hold text';
    const found = [...new Set(records.flatMap((record) => Object.keys(record)))].slice(0, 40).join(', ');
    throw new PersonaPriorError('no_text_field', `${what}; fields found: ${found || 'none'}`, {
      ...(choice.file === undefined ? {} : { place: { file: choice.file } }),
      help: 'name it with --text-field, or a known dump with --preset',
    });
  }
  return {
    text,
    id: choice.idField ?? (preset?.id ?? ID_FIELDS).find(isId) ?? null,
    title: (preset?.title ?? TITLE_FIELDS).find(isText) ?? null,
  };
}

/** Formats whose reader names the fields itself; archives choose for every member. */
const GIVEN: ReadonlySet<Format> = new Set(['warc', 'arc', 'mediawiki', 'tar', 'zip']);
/** Records that are looked at to choose the fields. */
const SAMPLE = 100;

/** The mapping from the first records of a file, as any reader gives them. Throws as {@link chooseFields} does. */
export function chooseMapping(
  records: readonly RawRecord[],
  format: Format,
  choice: FieldChoice & { readonly file?: string },
): FieldMapping {
  presetOf(choice.preset); // an unknown one is told for every format
  if (format === 'text') return { text: 'text', id: 'id', title: null };
  if (GIVEN.has(format)) return { text: 'text', id: 'id', title: 'title' };
  const sample: Fields[] = [];
  for (const record of records) {
    if (sample.length >= SAMPLE) break;
    if (record.kind === 'fields') sample.push(record.fields);
    else if (record.kind === 'json') {
      const parsed = parseJsonRecord(record.bytes);
      if (!('fault' in parsed)) sample.push(parsed.fields);
    }
  }
  // nothing readable yet: the usual names, so that the faults are counted and the file goes on
  if (sample.length === 0) return { text: choice.textField ?? 'text', id: choice.idField ?? 'id', title: 'title' };
  return chooseFields(sample, choice);
}

/**
 * The top-level fields among `names` that a mapping may ask for, or all of them when none is known to hold text: the error
 * of {@link chooseFields} then lists what there is.
 */
export function topLevelFields(names: readonly string[], choice: FieldChoice): readonly string[] {
  const preset = presetOf(choice.preset);
  const among = (fields: readonly string[]): string[] =>
    fields
      .map((field) => (names.includes(field) ? field : field.split('.')[0]!))
      .filter((field) => names.includes(field));
  const text = among(choice.textField === undefined ? (preset?.text ?? TEXT_FIELDS) : [choice.textField]);
  if (text.length === 0) return names;
  const id = among(choice.idField === undefined ? (preset?.id ?? ID_FIELDS) : [choice.idField]);
  return [...new Set([...text, ...id, ...among(preset?.title ?? TITLE_FIELDS)])];
}

export type Extracted =
  | { readonly document: Document; readonly repaired: boolean }
  | { readonly fault: { readonly reason: SkipReason; readonly message: string } };

/**
 * A record's fields as a document. Numbers are ids too; an empty string is no id and no title. Lone surrogates of text, id and title
 * become U+FFFD, and the document counts as repaired, as it does when `repaired` says that its decoding replaced something.
 */
export function extractDocument(
  fields: Fields,
  mapping: FieldMapping,
  fallbackId: string,
  repaired = false,
): Extracted {
  const raw = valueAt(fields, mapping.text);
  if (typeof raw !== 'string') {
    const found = raw === undefined ? 'is missing' : raw === null ? 'is null' : `is of the type ${typeName(raw)}`;
    return { fault: { reason: 'no_text', message: `the field ${mapping.text} ${found}` } };
  }
  if (!/\S/.test(raw))
    return { fault: { reason: 'empty', message: `the field ${mapping.text} holds white space only` } };
  const given = mapping.id === null ? undefined : valueAt(fields, mapping.id);
  const rawId = isIdentifier(given) && given !== '' ? String(given) : fallbackId;
  const rawTitle = mapping.title === null ? undefined : valueAt(fields, mapping.title);
  const text = wellFormed(raw);
  const id = wellFormed(rawId);
  const title = typeof rawTitle === 'string' && rawTitle !== '' ? wellFormed(rawTitle) : null;
  const mended = text !== raw || id !== rawId || (title !== null && title !== rawTitle);
  return { document: { id, title, text, names: [] }, repaired: repaired || mended };
}

/** The bytes of one JSON object as fields, or why they are none. Invalid UTF-8 becomes U+FFFD and is told. */
export function parseJsonRecord(
  bytes: Uint8Array,
):
  | { readonly fields: Record<string, unknown>; readonly repaired: boolean }
  | { readonly fault: { readonly reason: SkipReason; readonly message: string } } {
  const { text, repaired } = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // the parser's message may quote the text behind a comma: only its reason is kept
    const message = error instanceof Error ? error.message.replace(/, (?:\.\.\.)?".*$/s, '').slice(0, 120) : 'not JSON';
    return { fault: { reason: 'malformed', message } };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { fault: { reason: 'malformed', message: `expected a JSON object, found ${typeName(value)}` } };
  }
  const fields = value as Record<string, unknown>;
  const inner = Object.values(fields).filter((v) => typeof v === 'object' && v !== null && !Array.isArray(v));
  let left = MOST_EXACT;
  for (const part of [fields, ...(inner as Record<string, unknown>[])]) left = exactIntegers(part, text, left);
  return { fields, repaired };
}

/** Integers of one record whose digits are looked up: an id or two, not a table of them. */
const MOST_EXACT = 8;

/** `JSON.parse` rounds integers beyond 2^53, and two ids become one. Returns how many more may be looked up. */
function exactIntegers(fields: Record<string, unknown>, text: string, most: number): number {
  let left = most;
  for (const [key, value] of Object.entries(fields)) {
    if (left === 0) return 0;
    if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) continue;
    left--;
    const name = JSON.stringify(key).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    for (const [, digits] of text.matchAll(new RegExp(`${name}\\s*:\\s*(-?\\d{16,309})(?![\\d.eE])`, 'g'))) {
      if (Number(digits) === value) fields[key] = BigInt(digits!);
    }
  }
  return left;
}

/** `null`, `array`, or what `typeof` says. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isIdentifier(value: unknown): value is string | number | bigint {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
}

/** A field by its name, or by a dotted path when no field has the whole name. Objects that are strings of JSON are opened. */
function valueAt(fields: Fields, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  if (!path.includes('.')) return undefined;
  let value: unknown = fields;
  for (const key of path.split('.')) {
    if (typeof value === 'string' && value.startsWith('{')) {
      try {
        value = JSON.parse(value);
      } catch {
        return undefined;
      }
    }
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? text.replace(LONE, '\ufffd') : text;
}
