import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, describe, expect, it } from 'vitest';
import * as zstd from 'zstd-napi';
import { PersonaPriorError } from '../../src/errors.js';
import { chooseFields, chooseMapping, extractDocument, parseJsonRecord } from '../../src/read/fields.js';
import { findInputs, type InputFile } from '../../src/read/inputs.js';
import { openInput, type OpenOptions } from '../../src/read/open.js';
import type { Document } from '../../src/types.js';
import { DOCUMENTS } from './documents.js';

const dir = mkdtempSync(join(tmpdir(), 'persona-prior-read-'));
const file = (name: string, bytes: string | Uint8Array): string => {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
};
const jsonl = `${DOCUMENTS.map((d) => JSON.stringify(d)).join('\n')}\n`;
const csvCell = (value: string): string => `"${value.replaceAll('"', '""')}"`;

async function one(path: string): Promise<InputFile> {
  for await (const found of findInputs([path])) return found;
  throw new Error('none');
}

interface ReadResult {
  documents: Document[];
  faults: { record: number; offset: number; reason: string }[];
  repaired: string[];
  outcome: { complete: boolean; fault?: { reason: string } };
  batches: number;
}

async function read(path: string, options: OpenOptions = {}): Promise<ReadResult> {
  const opened = await openInput(await one(path), options);
  const result: ReadResult = { documents: [], faults: [], repaired: [], outcome: { complete: false }, batches: 0 };
  let mapping: ReturnType<typeof chooseMapping> | undefined;
  for await (const batch of opened.batches) {
    result.batches++;
    mapping ??= chooseMapping(batch.records, opened.format, options);
    for (const raw of batch.records) {
      if (raw.kind === 'fault') {
        result.faults.push({ record: raw.record, offset: raw.offset, reason: raw.reason });
        continue;
      }
      const parsed = raw.kind === 'json' ? parseJsonRecord(raw.bytes) : { fields: raw.fields, repaired: raw.repaired };
      const made =
        'fault' in parsed ? parsed : extractDocument(parsed.fields, mapping, `x#${raw.record}`, parsed.repaired ?? false);
      if ('fault' in made) result.faults.push({ record: raw.record, offset: raw.offset, reason: made.fault.reason });
      else {
        result.documents.push(made.document);
        if (made.repaired) result.repaired.push(made.document.id);
      }
    }
  }
  result.outcome = opened.outcome();
  return result;
}

const expected = DOCUMENTS.map((d) => ({ ...d, names: [] }));

describe('every format gives the same documents', () => {
  const paths: Record<string, string> = {};
  beforeAll(() => {
    const half = Math.floor(jsonl.length / 2);
    const bytes = Buffer.from(jsonl);
    paths['jsonl'] = file('a.jsonl', jsonl);
    paths['jsonl with CRLF, blank lines and a BOM'] = file('b.jsonl', `\ufeff${jsonl.replaceAll('\n', '\r\n\n')}`);
    paths['jsonl without a last line feed'] = file('c.jsonl', jsonl.trimEnd());
    paths['jsonl in ASCII escapes'] = file(
      'd.jsonl',
      jsonl.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    );
    paths['gzip of two members'] = file('e.jsonl.gz', Buffer.concat([gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))]));
    paths['zstd of two frames'] = file(
      'f.jsonl.zst',
      Buffer.concat([zstd.compress(bytes.subarray(0, half)), zstd.compress(bytes.subarray(half))]),
    );
    paths['gzip with a wrong name'] = file('g.jsonl', gzipSync(bytes));
    paths['json array'] = file('h.json', JSON.stringify(DOCUMENTS));
    paths['pretty json array, gzip'] = file('i.json.gz', gzipSync(JSON.stringify(DOCUMENTS, null, 2)));
    const rows = DOCUMENTS.map((d) => [d.id, d.title, d.text].map(csvCell).join(','));
    paths['csv'] = file('j.csv', `id,title,text\r\n${rows.join('\r\n')}\r\n`);
    const column = (name: 'id' | 'title' | 'text') => ({ name, data: DOCUMENTS.map((d) => d[name]), type: 'STRING' as const });
    paths['parquet'] = file(
      'k.parquet',
      new Uint8Array(parquetWriteBuffer({ columnData: [column('id'), column('title'), column('text')], rowGroupSize: 5 })),
    );
  });

  it.each([
    'jsonl', 'jsonl with CRLF, blank lines and a BOM', 'jsonl without a last line feed', 'jsonl in ASCII escapes',
    'gzip of two members', 'zstd of two frames', 'gzip with a wrong name', 'json array', 'pretty json array, gzip', 'csv', 'parquet',
  ])('%s', async (name) => {
    const { documents, faults, outcome, repaired } = await read(paths[name]!);
    expect(documents).toEqual(expected);
    expect(faults).toEqual([]);
    expect(repaired).toEqual([]);
    expect(outcome).toEqual({ complete: true });
  });

  it('a text file is one document called by its name', async () => {
    const { documents } = await read(file('note.txt', '\ufeffAn AI wrote this 🙂.\n'));
    expect(documents).toEqual([{ id: 'note.txt', title: null, text: 'An AI wrote this 🙂.\n', names: [] }]);
  });

  it('one pretty-printed object is one record', async () => {
    const { documents } = await read(file('single.json', JSON.stringify(DOCUMENTS[0], null, 2)));
    expect(documents).toEqual([expected[0]]);
  });

  it.each(['jsonl', 'gzip of two members', 'json array', 'csv', 'parquet'])('%s goes on from any record', async (name) => {
    for (const skip of [0, 1, 6, DOCUMENTS.length - 1, DOCUMENTS.length]) {
      const tail = await read(paths[name]!, { skipRecords: skip, skipBytes: -1, textField: 'text' });
      expect(tail.documents).toEqual(expected.slice(skip));
    }
  });

  it('jsonl goes on from a byte', async () => {
    const third = jsonl.split('\n').slice(0, 3).join('\n').length + 1;
    for (const name of ['jsonl', 'zstd of two frames']) {
      const tail = await read(paths[name]!, { skipRecords: 3, skipBytes: Buffer.byteLength(jsonl.slice(0, third)) });
      expect(tail.documents).toEqual(expected.slice(3));
    }
  });
});

describe('faults are counted in their place, and nothing else is lost', () => {
  it('malformed and strange lines', async () => {
    const lines = ['{"text":"one AI"}', '{"text":"cut', '[1]', '7', '{"text":7}', '{"other":"x"}', '{"text":" \\n "}', '{"text":"last"}'];
    const { documents, faults, outcome } = await read(file('bad.jsonl', lines.join('\n')));
    expect(documents.map((d) => [d.id, d.text])).toEqual([['x#0', 'one AI'], ['x#7', 'last']]);
    expect(faults.map((f) => [f.record, f.reason])).toEqual([
      [1, 'malformed'], [2, 'malformed'], [3, 'malformed'], [4, 'no_text'], [5, 'no_text'], [6, 'empty'],
    ]);
    expect(faults[0]!.offset).toBe(lines[0]!.length + 1);
    expect(outcome.complete).toBe(true);
  });

  it('invalid UTF-8 and lone surrogates are repaired', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"id":"a","text":"bad \ufffd byte: '),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}\n{"id":"b","text":"lone \\ud800 half"}\n{"id":"c","text":"genuine \ufffd"}\n'),
    ]);
    const { documents, repaired } = await read(file('utf8.jsonl', bytes));
    expect(documents.map((d) => d.text)).toEqual(['bad \ufffd byte: \ufffd\ufffd', 'lone \ufffd half', 'genuine \ufffd']);
    expect(repaired).toEqual(['a', 'b']);
  });

  it('an empty file has no records and is complete', async () => {
    for (const name of ['empty.jsonl', 'empty.csv', 'empty.txt', 'empty']) {
      const { documents, faults, outcome } = await read(file(name, ''));
      expect([documents, faults, outcome]).toEqual([[], [], { complete: true }]);
    }
  });

  it.each([
    ['gz', (b: Buffer) => gzipSync(b)],
    ['zst', (b: Buffer) => zstd.compress(b)],
  ])('a truncated .%s keeps what came before and is incomplete', async (extension, compress) => {
    const many = Buffer.from(Array.from({ length: 4000 }, (_, i) => JSON.stringify({ id: `d${i}`, text: `AI ${(i * 7919) % 104729} ${Math.sin(i)}` })).join('\n'));
    const whole = compress(many);
    const { documents, faults, outcome } = await read(file(`cut.jsonl.${extension}`, whole.subarray(0, Math.floor(whole.length * 0.8))));
    expect(documents.length).toBeGreaterThan(2000);
    expect(documents.map((d) => d.id)).toEqual(documents.map((_, i) => `d${i}`));
    expect(faults.length).toBeLessThanOrEqual(1);
    expect(outcome.complete).toBe(false);
    expect(outcome.fault?.reason).toBe('truncated');
  });

  it('a broken gzip is a decompression fault', async () => {
    const whole = gzipSync(Buffer.from(jsonl.repeat(50)));
    whole.fill(0x55, 400, 460);
    const { outcome } = await read(file('broken.jsonl.gz', whole));
    expect(outcome.complete).toBe(false);
  });

  it('a line over the limit is skipped in bounded memory', async () => {
    const long = `{"text":"${'x'.repeat(3_000_000)}"}`;
    const { documents, faults } = await read(file('long.jsonl', `{"text":"a"}\n${long}\n{"text":"b"}\n`), { recordLimit: 1_000_000 });
    expect(documents.map((d) => d.text)).toEqual(['a', 'b']);
    expect(faults).toEqual([{ record: 1, offset: 13, reason: 'too_long' }]);
  });

  it('ragged CSV rows are faults, the others are read', async () => {
    const { documents, faults } = await read(file('ragged.csv', 'id,text\n1,one\n2\n3,three,x\n4,four\n'));
    expect(documents.map((d) => d.id)).toEqual(['1', '4']);
    expect(faults.map((f) => [f.record, f.reason])).toEqual([[1, 'malformed'], [2, 'malformed']]);
  });

  it('a JSON array that breaks off keeps its head', async () => {
    const { documents, outcome } = await read(file('cut.json', '[{"text":"a"},{"text":"b"},{"te'));
    expect(documents.map((d) => d.text)).toEqual(['a', 'b']);
    expect(outcome.complete).toBe(false);
  });

  it('a Parquet file without its end is incomplete', async () => {
    const { documents, outcome } = await read(file('cut.parquet', Buffer.from('PAR1 and then nothing that is a footer')));
    expect([documents, outcome.complete]).toEqual([[], false]);
  });
});

describe('clear errors', () => {
  const code = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof PersonaPriorError) return error.code;
      throw error;
    }
    return 'none';
  };

  it('missing files, empty folders and patterns', async () => {
    mkdirSync(join(dir, 'nothing'), { recursive: true });
    for (const path of ['nowhere.jsonl', join(dir, 'nothing'), join(dir, '*.nope')]) {
      expect(await code(one(path))).toBe('missing_input');
    }
  });

  it('unknown formats', async () => {
    const cases: [string, Uint8Array][] = [
      ['x.bin', Buffer.from([1, 0, 2, 0, 3, 0, 0, 0])],
      ['x.zip', Buffer.from('PK\u0003\u0004....')],
      ['x.parquet', Buffer.from('not parquet at all')],
      ['x.warc', Buffer.from('WARC/1.0\r\n')],
      ['x.xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
      ['x.jsonl', Buffer.from('\ufeff{"text":"x"}', 'utf16le')],
    ];
    for (const [name, bytes] of cases) expect(await code(openInput(await one(file(name, bytes)))), name).toBe('unknown_format');
  });

  it('no text field: the fields found are listed, and --text-field named', () => {
    try {
      chooseFields([{ message: 'x', n: 1 }], {});
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'no_text_field' });
      expect((error as PersonaPriorError).message).toContain('message, n');
      expect((error as PersonaPriorError).help).toContain('--text-field');
    }
    expect(() => chooseFields([{ text: 'x' }], { textField: 'nope' })).toThrow(/nope/);
    expect(() => chooseFields([{ text: 'x' }], { preset: 'nope' })).toThrow(/unknown preset/);
  });
});

describe('fields', () => {
  it('takes the usual names, presets and dotted paths', () => {
    expect(chooseFields([{ raw_content: 'x', url: 'u', title: 't' }], {})).toEqual({ text: 'raw_content', id: 'url', title: 'title' });
    expect(chooseFields([{ text: 'x', meta: { title: 't', url: 'u' } }], {})).toEqual({ text: 'text', id: 'meta.url', title: 'meta.title' });
    const made = extractDocument({ a: { b: 'text' }, id: 7 }, { text: 'a.b', id: 'id', title: null }, 'f#0');
    expect(made).toEqual({ document: { id: '7', title: null, text: 'text', names: [] }, repaired: false });
  });
});

describe('inputs', () => {
  it('walks folders in byte order, without hidden files and link loops', async () => {
    const root = join(dir, 'tree');
    mkdirSync(join(root, 'b'), { recursive: true });
    for (const name of ['z.txt', 'B.txt', 'a.txt', '.hidden', 'b/c.txt']) writeFileSync(join(root, name), 'AI');
    symlinkSync(root, join(root, 'b', 'loop'));
    const names: string[] = [];
    for await (const found of findInputs([root])) names.push(found.path.slice(root.length + 1));
    expect(names).toEqual(['B.txt', 'a.txt', 'b/c.txt', 'z.txt']);
    names.length = 0;
    for await (const found of findInputs([`${root}/*.txt`])) names.push(found.path.slice(root.length + 1));
    expect(names).toEqual(['B.txt', 'a.txt', 'z.txt']);
  });
});

describe('framing', () => {
  it('finds every line wherever the chunks end', async () => {
    const { readLines } = await import('../../src/read/jsonl.js');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('{"a":1}', '', '{"text":"é🙂"}', 'x', '\r')), fc.array(fc.nat(9)), async (lines, cuts) => {
        const bytes = Buffer.from(lines.join('\n'));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          const size = 1 + (cuts[i % Math.max(1, cuts.length)] ?? 3);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const stream = (async function* () {
          yield* chunks;
        })();
        const found: [number, string][] = [];
        for await (const batch of readLines(stream, { recordLimit: 1000, firstRecord: 0, firstByte: 0, compressedBytes: () => 0 })) {
          for (const r of batch.records) {
            if (r.kind !== 'json') throw new Error(r.kind);
            const text = Buffer.from(r.bytes).toString();
            expect(bytes.subarray(r.offset).toString().trimStart().startsWith(text)).toBe(true);
            found.push([r.record, text]);
          }
        }
        const wanted = lines.map((l) => l.trim()).filter((l) => l !== '');
        expect(found).toEqual(wanted.map((l, i) => [i, l]));
      }),
      { numRuns: 200 },
    );
  });
});
