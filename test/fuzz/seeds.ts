// Sound inputs that fuzzing starts from: small ones of every format and compression, made here or found among the fixtures.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as zstd from 'zstd-napi';

export interface Seed {
  /** with the extension that a reader may go by */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** what a splice may go on with */
  readonly others: readonly Uint8Array[];
  /** read from its end, so by its path */
  readonly seekable: boolean;
}

const DOCS = [
  { id: 'a', title: 'One', text: 'The robot said "no".\nThen it slept.' },
  { id: 2, title: null, text: 'naïve 机器 🤖 \u202e and so on' },
  { id: 'c', title: '<b>&amp;</b>', text: '=1+1, "quoted", \ttabbed' },
  { id: 'd', text: '' },
  { id: 'e', meta: { title: 'deep', list: [1, { x: null }] }, text: 'An AI.' },
];
const JSONL = `${DOCS.map((d) => JSON.stringify(d)).join('\n')}\n`;
const table = (delimiter: string): string =>
  ['id', ...DOCS.map((d) => d.id)]
    .map((id, i) => `${id}${delimiter}"${(i === 0 ? 'text' : DOCS[i - 1]!.text).replaceAll('"', '""')}"`)
    .join('\r\n');

const MADE: Readonly<Record<string, Uint8Array>> = {
  'a.jsonl': Buffer.from(JSONL),
  'a.jsonl.gz': gzipSync(JSONL),
  'b.jsonl.gz': Buffer.concat([gzipSync(JSONL), gzipSync(JSONL)]),
  'a.jsonl.zst': zstd.compress(Buffer.from(JSONL)),
  'a.json': Buffer.from(JSON.stringify(DOCS)),
  'b.json': Buffer.from(JSON.stringify(DOCS, null, 2)),
  'c.json': Buffer.from(JSON.stringify(DOCS[0], null, 2)),
  'a.csv': Buffer.from(table(',')),
  'a.tsv': Buffer.from(table('\t')),
  'a.csv.gz': gzipSync(table(',')),
  'a.txt': Buffer.from(DOCS.map((d) => d.text).join('\n\n')),
  'a.txt.zst': zstd.compress(Buffer.from(DOCS.map((d) => d.text).join('\n\n'))),
  'a.parquet': new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'id', data: DOCS.map((d) => String(d.id)), type: 'STRING' },
        { name: 'text', data: DOCS.map((d) => d.text), type: 'STRING' },
      ],
      rowGroupSize: 2,
    }),
  ),
};

/** Larger fixtures would only be slower. */
const MOST = 64 * 1024;
const FIXTURES = ['read', 'formats'].map((name) => fileURLToPath(new URL(`../fixtures/${name}/`, import.meta.url)));

/** Every kind; fixtures of formats that are not made here come by themselves. */
export function seeds(): Seed[] {
  const found = FIXTURES.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^(?:documents|dolma|mixed|texts)\./.test(name) && statSync(`${folder}${name}`).size <= MOST)
      .map((name) => [name, readFileSync(`${folder}${name}`)] as const),
  );
  const all: (readonly [string, Uint8Array])[] = [...Object.entries(MADE), ...found];
  return all.map(([name, bytes]) => ({
    name,
    bytes,
    others: all.filter(([other]) => other !== name).map(([, more]) => more),
    seekable: /\.(?:parquet|zip)$/.test(name),
  }));
}
