// corpora/presets.json is whole, and every preset reads a record of its dump.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chooseFields, extractDocument } from '../../src/read/fields.js';

const { presets } = JSON.parse(readFileSync(new URL('../../corpora/presets.json', import.meta.url), 'utf8')) as {
  presets: Record<string, Record<string, unknown>>;
};

/** A record as each dump has it, with the id and title that are to be found; the values are invented. */
const RECORDS: Record<string, [fields: Record<string, unknown>, id: string, title: string | null]> = {
  fineweb: [{ text: 'T.', id: '<urn:uuid:1>', dump: 'CC', url: 'http://a', language: 'en' }, '<urn:uuid:1>', null],
  c4: [{ text: 'T.', timestamp: '2019', url: 'http://a' }, 'http://a', null],
  pile: [{ text: 'T.', meta: { pile_set_name: 'Books' } }, 'file#0', null],
  dolma: [{ id: 'd1', text: 'T.', source: 's', added: '2024', metadata: { title: 'M' } }, 'd1', 'M'],
  redpajama: [{ raw_content: 'T.', url: 'http://a', title: 'P' }, 'http://a', 'P'],
  dclm: [{ text: 'T.', url: 'http://a', metadata: { 'WARC-Record-ID': '<urn:uuid:1>' } }, 'http://a', null],
  'common-corpus': [{ identifier: 'c1', collection: 'x', license: 'PD', title: 'B', text: 'T.' }, 'c1', 'B'],
  'common-pile': [{ id: 'p1', text: 'T.', source: 's', metadata: { license: 'CC0', title: 'Q' } }, 'p1', 'Q'],
  wikipedia: [{ id: '12', url: 'https://w', title: 'A', text: 'T.' }, '12', 'A'],
  pg19: [{ short_book_title: 'B', publication_date: 1880, url: 'http://g', text: 'T.' }, 'http://g', 'B'],
  openwebtext: [{ text: 'T.' }, 'file#0', null],
  stackexchange: [{ Id: 4, Title: 'How?', Body: 'T.' }, '4', 'How?'],
  reddit: [{ id: 'r1', body: 'T.', permalink: '/r/a' }, 'r1', null],
};

test('all presets are tested, and say what they are', () => {
  expect(Object.keys(presets)).toEqual(Object.keys(RECORDS));
  const strings = ['name', 'files', 'source', 'licence', 'get'];
  for (const preset of Object.values(presets)) {
    expect(Object.keys(preset).sort()).toEqual([...strings, 'text', 'id', 'title', 'link'].sort());
    for (const key of strings) expect(preset[key]).toEqual(expect.stringMatching(/\w/));
  }
});

test.each(Object.keys(RECORDS))('%s', (preset) => {
  const [fields, id, title] = RECORDS[preset]!;
  const made = extractDocument(fields, chooseFields([fields], { preset }), 'file#0');
  expect(made).toMatchObject({ document: { id, title, text: 'T.' } });
});
