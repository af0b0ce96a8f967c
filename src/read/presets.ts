// Field names of known dumps, and the names that are tried without a preset. Names only; records are looked at in fields.ts.
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

/** By the names that `--preset` takes. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  fineweb: { text: ['text'], id: ['id'], title: [] },
  c4: { text: ['text'], id: ['url'], title: [] },
  pile: { text: ['text'], id: [], title: [] },
  dolma: { text: ['text'], id: ['id'], title: ['title', 'metadata.title'] },
  redpajama: {
    text: ['text', 'raw_content'],
    id: ['doc_id', 'url', 'meta.url', 'meta.arxiv_id'],
    title: ['title', 'meta.title'],
  },
  dclm: { text: ['text'], id: ['url', 'metadata.WARC-Record-ID'], title: [] },
  'common-corpus': { text: ['text'], id: ['identifier'], title: ['title'] },
  'common-pile': { text: ['text'], id: ['id'], title: ['metadata.title'] },
  wikipedia: { text: ['text'], id: ['id', 'url'], title: ['title'] },
  pg19: { text: ['text'], id: ['url'], title: ['short_book_title'] },
  openwebtext: { text: ['text'], id: [], title: [] },
  stackexchange: { text: ['text', 'body', 'Body'], id: ['id', 'Id', 'meta.url'], title: ['title', 'Title'] },
  reddit: { text: ['body', 'selftext'], id: ['id', 'name'], title: ['title'] },
};

/** Throws `usage` for a name that is not known. */
export function presetOf(name: string | undefined): Preset | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name];
  const known = Object.keys(PRESETS).join(', ');
  throw new PersonaPriorError('usage', `unknown preset ${name}`, { help: `known are ${known}` });
}
