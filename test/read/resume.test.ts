// Going on from any record gives the rest of a full read, record by record.
import { statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { type OpenOptions, openInput } from '../../src/read/open.js';
import type { RawRecord } from '../../src/types.js';
import { delimited, fixture, inputOf, JSONL, PLAIN, read, recordsOf, temporary } from './support.js';

const ROWS = Array.from({ length: 60 }, (_, i) => ({ ...PLAIN[i % PLAIN.length]!, id: `${i}` }));
const WITH_FAULTS = `\ufeff${ROWS.map((d, i) => (i % 7 === 3 ? 'broken\r' : JSON.stringify(d))).join('\n\n')}`;

const FILES: Record<string, string> = {
  jsonl: temporary('a.jsonl', WITH_FAULTS),
  gzip: temporary('a.jsonl.gz', gzipSync(WITH_FAULTS)),
  'cut gzip': temporary('cut.jsonl.gz', gzipSync(WITH_FAULTS).subarray(0, -40)),
  zstd: fixture('documents.jsonl.zst'),
  array: temporary('a.json', JSON.stringify(ROWS)),
  'broken array': temporary('b.json', `${JSON.stringify(ROWS).slice(0, -2)}!`),
  csv: temporary('a.csv', `${delimited(ROWS, ',', '\n')}ragged\nragged too\n`),
  tsv: temporary('a.tsv', delimited(ROWS, '\t', '\r\n')),
  parquet: fixture('documents.zstd.parquet'),
  groups: temporary(
    'g.parquet',
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: 'text', data: ROWS.map((d) => d.text), type: 'STRING' }],
        rowGroupSize: 9,
      }),
    ),
  ),
  text: temporary('a.txt', 'A text.'),
};

test.each(Object.keys(FILES))('%s', async (name) => {
  const path = FILES[name]!;
  const full = await read(path);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: full.records.length + 1 }), async (skipRecords) => {
      const rest = await read(path, { skipRecords, skipBytes: -1 });
      expect(rest.records).toEqual(full.records.slice(skipRecords));
      expect([rest.complete, rest.fault]).toEqual([full.complete, full.fault]);
    }),
    { numRuns: 25 },
  );
});

test('JSONL goes on from the byte that a batch says, plain and compressed', async () => {
  for (const name of ['jsonl', 'gzip', 'cut gzip', 'zstd']) {
    const path = FILES[name]!;
    const full = await read(path);
    for (let record = 1; record < full.records.length; record++) {
      const from = full.records[record]!.offset;
      const rest = await read(path, { skipRecords: record, skipBytes: from });
      expect(rest.records).toEqual(full.records.slice(record));
      expect([rest.complete, rest.fault]).toEqual([full.complete, full.fault]);
    }
  }
});

test('the cursor of every batch is a place to go on from', async () => {
  const line = `${JSON.stringify({ text: 'An AI. '.repeat(2000) })}\r\n`;
  const path = temporary('many.jsonl', line.repeat(400));
  const cursors: { next: number; bytes: number }[] = [];
  const all: RawRecord[] = [];
  for await (const batch of (await openInput(await inputOf(path))).batches) {
    all.push(...batch.records);
    cursors.push({ next: all.length, bytes: batch.bytes });
  }
  expect(cursors.length).toBeGreaterThan(4);
  expect(cursors.at(-1)?.bytes).toBe(statSync(path).size);
  for (const { next, bytes } of cursors) {
    const opened = await openInput(await inputOf(path), { skipRecords: next, skipBytes: bytes });
    expect((await recordsOf(opened.batches)).map((r) => [r.record, r.offset])).toEqual(
      all.slice(next).map((r) => [r.record, r.offset]),
    );
  }
});

test('plain JSONL is not read again up to the place', async () => {
  const path = temporary('sparse.jsonl', JSONL);
  const options: OpenOptions = { skipRecords: 17, skipBytes: JSONL.lastIndexOf(10, JSONL.length - 2) + 1 };
  const opened = await openInput(await inputOf(path), options);
  for await (const batch of opened.batches)
    expect(batch).toMatchObject({ bytes: JSONL.length, compressedBytes: JSONL.length });
});
