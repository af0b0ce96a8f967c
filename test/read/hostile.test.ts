// Hostile input: bombs end at a limit, listings stay bounded and in order, huge lines are passed over, links in circles end.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as zstd from 'zstd-napi';
import { withinLimits } from '../../src/read/expansion.js';
import { findInputs } from '../../src/read/inputs.js';
import { listFolder } from '../../src/read/listing.js';
import { openInput } from '../../src/read/open.js';
import { inputOf, read, temporary, temporaryFolder } from './support.js';

describe('decompression bombs', () => {
  test('what expands too far ends as a fault, and all before it is read', async () => {
    const line = Buffer.from(`${JSON.stringify({ text: `A robot. ${' '.repeat(1 << 20)}` })}\n`);
    const bomb = zstd.compress(Buffer.concat(Array(300).fill(line)));
    expect(bomb.length).toBeLessThan(1 << 20);
    const path = temporary('bomb.jsonl.zst', bomb);
    const opened = await openInput(await inputOf(path));
    let records = 0;
    let faults = 0;
    for await (const batch of opened.batches) {
      for (const record of batch.records) record.kind === 'fault' ? faults++ : records++;
    }
    expect(records).toBeGreaterThan(250);
    expect(records).toBeLessThan(300);
    expect(faults).toBeLessThanOrEqual(1);
    expect(opened.outcome()).toMatchObject({
      complete: false,
      fault: { reason: 'decompression', message: expect.stringContaining('--trust-compression') },
    });
    const trusted = await openInput(await inputOf(path), { trustCompression: true });
    let all = 0;
    for await (const batch of trusted.batches) all += batch.records.length;
    expect([all, trusted.outcome().complete]).toEqual([300, true]);
  });

  test('both limits hold exactly, and ordinary text never meets them', async () => {
    const chunks = async function* (n: number): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < n; i++) yield new Uint8Array(1000);
    };
    const take = async (n: number, compressed: number, limits: { ratio: number; from: number; bytes: number }) => {
      let bytes = 0;
      for await (const chunk of withinLimits(chunks(n), () => compressed, limits)) bytes += chunk.length;
      return bytes;
    };
    const limits = { ratio: 10, from: 5000, bytes: 50_000 };
    expect(await take(5, 1, limits)).toBe(5000);
    await expect(take(6, 1, limits)).rejects.toMatchObject({ reason: 'decompression', offset: 5000 });
    expect(await take(50, 5000, limits)).toBe(50_000);
    await expect(take(51, 1e9, limits)).rejects.toMatchObject({ reason: 'decompression', offset: 50_000 });
    const text = Array.from({ length: 3000 }, (_, i) => JSON.stringify({ text: `A day ${Math.sin(i)}` })).join('\n');
    expect((await read(temporary('usual.jsonl.gz', gzipSync(text)))).complete).toBe(true);
  });
});

describe('folders', () => {
  test('a listing sorted on disk is the listing sorted in memory, by bytes', async () => {
    const folder = temporaryFolder();
    const names = [
      'a',
      'a.b',
      'a b',
      'ab',
      'A',
      'é',
      '\uffee',
      '😀',
      'line\nbreak',
      '\u001b[31mred',
      'x\ty',
      "'; drop",
      '-rf',
    ];
    for (let i = 0; i < 200; i++) names.push(`n${(i * 7919) % 1000}`);
    for (const name of new Set(names)) writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, '.hidden'), '');
    mkdirSync(join(folder, 'sub'));
    symlinkSync('sub', join(folder, 'link'));
    const listed = async (run?: number) => {
      const found: string[] = [];
      for await (const { name, kind } of listFolder(folder, run)) found.push(`${name} ${kind}`);
      return found;
    };
    const whole = await listed();
    expect(whole).toContain('sub folder');
    expect(whole).toContain('link link');
    expect(whole).toHaveLength(new Set(names).size + 2);
    const keys = whole.map((line) => Buffer.from(line.replace(/ (?:file|folder|link)$/, '')));
    expect(keys).toEqual([...keys].sort(Buffer.compare));
    for (const run of [1, 7, 100, 215]) expect(await listed(run)).toEqual(whole);
  });

  test('links in a circle end, and every file comes', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    writeFileSync(join(folder, 'a', 'b', 'one.txt'), 'one');
    symlinkSync('..', join(folder, 'a', 'b', 'up'));
    symlinkSync(folder, join(folder, 'a', 'top'));
    symlinkSync('self', join(folder, 'self'));
    const found: string[] = [];
    for await (const file of findInputs([join(folder, 'a')])) found.push(`${file.name} ${file.size}`);
    // the link to itself is no file: it is told when it is opened
    expect(found).toEqual([`${join(folder, 'a', 'b', 'one.txt')} 3`, `${join(folder, 'a', 'top', 'self')} null`]);
  });
});

test('a skipped record brings what stood there', async () => {
  const lines = await read(temporary('long.jsonl', `{"text":"a"}\n{"text":"${'x'.repeat(5000)}"}\n{"text":"b"}\n`), {
    recordLimit: 1000,
  });
  expect(lines.records[1]).toMatchObject({ reason: 'too_long', offset: 13 });
  const { found } = lines.records[1] as { found: Uint8Array };
  expect(Buffer.from(found).toString()).toMatch(/^\{"text":"xxx/);
  const table = await read(temporary('ragged.csv', 'id,text\n1,one\n2\n'));
  expect(table.records[1]).toMatchObject({ reason: 'malformed', found: ['2'] });
  const array = await read(temporary('odd.json', '[{"text":"a"},[1,{"b":2}]]'));
  expect(array.records[1]).toMatchObject({ reason: 'malformed', found: [1, { b: 2 }] });
});
