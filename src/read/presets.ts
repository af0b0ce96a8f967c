// Field names of known dumps, from corpora/presets.json, and the names that are tried without a preset. Names only; records
// are looked at in fields.ts.
import { readFileSync } from 'node:fs';
import { PersonaPriorError } from '../errors.js';

/** What the user names. */
export interface FieldChoice {
  readonly preset?: string;
  readonly textField?: string;
  readonly idField?: string;
}

/** Candidates in their order; a dot reaches into an object. */
export interface Preset {
  readonly text: readonly string[];
  readonly id: readonly string[];
  readonly title: readonly string[];
}

export const TEXT_FIELDS: readonly string[] = [
  'text',
  'content',
  'raw_content',
  'document',
  'body',
  'article',
  'passage',
  'review',
  'plot',
  'story',
  'selftext',
  'markdown',
  'page_content',
  'contents',
  'statement',
];

export const ID_FIELDS: readonly string[] = [
  'id',
  'doc_id',
  '_id',
  'identifier',
  'uid',
  'guid',
  'url',
  'uri',
  'warc_record_id',
  'meta.id',
  'meta.url',
  'metadata.id',
  'metadata.url',
];

export const TITLE_FIELDS: readonly string[] = [
  'title',
  'name',
  'headline',
  'meta.title',
  'metadata.title',
  'short_book_title',
];

/** By the names that `--preset` takes. What each dump is, its licence and where it is to be had stands beside them. */
export const PRESETS: Readonly<Record<string, Preset>> = (
  JSON.parse(readFileSync(new URL('../../corpora/presets.json', import.meta.url), 'utf8')) as {
    readonly presets: Readonly<Record<string, Preset>>;
  }
).presets;

/** Throws `usage` for a name that is not known. */
export function presetOf(name: string | undefined): Preset | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name];
  const known = Object.keys(PRESETS).join(', ');
  throw new PersonaPriorError('usage', `unknown preset ${name}`, { help: `known are ${known}` });
}
