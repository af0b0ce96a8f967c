// A broken gzip member inside a WARC file, where each record is a member: what follows is found again, and the loss is counted.
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { seeded } from '../faults/kills.js';
import { read, temporary } from './support.js';

const N = 30;
const random = seeded(7);
/** Letters that hardly compress, so that a member has some kilobytes. */
const noise = (length: number): string =>
  Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
const record = (n: number): Buffer => {
  const text = `Document ${n}. ${noise(1500)}`;
  const head = `WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://s.example/${n}\r\nContent-Type: text/plain`;
  return Buffer.from(`${head}\r\nContent-Length: ${text.length}\r\n\r\n${text}\r\n\r\n`);
};
const MEMBERS = Array.from({ length: N }, (_, n) => gzipSync(record(n)));
const allBut = (...broken: number[]): string[] =>
  MEMBERS.flatMap((_, n) => (broken.includes(n) ? [] : [`https://s.example/${n}`]));

/** The file with some of its members put through `damage`. */
function damaged(broken: readonly number[], damage: (member: Buffer) => Buffer): string {
  const members = MEMBERS.map((member, n) => (broken.includes(n) ? damage(Buffer.from(member)) : member));
  return temporary('broken.warc.gz', Buffer.concat(members));
}

test.each([
  ['a header overwritten', [7, 8, 22], 2, (member: Buffer) => member.fill(0x41, 0, 4)],
  ['bytes missing', [1], 1, (member: Buffer) => Buffer.concat([member.subarray(0, 400), member.subarray(430)])],
] as const)('%s: the broken record is counted, all others are read', async (_, broken, gaps, damage) => {
  const path = damaged(broken, damage);
  const found = await read(path);
  expect(found).toMatchObject({ format: 'warc', complete: false, fault: 'decompression' });
  expect(found.documents.map((d) => d.id)).toEqual(allBut(...broken));
  expect(found.faults.map((fault) => fault.replace(/^\d+ /, ''))).toEqual(Array(gaps).fill('decompression'));
  expect(found.records.map((r) => r.record)).toEqual(found.records.map((_, i) => i));
  for (const skipRecords of [broken[0], broken[0] + 1, 25]) {
    const rest = await read(path, { skipRecords, skipBytes: -1 });
    expect(rest.records).toEqual(found.records.slice(skipRecords));
  }
});

test('a wrong checksum: the record is kept, and told', async () => {
  const found = await read(damaged([20], (member) => member.fill(0, member.length - 8, member.length - 4)));
  expect(found.documents.map((d) => d.id)).toEqual(allBut());
  expect(found).toMatchObject({ faults: ['21 decompression'], complete: false });
});

test('JSON lines are not gone on with behind a broken member: it may end inside a line', async () => {
  const lines = (n: number): Buffer => gzipSync(`{"text":"${n} ${noise(900)}"}\n`);
  const found = await read(temporary('a.jsonl.gz', Buffer.concat([lines(0), lines(1).fill(0xff, 300, 400), lines(2)])));
  expect(found.documents.length).toBeLessThan(3);
  expect(found).toMatchObject({ complete: false, fault: 'decompression' });
});
