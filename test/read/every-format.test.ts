// The same documents in every format and compression: identical documents, counts and offsets. Made by fixtures/formats/make.py.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openInput } from '../../src/read/open.js';
import type { Document } from '../../src/types.js';
import { chunked, inputOf, type Read, read, recordsOf } from './support.js';

const at = (name: string): string => fileURLToPath(new URL(`../fixtures/formats/${name}`, import.meta.url));

interface Written {
  readonly id: string;
  readonly title: string | null;
  readonly text: string;
}
const WRITTEN = JSON.parse(readFileSync(at('expected.json'), 'utf8')) as Written[];
/** Two of the texts are blank: they are no documents. */
const BLANK = WRITTEN.flatMap(({ text }, n) => (/\S/.test(text) ? [] : [n]));
const FULL = WRITTEN.filter((_, n) => !BLANK.includes(n));

const same = ({ id, title, text }: Written): Document => ({ id, title: title === '' ? null : title, text, names: [] });
const untitled = (written: Written): Document => ({ ...same(written), title: null });

interface Expected {
  readonly format: string;
  readonly documents: readonly Document[];
  /** faults in their order */
  readonly faults: readonly string[];
  /** what stands at the offset of every record, where the format has offsets */
  readonly begins?: RegExp;
}

const blank = (before = 0): string[] => BLANK.map((n) => `${n + before} empty`);
const tail = (from: number, ...reasons: string[]): string[] => reasons.map((reason, i) => `${from + i} ${reason}`);
const N = WRITTEN.length;

const STREAMED: Record<string, Expected> = {
  'documents.jsonl': { format: 'jsonl', documents: FULL.map(same), faults: blank(), begins: /^\{"id"/ },
  'dolma.json': { format: 'jsonl', documents: FULL.map(same), faults: blank(), begins: /^\{"id"/ },
  'documents.json': { format: 'json-array', documents: FULL.map(same), faults: blank() },
  'documents.csv': { format: 'csv', documents: FULL.map(same), faults: blank(), begins: /^"https:/ },
  'documents.tsv': { format: 'tsv', documents: FULL.map(same), faults: blank(), begins: /^"https:/ },
  // WET holds no titles
  'documents.wet': {
    format: 'warc',
    documents: FULL.map(untitled),
    faults: ['0 record_type', ...blank(1)],
    begins: /^WARC\/1\.0\r\n/,
  },
  'documents.warc': {
    format: 'warc',
    documents: FULL.map(same),
    faults: ['0 record_type', ...blank(1), ...tail(N + 1, 'record_type', 'media_type', 'http_status')],
    begins: /^WARC\/1\.0\r\n/,
  },
  'documents.arc': {
    format: 'arc',
    documents: FULL.map(same),
    faults: ['0 record_type', ...blank(1)],
    begins: /^(?:filedesc|https):\/\//,
  },
  // the id is that of the page
  'documents.xml': {
    format: 'mediawiki',
    documents: FULL.map((written) => ({ ...same(written), id: String(WRITTEN.indexOf(written)) })),
    faults: [...blank(), ...tail(N, 'namespace', 'redirect')],
    begins: /^<page>/,
  },
  'texts.tar': { format: 'tar', ...textMembers() },
  'mixed.tar': { format: 'tar', ...mixedMembers() },
};

/** The id is the path, there is no title; a text without a byte is no record. */
function textMembers(): Omit<Expected, 'format'> {
  const some = WRITTEN.filter(({ text }) => text !== '');
  const path = ({ id }: Written): string => id.replace('https://stories.example/', 'docs/').concat('.txt');
  return {
    documents: FULL.map((written) => ({ ...untitled(written), id: path(written) })),
    faults: [`${some.findIndex(({ text }) => !/\S/.test(text))} empty`, `${some.length} hidden`],
  };
}

/** Nine members of nine formats; the eighth, a wiki dump, has ids of its own and two pages that are no articles. */
function mixedMembers(): Omit<Expected, 'format'> {
  const wiki = (n: number): boolean => n >= 35 && n < 40;
  return {
    documents: FULL.map((written) => {
      const n = WRITTEN.indexOf(written);
      return wiki(n) ? { ...same(written), id: String(n - 35) } : same(written);
    }),
    faults: [...blank(), '40 namespace', '41 redirect'],
  };
}

const COMPRESSIONS = ['', '.gz', '.zst', '.bz2', '.xz', '.lz4'];

function expectSame(found: Read, expected: Expected): void {
  expect(found.format).toBe(expected.format);
  expect(found.documents).toEqual(expected.documents);
  expect(found.faults).toEqual(expected.faults);
  expect(found).toMatchObject({ repaired: [], complete: true, fault: undefined });
  expect(found.records.map((record) => record.record)).toEqual(found.records.map((_, i) => i));
}

test('at least 40 documents, blank and long ones among them', () => {
  expect(FULL.length).toBeGreaterThanOrEqual(40);
  expect(BLANK).toHaveLength(2);
  expect(Math.max(...WRITTEN.map(({ text }) => text.length))).toBeGreaterThan(20_000);
});

describe.each(Object.keys(STREAMED))('%s', (name) => {
  const expected = STREAMED[name]!;
  const plain = read(at(name));
  test.each(COMPRESSIONS)('%s', async (extension) => {
    const found = await read(at(name + extension));
    expectSame(found, expected);
    expect(found.records).toEqual((await plain).records);
  });

  test('offsets are places in the uncompressed file', async () => {
    const bytes = readFileSync(at(name));
    for (const { offset } of (await plain).records) {
      if (expected.begins === undefined) break;
      expect(bytes.toString('utf8', offset, offset + 40)).toMatch(expected.begins);
    }
  });

  test('reading goes on from any record', async () => {
    const { records } = await plain;
    for (const first of [1, 7, 20, records.length - 1, records.length]) {
      const options = { skipRecords: first, skipBytes: -1 };
      expect((await read(at(`${name}.gz`), options)).records).toEqual(records.slice(first));
    }
  });

  test('where chunks end does not matter', async () => {
    // a table is known by its name only
    const input = { ...(await inputOf('-')), name };
    for (const sizes of [[977], [1, 4096, 13]]) {
      const opened = await openInput(input, { stdin: chunked(readFileSync(at(name)), sizes) });
      expect(await recordsOf(opened.batches)).toEqual((await plain).records);
    }
  });
});

test.each(['none', 'snappy', 'gzip', 'brotli', 'lz4', 'zstd'])('Parquet, %s', async (codec) => {
  expectSame(await read(at(`documents.${codec}.parquet`)), {
    format: 'parquet',
    documents: FULL.map(same),
    faults: blank(),
  });
});

test.each(['texts', 'mixed'])('%s.zip', async (name) => {
  expectSame(await read(at(`${name}.zip`)), { ...STREAMED[`${name}.tar`]!, format: 'zip' });
  const { records } = await read(at(`${name}.zip`));
  const rest = await read(at(`${name}.zip`), { skipRecords: 21, skipBytes: -1 });
  expect(rest.records).toEqual(records.slice(21));
});

test('a WARC file goes on at the byte of a record, without reading what stands before it', async () => {
  const { records } = await read(at('documents.warc'));
  for (const first of [1, 8, 30]) {
    const options = { skipRecords: first, skipBytes: records[first]!.offset };
    expect((await read(at('documents.warc'), options)).records).toEqual(records.slice(first));
  }
});
