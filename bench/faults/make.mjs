// Writes the faulty files that docs/faults.md compares tools on, and `.expected.json`: what is in each of them.
//   node bench/faults/make.mjs FOLDER
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as zstd from 'zstd-napi';

const [folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const docs = (n, from = 0) => Array.from({ length: n }, (_, i) => ({ id: `d${from + i}`, text: `A plain day, number ${from + i}. ${Math.sin(from + i)}` }));
const lines = (n, from) => docs(n, from).map((d) => JSON.stringify(d));
const jsonl = (list) => Buffer.from(`${list.join('\n')}\n`);
const around = (bad) => [...lines(3), bad, ...lines(3, 3)];
const many = jsonl(lines(3000));
const cut = (bytes, share = 0.7) => bytes.subarray(0, Math.floor(bytes.length * share));
const corrupt = (bytes) => {
  const copy = Buffer.from(bytes);
  copy.fill(0xff, Math.floor(copy.length * 0.6), Math.floor(copy.length * 0.6) + 40);
  return copy;
};
const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: ['id', 'text'].map((name) => ({ name, data: docs(3000).map((d) => d[name]), type: 'STRING' })),
    rowGroupSize: 500,
  }),
);

/** name, bytes, sound documents in it, records that are none, what is wrong */
const files = [
  ['sound.jsonl', jsonl(lines(6)), 6, 0, 'nothing'],
  ['crlf-bom.jsonl', Buffer.from(`\ufeff${lines(6).join('\r\n')}\r\n\r\n`), 6, 0, 'nothing: byte order mark, CRLF, blank line'],
  ['malformed.jsonl', jsonl(around('{"id":"x","text":"cut off')), 6, 1, 'a line that is no JSON'],
  ['not-object.jsonl', jsonl(around('["text"]')), 6, 1, 'a line that is a JSON array'],
  ['no-text.jsonl', jsonl(around('{"id":"x","body":"elsewhere"}')), 6, 1, 'a record without the text field'],
  ['null-text.jsonl', jsonl(around('{"id":"x","text":null}')), 6, 1, 'a record whose text is null'],
  ['empty-text.jsonl', jsonl(around('{"id":"x","text":"  "}')), 6, 1, 'a record whose text is white space'],
  ['invalid-utf8.jsonl', Buffer.concat([jsonl(lines(3)), Buffer.from('{"id":"x","text":"caf'), Buffer.from([0xe9]), Buffer.from('"}\n'), jsonl(lines(3, 3))]), 7, 0, 'a byte that is no UTF-8'],
  ['lone-surrogate.jsonl', jsonl(around('{"id":"x","text":"half \\ud83e of it"}')), 7, 0, 'half a surrogate pair'],
  ['nul.jsonl', jsonl(around('{"id":"x","text":"a\u0000b"}')), 6, 1, 'a raw NUL byte in a string'],
  ['deep.jsonl', jsonl(around(`{"id":"x","text":"deep","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)), 7, 0, '100,000 levels of nesting'],
  ['big-id.jsonl', jsonl(around('{"id":9007199254740993,"text":"big"}')), 7, 0, 'an id beyond 2^53'],
  ['array.json', Buffer.from(JSON.stringify(docs(6), null, 1)), 6, 0, 'nothing: a JSON array'],
  ['cut-array.json', Buffer.from(JSON.stringify(docs(6)).slice(0, -20)), 5, 1, 'a JSON array that breaks off'],
  ['members.jsonl.gz', Buffer.concat([gzipSync(jsonl(lines(3))), gzipSync(jsonl(lines(3, 3)))]), 6, 0, 'nothing: two gzip members'],
  ['cut.jsonl.gz', cut(gzipSync(many)), null, null, 'gzip cut off at 70%'],
  ['corrupt.jsonl.gz', corrupt(gzipSync(many)), null, null, 'gzip with 40 bytes overwritten at 60%'],
  ['tail.jsonl.gz', Buffer.concat([gzipSync(jsonl(lines(6))), Buffer.from('no member')]), 6, 0, 'bytes behind the gzip stream'],
  ['empty.jsonl.gz', Buffer.alloc(0), 0, 0, 'an empty file called .gz'],
  ['frames.jsonl.zst', Buffer.concat([zstd.compress(jsonl(lines(3))), zstd.compress(jsonl(lines(3, 3)))]), 6, 0, 'nothing: two zstd frames'],
  ['cut.jsonl.zst', cut(zstd.compress(many)), null, null, 'zstd cut off at 70%'],
  ['corrupt.jsonl.zst', corrupt(zstd.compress(many)), null, null, 'zstd with 40 bytes overwritten at 60%'],
  ['wrong-name.jsonl', gzipSync(jsonl(lines(6))), 6, 0, 'gzip without .gz in its name'],
  ['cut.parquet', Buffer.from(cut(parquet)), null, null, 'Parquet cut off at 70%'],
  ['corrupt.parquet', corrupt(parquet), null, null, 'Parquet with 40 bytes overwritten at 60%'],
  ['ragged.csv', Buffer.from(`id,text\n${docs(3).map((d) => `${d.id},"${d.text}"`).join('\n')}\nx\n${docs(3, 3).map((d) => `${d.id},"${d.text}"`).join('\n')}\n`), 6, 1, 'a row with too few columns'],
];
const expected = {};
for (const [name, bytes, documents, skipped, what] of files) {
  writeFileSync(join(folder, name), bytes);
  expected[name] = { documents, skipped, what };
}
writeFileSync(join(folder, '.expected.json'), JSON.stringify(expected, null, 1));
