// Which fields of a record are text, id and title, and how a record becomes a document.
import { PersonaPriorError } from '../errors.js';
import type { Document, RawRecord, SkipReason } from '../types.js';
import { decodeUtf8 } from './decode.js';
import type { Format } from './format.js';

/** Field names; a dot reaches into an object (`meta.title`). */
export interface FieldMapping {
  readonly text: string;
  readonly id: string | null;
  readonly title: string | null;
}

/** Field names of known dumps. `corpora/` says where each comes from. */
export const PRESETS: Readonly<Record<string, FieldMapping>> = {
  fineweb: { text: 'text', id: 'id', title: null },
  c4: { text: 'text', id: 'url', title: null },
  pile: { text: 'text', id: null, title: null },
  dolma: { text: 'text', id: 'id', title: 'metadata.title' },
  redpajama: { text: 'text', id: 'meta.url', title: 'meta.title' },
  'redpajama-v2': { text: 'raw_content', id: 'url', title: 'title' },
  dclm: { text: 'text', id: 'url', title: null },
  'common-corpus': { text: 'text', id: 'identifier', title: 'title' },
  'common-pile': { text: 'text', id: 'id', title: 'metadata.title' },
  wikipedia: { text: 'text', id: 'id', title: 'title' },
  pg19: { text: 'text', id: 'url', title: 'short_book_title' },
  openwebtext: { text: 'text', id: null, title: null },
  stackexchange: { text: 'text', id: 'id', title: 'title' },
  reddit: { text: 'body', id: 'id', title: 'title' },
};

const TEXT = [
  'text', 'content', 'raw_content', 'document', 'body', 'article', 'passage', 'review', 'plot', 'story', 'selftext',
  'markdown', 'page_content', 'contents', 'statement',
];
const ID = ['id', 'doc_id', '_id', 'identifier', 'uid', 'guid', 'warc_record_id', 'url', 'uri', 'meta.url', 'metadata.url'];
const TITLE = ['title', 'name', 'headline', 'meta.title', 'metadata.title', 'short_book_title'];

export interface FieldChoice {
  readonly preset?: string;
  readonly textField?: string;
  readonly idField?: string;
}

/**
 * The mapping for records with these fields. Throws `usage` for an unknown preset and `no_text_field`, which lists the
 * fields found, when no text field can be named.
 */
export function chooseFields(
  records: readonly Readonly<Record<string, unknown>>[],
  choice: FieldChoice & { readonly file?: string },
): FieldMapping {
  const preset = choice.preset === undefined ? undefined : PRESETS[choice.preset];
  if (choice.preset !== undefined && preset === undefined) {
    const known = Object.keys(PRESETS).join(', ');
    throw new PersonaPriorError('usage', `unknown preset ${choice.preset}`, { help: `known are ${known}` });
  }
  const isString = (field: string): boolean => records.some((r) => typeof valueAt(r, field) === 'string');
  const isId = (field: string): boolean => records.some((r) => ['string', 'number', 'bigint'].includes(typeof valueAt(r, field)));
  const text = choice.textField ?? preset?.text ?? TEXT.find(isString);
  if (text === undefined || (records.length > 0 && !isString(text))) {
    const found = [...new Set(records.flatMap((r) => Object.keys(r)))].slice(0, 40).join(', ');
    const what = text === undefined ? 'no field with text is known here' : `no record has text in the field ${text}`;
    throw new PersonaPriorError('no_text_field', `${what}; fields found: ${found || 'none'}`, {
      ...(choice.file === undefined ? {} : { place: { file: choice.file } }),
      help: 'name it with --text-field, or a known dump with --preset',
    });
  }
  return {
    text,
    id: choice.idField ?? (preset === undefined ? ID.find(isId) : preset.id) ?? null,
    title: preset === undefined ? (TITLE.find(isString) ?? null) : preset.title,
  };
}

/** The mapping from the first records of a file, as any reader gives them. */
export function chooseMapping(
  records: readonly RawRecord[],
  format: Format,
  choice: FieldChoice & { readonly file?: string },
): FieldMapping {
  if (format === 'text') return { text: 'text', id: 'id', title: null };
  const sample: Record<string, unknown>[] = [];
  for (const record of records) {
    if (record.kind === 'fields') sample.push({ ...record.fields });
    else if (record.kind === 'json') {
      const parsed = parseJsonRecord(record.bytes);
      if (!('fault' in parsed)) sample.push({ ...parsed.fields });
    }
    if (sample.length >= 20) break;
  }
  // nothing readable yet: the usual names, so that the faults are counted and the file goes on
  if (sample.length === 0) {
    return { text: choice.textField ?? 'text', id: choice.idField ?? 'id', title: 'title' };
  }
  return chooseFields(sample, choice);
}

type Extracted =
  | { readonly document: Document; readonly repaired: boolean }
  | { readonly fault: { readonly reason: SkipReason; readonly message: string } };

/** A record's fields as a document. Lone surrogates become U+FFFD, and the document counts as repaired. */
export function extractDocument(
  fields: Readonly<Record<string, unknown>>,
  mapping: FieldMapping,
  fallbackId: string,
  repaired = false,
): Extracted {
  const raw = valueAt(fields, mapping.text);
  if (typeof raw !== 'string') {
    const found = raw === undefined ? 'is missing' : raw === null ? 'is null' : `is a ${typeof raw}`;
    return { fault: { reason: 'no_text', message: `the field ${mapping.text} ${found}` } };
  }
  if (!/\S/.test(raw)) return { fault: { reason: 'empty', message: `the field ${mapping.text} holds white space only` } };
  const text = wellFormed(raw);
  const title = mapping.title === null ? undefined : valueAt(fields, mapping.title);
  const given = mapping.id === null ? undefined : valueAt(fields, mapping.id);
  const id = ['string', 'number', 'bigint'].includes(typeof given) && given !== '' ? String(given) : fallbackId;
  return {
    document: { id: wellFormed(id), title: typeof title === 'string' ? wellFormed(title) : null, text, names: [] },
    repaired: repaired || text !== raw,
  };
}

/** The bytes of one JSON object as fields, or why they are none. */
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
    // the parser's message quotes the text: keep its place only
    const message = error instanceof Error ? error.message.replace(/,? ?(?:\.\.\.)?".*$/s, '').slice(0, 120) : 'not JSON';
    return { fault: { reason: 'malformed', message } };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { fault: { reason: 'malformed', message: 'expected a JSON object' } };
  }
  return { fields: value as Record<string, unknown>, repaired };
}

/** A field by its name, or by a dotted path when no field has the whole name. */
function valueAt(fields: Readonly<Record<string, unknown>>, path: string): unknown {
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
