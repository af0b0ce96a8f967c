// Bad input: every record that is no document is counted in its place with its reason, and nothing else is lost.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readArray } from '../../src/read/json-array.js';
import { readLines } from '../../src/read/jsonl.js';
import { openInput } from '../../src/read/open.js';
import type { RawRecord } from '../../src/types.js';
import { delimited, EXPECTED, fixture, inputOf, JSONL, LINES, read, recordsOf, temporary } from './support.js';

const ids = (found: { documents: readonly { id: string }[] }): string[] => found.documents.map((d) => d.id);

describe('JSONL', () => {
  test('lines that are no document are counted with their reason, the others are read', async () => {
    const lines = [
      '{"id":"a","text":"one"}',
      '{"id":"b","text":"cut off',
      '[1]',
      '7',
      '{"text":7}',
      '{"other":"x"}',
      '{"text":null}',
      '{"text":" \\n\\t\\u00a0"}',
      '{"text":""}',
      '{"id":"c","text":"raw \u0001 control"}',
      'not JSON at all',
      '{"id":"z","text":"last"}',
    ];
    const found = await read(temporary('bad.jsonl', lines.join('\n')));
    expect(ids(found)).toEqual(['a', 'z']);
    expect(found.faults).toEqual([
      '1 malformed',
      '2 malformed',
      '3 malformed',
      '4 no_text',
      '5 no_text',
      '6 no_text',
      '7 empty',
      '8 empty',
      '9 malformed',
      '10 malformed',
    ]);
    expect(found.complete).toBe(true);
    expect(found.records[1]!.offset).toBe(lines[0]!.length + 1);
  });

  test('a broken first line does not stop the file', async () => {
    const found = await read(temporary('first.jsonl', `garbage\n${JSONL.toString()}`));
    expect(found.documents).toEqual(EXPECTED);
    expect(found.faults).toEqual(['0 malformed']);
  });

  test('invalid UTF-8 and lone surrogates are repaired and told; a U+FFFD of the author is not', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"id":"a","text":"bad \ufffd byte: '),
      Buffer.from([0xff, 0xe2, 0x82]),
      Buffer.from(
        '"}\n{"id":"b","text":"lone \\ud800 half \\udfff"}\n{"id":"c","text":"genuine \ufffd and \\ud83e\\udd16"}\n',
      ),
    ]);
    const found = await read(temporary('utf8.jsonl', bytes));
    expect(found.documents.map((d) => d.text)).toEqual([
      'bad \ufffd byte: \ufffd\ufffd',
      'lone \ufffd half \ufffd',
      'genuine \ufffd and 🤖',
    ]);
    expect(found.repaired).toEqual(['a', 'b']);
  });

  test('NUL bytes pass through framing and are malformed JSON', async () => {
    const found = await read(temporary('nul.jsonl', '{"text":"a"}\n{"text":"\0"}\n\0\0\n{"text":"b"}\n'));
    expect(found.faults).toEqual(['1 malformed', '2 malformed']);
    expect(found.documents).toHaveLength(2);
  });

  test('a line over the limit is passed over in bounded memory', async () => {
    const line = Buffer.alloc(1 << 20, 120);
    let given = 0;
    const chunks = async function* () {
      yield Buffer.from('{"text":"a"}\n');
      for (; given < 400; given++) yield line;
      yield Buffer.from('\n{"text":"b"}\n');
    };
    const before = process.memoryUsage().arrayBuffers;
    const options = { recordLimit: 8 << 20, firstRecord: 0, firstByte: 0, compressedBytes: () => 0 };
    const records = await recordsOf(readLines(chunks(), options));
    expect(records.map((r) => (r.kind === 'fault' ? r.reason : r.kind))).toEqual(['json', 'too_long', 'json']);
    expect(records.map((r) => r.offset)).toEqual([0, 13, 13 + 400 * (1 << 20) + 1]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  });

  test('100,000 levels of nesting are a record like any other', async () => {
    const deep = `{"id":"deep","text":"x","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const found = await read(temporary('deep.jsonl', `${deep}\n${LINES[0]}\n`));
    expect([...found.faults, ...ids(found)]).toEqual(['deep', 'plain']);
  });
});

describe('compressed streams', () => {
  const many = Array.from({ length: 4000 }, (_, i) => JSON.stringify({ id: `d${i}`, text: `AI ${Math.sin(i)}` }));

  test('a cut .gz keeps what came before and is never complete', async () => {
    const whole = gzipSync(`${many.join('\n')}\n`);
    for (const length of [5, 12, 1000, whole.length >> 1, whole.length - 9, whole.length - 1]) {
      const found = await read(temporary('cut.jsonl.gz', whole.subarray(0, length)));
      expect(ids(found)).toEqual(many.slice(0, found.documents.length).map((_, i) => `d${i}`));
      expect(found.faults.length).toBeLessThanOrEqual(1);
      for (const fault of found.faults) expect(fault).toBe(`${found.documents.length} truncated`);
      expect(found).toMatchObject({ complete: false, fault: 'truncated' });
    }
  });

  test('a cut .zst keeps its whole frames and is never complete', async () => {
    const whole = readFileSync(fixture('documents.jsonl.zst'));
    const found = await read(temporary('cut.jsonl.zst', whole.subarray(0, whole.length - 20)));
    expect(found.documents).toEqual(EXPECTED.slice(0, found.documents.length));
    expect(found.documents.length).toBeGreaterThanOrEqual(15);
    expect(found).toMatchObject({ complete: false, fault: 'truncated' });
  });

  test('a corrupt .gz keeps every record before the place', async () => {
    const sound = gzipSync(`${many.join('\n')}\n`);
    const broken = Buffer.from(gzipSync(JSONL));
    broken.fill(0xff, 20, 60);
    const found = await read(temporary('corrupt.jsonl.gz', Buffer.concat([sound, broken])));
    expect(found.documents.slice(0, many.length).map((d) => d.id)).toEqual(many.map((_, i) => `d${i}`));
    expect(found).toMatchObject({ complete: false, fault: 'decompression' });
  });

  test('a cut inside a text, a table and an array', async () => {
    const cut = (text: string) => gzipSync(text).subarray(0, -30);
    const text = await read(temporary('cut.txt.gz', cut(`A text.\n${many.join('\n')}`)));
    expect(text).toMatchObject({ documents: [], faults: ['0 truncated'], complete: false, fault: 'truncated' });
    const rows = many.map((line) => JSON.parse(line)).map(({ id, text }) => ({ id, title: null, text, lang: 'en' }));
    const table = await read(temporary('cut.csv.gz', cut(delimited(rows, ',', '\n'))));
    expect(table.documents.length).toBeGreaterThan(3800);
    expect(table).toMatchObject({
      faults: [`${table.documents.length} truncated`],
      complete: false,
      fault: 'truncated',
    });
    const array = await read(temporary('cut.json.gz', cut(`[${many.join(',')}]`)));
    expect(array.documents.length).toBeGreaterThan(3800);
    expect(array).toMatchObject({
      faults: [`${array.documents.length} truncated`],
      complete: false,
      fault: 'truncated',
    });
  });
});

describe('JSON arrays', () => {
  test('a syntax error is one fault; what stands before it is kept, the file is incomplete', async () => {
    const found = await read(temporary('bad.json', '[{"text":"a"},{"text":"b"},{"text" "c"},{"text":"d"}]'));
    expect(found.documents.map((d) => d.text)).toEqual(['a', 'b']);
    expect(found).toMatchObject({ faults: ['2 malformed'], complete: false, fault: 'malformed' });
  });

  test('an array that breaks off is truncated', async () => {
    for (const tail of ['', ',', ',{', ',{"te', ',{"text":"b', ',{"text":"b"', ',{"text":"b"}', ',tru', ',1']) {
      const found = await read(temporary('cut.json', `[{"text":"a"}${tail}`));
      expect(found).toMatchObject({ complete: false, fault: 'truncated' });
      expect(found.documents[0]).toMatchObject({ text: 'a' });
      expect(found.faults.at(-1)).toMatch(/truncated$/);
    }
  });

  test('elements that are no objects are counted, characters behind the end are a fault', async () => {
    const found = await read(temporary('mixed.json', '[{"text":"a"},7,"x",[1],null,{"text":"b"}] tail'));
    expect(found.documents.map((d) => d.text)).toEqual(['a', 'b']);
    expect(found.faults).toEqual(['1 malformed', '2 malformed', '3 malformed', '4 malformed', '6 malformed']);
    expect(found.complete).toBe(false);
  });

  test('an empty array is complete', async () => {
    const found = await read(temporary('empty.json', ' [ ]\n'));
    expect(found).toMatchObject({ records: [], complete: true });
  });

  test('invalid UTF-8 is told for the element that holds it, and only there', async () => {
    const bytes = Buffer.concat([
      Buffer.from('[{"id":"a","text":"\ufffd"},{"id":"b","text":"x'),
      Buffer.from([0xc3, 0x28, 0xff]),
      Buffer.from('"},{"id":"c","text":"\ufffd"},{"id":"d","text":"y","o":{"p":["'),
      Buffer.from([0x80]),
      Buffer.from('"]}}]'),
    ]);
    const found = await read(temporary('utf8.json', bytes));
    expect(found.documents.map((d) => d.text)).toEqual(['\ufffd', 'x\ufffd(\ufffd', '\ufffd', 'y']);
    expect(found.repaired).toEqual(['b', 'd']);
  });

  test('an element over the limit ends the reading in bounded memory', async () => {
    const chunks = async function* () {
      yield Buffer.from('[{"text":"a"},{"text":"');
      for (;;) yield Buffer.alloc(1 << 18, 120);
    };
    const records = readArray(chunks(), { recordLimit: 4 << 20, firstRecord: 0, compressedBytes: () => 0 });
    const found: RawRecord[] = [];
    await expect(async () => {
      for await (const batch of records) found.push(...batch.records);
    }).rejects.toMatchObject({ reason: 'too_long' });
    expect(found).toMatchObject([{ kind: 'fields' }, { kind: 'fault', record: 1, reason: 'too_long' }]);
  });

  test('deep nesting does not overflow the stack', async () => {
    const deep = `[{"text":"x","a":${'['.repeat(100_000)}"\xff"${']'.repeat(100_000)}}]`;
    const found = await read(temporary('deep.json', Buffer.from(deep, 'latin1')));
    expect(found.documents).toHaveLength(1);
    expect(found.repaired).toHaveLength(1);
  });
});

describe('CSV and TSV', () => {
  test('ragged rows are counted in their place, the others are read', async () => {
    const found = await read(temporary('ragged.csv', 'id,text\n1,one\n2\n3,three,x\n\n4,"fo\nur"\n'));
    expect(found.documents.map((d) => [d.id, d.text])).toEqual([
      ['1', 'one'],
      ['4', 'fo\nur'],
    ]);
    expect(found.faults).toEqual(['1 malformed', '2 malformed']);
    expect(found.complete).toBe(true);
  });

  test('quotes that enclose no whole field belong to the text', async () => {
    const found = await read(temporary('quotes.csv', 'id,text\n1,say "no" twice\n2,"a"b\n3,5" disk\n'));
    expect(found.documents.map((d) => d.text)).toEqual(['say "no" twice', '"a"b', '5" disk']);
  });

  test('a quote that is never closed is one fault, and the file incomplete', async () => {
    const found = await read(temporary('open.csv', 'id,text\n1,one\n2,"two\n3,three\n'));
    expect(found).toMatchObject({ faults: ['1 malformed'], complete: false, fault: 'malformed' });
    expect(ids(found)).toEqual(['1']);
  });

  test('a TSV without enclosing quotes keeps lone quotes', async () => {
    const found = await read(temporary('plain.tsv', 'id\ttext\n1\t"Stop\n2\tgo on, "please"\n3\tthree\n'));
    expect(found.documents.map((d) => d.text)).toEqual(['"Stop', 'go on, "please"', 'three']);
  });

  test('invalid UTF-8 is told for its row', async () => {
    const found = await read(temporary('utf8.csv', Buffer.from('id,text\n1,caf\xe9\n2,\xef\xbf\xbd\n', 'latin1')));
    expect(found.documents.map((d) => d.text)).toEqual(['caf\ufffd', '\ufffd']);
    expect(found.repaired).toEqual(['1']);
  });

  test('a field over the limit ends the reading', async () => {
    const found = await read(temporary('long.csv', `id,text\n1,one\n2,${'x'.repeat(5000)}\n3,three\n`), {
      recordLimit: 1000,
    });
    expect(found).toMatchObject({ faults: ['1 too_long'], complete: false, fault: 'too_long' });
  });
});

describe('Parquet', () => {
  test('without its footer it is incomplete', async () => {
    const whole = readFileSync(fixture('documents.zstd.parquet'));
    const found = await read(temporary('cut.parquet', whole.subarray(0, whole.length - 100)));
    expect(found).toMatchObject({ documents: [], complete: false, fault: 'truncated' });
  });

  test('rows that cannot be decoded are counted, the other row groups are read', async () => {
    const broken = Buffer.from(readFileSync(fixture('documents.gzip.parquet')));
    broken.fill(0xaa, 60, 200);
    const found = await read(temporary('broken.parquet', broken));
    expect(found.faults).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `${i} bad_record`));
    expect(found.documents).toEqual(EXPECTED.slice(7));
    expect(found.complete).toBe(true);
  });

  test('only the columns that could be text, id or title are read', async () => {
    const found = await read(fixture('documents.none.parquet'));
    const [first] = found.records;
    expect(first?.kind === 'fields' && Object.keys(first.fields).sort()).toEqual(['id', 'meta', 'text']);
    const named = await read(fixture('documents.none.parquet'), { columns: ['text'] });
    expect(named.documents.map((d) => d.text)).toEqual(EXPECTED.map((d) => d.text));
    const typed = await read(fixture('documents.none.parquet'), { textField: 'meta.title', idField: 'number' });
    expect(typed.documents[0]).toEqual({ id: '0', title: 'The lamp', text: 'The lamp', names: [] });
  });
});

describe('empty files', () => {
  test.each(['empty.jsonl', 'empty.json', 'empty.csv', 'empty.tsv', 'empty.txt', 'empty'])('%s', async (name) => {
    for (const content of ['', gzipSync('')]) {
      const found = await read(temporary(name, content));
      expect(found).toMatchObject({ records: [], complete: true, fault: undefined });
    }
  });

  test('an empty Parquet file lacks its footer', async () => {
    const found = await read(temporary('empty.parquet', ''));
    expect(found).toMatchObject({ records: [], complete: false, fault: 'truncated' });
  });

  test('a header alone, blank lines alone, a byte order mark alone', async () => {
    for (const [name, content] of [
      ['h.csv', 'id,text\n'],
      ['b.jsonl', '\n \r\n'],
      ['m.jsonl', '\ufeff'],
      ['c.csv', '\ufeff'],
    ] as const) {
      expect(await read(temporary(name, content))).toMatchObject({ records: [], complete: true });
    }
  });
});

describe('clear errors', () => {
  test.each([
    ['a 7z archive', 'a.7z', Buffer.from("7z\u00bc\u00af'....", 'latin1')],
    ['no zip archive', 'a.zip', Buffer.from('no zip')],
    ['no tar archive', 'a.tar', Buffer.from('no tar'.repeat(200))],
    ['no WARC file', 'a.warc.gz', gzipSync('no WARC')],
    ['compressed or comes through a pipe', 'a.zip.gz', gzipSync('PK\u0003\u0004....')],
    ['UTF-16', 'a.jsonl', Buffer.from('\ufeff{"text":"x"}', 'utf16le')],
    ['no Parquet file', 'a.parquet', Buffer.from('{no Parquet}')],
    ['binary data', 'a.bin', Buffer.from([1, 0, 2, 0, 3, 0, 0, 0])],
    ['binary data', 'a.txt', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))],
    ['compressed or comes through a pipe', 'a.parquet.gz', gzipSync(readFileSync(fixture('documents.none.parquet')))],
  ])('%s (%s)', async (message, name, bytes) => {
    const file = await inputOf(temporary(name, bytes));
    await expect(openInput(file)).rejects.toMatchObject({
      code: 'unknown_format',
      message: expect.stringContaining(message),
      help: expect.any(String),
      place: { file: file.name },
    });
  });

  test('a file that went away', async () => {
    const file = await inputOf(temporary('gone.jsonl', '{}'));
    await expect(openInput({ ...file, path: `${file.path}.gone` })).rejects.toMatchObject({ code: 'missing_input' });
  });

  test('no text field', async () => {
    await expect(read(temporary('bare.jsonl', '{"message":"x","n":1}\n'))).rejects.toMatchObject({
      code: 'no_text_field',
      message: expect.stringContaining('fields found: message, n'),
      help: expect.stringContaining('--text-field'),
    });
    const table = temporary('bare.csv', 'message,n\nx,1\n');
    await expect(read(table)).rejects.toMatchObject({ code: 'no_text_field' });
    expect(await read(table, { textField: 'message' })).toMatchObject({ documents: [{ text: 'x' }] });
    await expect(read(fixture('documents.none.parquet'), { textField: 'nope' })).rejects.toMatchObject({
      message: expect.stringContaining('fields found: id, text, meta, number'),
    });
  });
});

test.skipIf(!existsSync('/proc/self/fd'))('leaving early closes the file', async () => {
  const path = temporary('early.jsonl.gz', gzipSync('{"text":"x"}\n'.repeat(100_000)));
  for (let i = 0; i < 20; i++) {
    const { batches } = await openInput(await inputOf(path));
    for await (const _ of batches) break;
  }
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  expect(open.filter((name) => name === path)).toEqual([]);
});
