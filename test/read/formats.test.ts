// The same documents in every format and compression are read as the same documents.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { readCsv } from '../../src/read/csv.js';
import { inspectInput } from '../../src/read/inspect.js';
import { readArray } from '../../src/read/json-array.js';
import { readLines } from '../../src/read/jsonl.js';
import { openInput } from '../../src/read/open.js';
import {
  chunked,
  delimited,
  EXPECTED,
  fixture,
  inputOf,
  JSONL,
  LINES,
  LONG,
  PLAIN,
  read,
  recordsOf,
  temporary,
} from './support.js';

const ALL = [...PLAIN, LONG];
const EXPECTED_ALL = [...EXPECTED, { id: 'long', title: 'very long', text: LONG.text, names: [] }];
const WHOLE = Buffer.from(ALL.map((d) => `${JSON.stringify(d)}\n`).join(''));

function members(bytes: Buffer, count: number): Buffer {
  const size = Math.ceil(bytes.length / count);
  return Buffer.concat(Array.from({ length: count }, (_, i) => gzipSync(bytes.subarray(i * size, (i + 1) * size))));
}

function parquet(rowGroupSize: number): Uint8Array {
  const column = (name: string, pick: (d: (typeof ALL)[number]) => unknown) => ({
    name,
    data: ALL.map(pick) as string[],
    type: 'STRING' as const,
  });
  const columnData = [
    column('text', (d) => d.text),
    column('id', (d) => String(d.id)),
    column('title', (d) => d.title),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

const VARIANTS: [name: string, content: string | Uint8Array][] = [
  ['a.jsonl', WHOLE],
  ['crlf-bom-blank.jsonl', `\ufeff\r\n${ALL.map((d) => JSON.stringify(d)).join('\r\n \r\n')}`],
  ['named-otherwise.json', WHOLE],
  ['named-otherwise.txt', WHOLE],
  ['one.jsonl.gz', gzipSync(WHOLE)],
  ['members.jsonl.gz', members(WHOLE, 7)],
  ['padded.jsonl.gz', Buffer.concat([members(WHOLE, 2), Buffer.alloc(3000)])],
  ['magic-before-name.dat', members(WHOLE, 2)],
  ['compact.json', JSON.stringify(ALL)],
  ['pretty.json', `\ufeff \n${JSON.stringify(ALL, null, 2)}\n`],
  ['array.json.gz', gzipSync(JSON.stringify(ALL, null, '\t'))],
  ['a.csv', delimited(ALL, ',', '\n')],
  ['bom-crlf.csv', `\ufeff${delimited(ALL, ',', '\r\n')}`],
  ['a.csv.gz', gzipSync(delimited(ALL, ',', '\n'))],
  ['a.tsv', delimited(ALL, '\t', '\n')],
  ['a.parquet', parquet(1000)],
  ['groups.parquet', parquet(5)],
];

describe('the same documents', () => {
  test.each(VARIANTS)('%s', async (name, content) => {
    const found = await read(temporary(name, content));
    expect(found.documents).toEqual(EXPECTED_ALL);
    expect(found).toMatchObject({ faults: [], repaired: [], complete: true, fault: undefined });
  });

  test.each(['none', 'snappy', 'gzip', 'brotli', 'lz4', 'zstd'])(
    'Parquet of pyarrow, %s, title in a struct',
    async (codec) => {
      const found = await read(fixture(`documents.${codec}.parquet`));
      expect(found.documents).toEqual(EXPECTED);
      expect(found.complete).toBe(true);
    },
  );

  test('zstd with many frames, skippable frames and a long window', async () => {
    const found = await read(fixture('documents.jsonl.zst'));
    expect(found.documents).toEqual(EXPECTED);
    expect(found.records.map((r) => r.offset)).toEqual(
      (await read(fixture('documents.jsonl'))).records.map((r) => r.offset),
    );
  });

  test('standard input, in small pieces', async () => {
    const stdin = chunked(members(WHOLE, 3), [1, 1000, 7]);
    const opened = await openInput(await inputOf('-'), { stdin });
    const records = await recordsOf(opened.batches);
    expect(records).toHaveLength(ALL.length);
    expect(opened).toMatchObject({ format: 'jsonl', compression: 'gzip' });
    expect(opened.outcome()).toEqual({ complete: true });
  });

  test('a text file is one document by its name, compressed or not', async () => {
    const text = 'Title\r\n\r\nA text with 🤖.\n';
    for (const [name, content] of [
      ['letter.txt', text],
      ['letter.txt.gz', gzipSync(text)],
      ['letter', `\ufeff${text}`],
    ] as const) {
      const found = await read(temporary(name, content));
      expect(found.documents).toEqual([
        { id: expect.stringMatching(/^\d+-letter(\.txt)?$/), title: null, text, names: [] },
      ]);
    }
  });

  test('one object over several lines is one record', async () => {
    const found = await read(temporary('one.json', JSON.stringify(PLAIN[1], null, 2)));
    expect(found.documents).toEqual([EXPECTED[1]]);
  });
});

test('offsets of JSONL records are those of their first bytes, through any compression', async () => {
  const content = Buffer.from(`\ufeff${LINES.map((line) => `  ${line} \r\n\n`).join('')}`);
  for (const [name, bytes] of [
    ['a.jsonl', content],
    ['a.jsonl.gz', gzipSync(content)],
  ] as const) {
    const { records } = await read(temporary(name, bytes));
    expect(records.map((r) => r.record)).toEqual(LINES.map((_, i) => i));
    for (const record of records) {
      if (record.kind !== 'json') throw new Error('expected JSON');
      expect(content.subarray(record.offset, record.offset + record.bytes.length)).toEqual(Buffer.from(record.bytes));
      expect(record.bytes[0]).toBe(0x7b);
    }
  }
});

test('offsets of CSV rows are those of their first bytes', async () => {
  const content = Buffer.from(`\ufeff${delimited(PLAIN, ',', '\r\n')}`);
  const { records } = await read(temporary('a.csv', content));
  const next = [...records.slice(1).map((r) => r.offset), content.length];
  records.forEach((record, i) => {
    const row = content.subarray(record.offset, next[i]).toString();
    expect(row).toBe(delimited([PLAIN[i]!], ',', '\r\n').split('\r\n').slice(1).join('\r\n'));
  });
});

test('where chunks end does not matter', async () => {
  const common = { recordLimit: 1e9, firstRecord: 0, compressedBytes: () => 0 };
  const readers = {
    jsonl: [JSONL, (c: AsyncIterable<Uint8Array>) => readLines(c, { ...common, firstByte: 0 })],
    broken: [
      Buffer.concat([JSONL.subarray(1), Buffer.from([10, 10, 0xff, 10, 0xe2])]),
      (c: AsyncIterable<Uint8Array>) => readLines(c, { ...common, firstByte: 0 }),
    ],
    csv: [
      Buffer.from(`${delimited(PLAIN, ',', '\n')}ragged\n"a"b,c,d,\xff\n`),
      (c: AsyncIterable<Uint8Array>) => readCsv(c, { ...common, delimiter: ',', quotes: true }),
    ],
    array: [Buffer.from(JSON.stringify(PLAIN)), (c: AsyncIterable<Uint8Array>) => readArray(c, common)],
    damaged: [
      Buffer.concat([
        Buffer.from('[{"text":"\ufffd"},{"text":"'),
        Buffer.from([0xe2, 0x82, 0xff]),
        Buffer.from('\ufffd"}]'),
      ]),
      (c: AsyncIterable<Uint8Array>) => readArray(c, common),
    ],
  } as const;
  for (const [bytes, reader] of Object.values(readers)) {
    const whole = await recordsOf(reader(chunked(bytes, [])));
    expect(whole.length).toBeGreaterThan(1);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), async (sizes) => {
        expect(await recordsOf(reader(chunked(bytes, sizes)))).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  }
});

describe('inspect', () => {
  test('says format, fields, mapping and the first documents', async () => {
    const found = await inspectInput(await inputOf(fixture('documents.jsonl.zst')));
    expect(found).toMatchObject({
      format: 'jsonl',
      compression: 'zstd',
      size: readFileSync(fixture('documents.jsonl.zst')).length,
      fields: { id: 'number|string', title: 'null|string', text: 'string', lang: 'string' },
      mapping: { text: 'text', id: 'id', title: 'title' },
      problem: null,
      estimatedRecords: PLAIN.length,
    });
    expect(found.records.map((r) => r['id'])).toEqual(['plain', 'emoji', 'astral']);
  });

  test('shortens long texts and counts code points', async () => {
    const found = await inspectInput(
      await inputOf(temporary('long.jsonl', JSON.stringify({ text: '🤖'.repeat(500) }))),
    );
    expect(found.records).toEqual([
      {
        record: 0,
        offset: 0,
        id: expect.stringMatching(/#0$/),
        title: null,
        characters: 500,
        repaired: false,
        text: `${'🤖'.repeat(100)}…`,
      },
    ]);
  });

  test('knows the rows of a Parquet file', async () => {
    const found = await inspectInput(await inputOf(fixture('documents.zstd.parquet')));
    expect(found).toMatchObject({
      estimatedRecords: PLAIN.length,
      mapping: { text: 'text', id: 'id', title: 'meta.title' },
    });
  });

  test('names the problem of a file without text, and of an empty one', async () => {
    const bare = await inspectInput(await inputOf(temporary('bare.jsonl', '{"a":1,"b":"x"}\n')));
    expect(bare).toMatchObject({ mapping: null, problem: expect.stringContaining('fields found: a, b') });
    expect(await inspectInput(await inputOf(temporary('empty.jsonl', '')))).toMatchObject({
      problem: 'no records',
      records: [],
    });
  });
});
