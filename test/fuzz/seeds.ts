// Sound inputs that fuzzing starts from: small ones of every format and compression, made here or found among the fixtures.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';

export interface Seed {
  /** with the extension that a reader may go by */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** what a splice may go on with */
  readonly others: readonly Uint8Array[];
  /** read from its end, so by its path */
  readonly seekable: boolean;
  /** its share of the inputs against the others */
  readonly weight: number;
}

const DOCS = [
  { id: 'a', title: 'One', text: 'The robot said "no".\nThen it slept.' },
  { id: 2, title: null, text: 'naïve 机器 🤖 \u202e and so on' },
  { id: 'c', title: '<b>&amp;</b>', text: '=1+1, "quoted", \ttabbed' },
  { id: 'd', text: '' },
  { id: 'e', meta: { title: 'deep', list: [1, { x: null }] }, text: 'An AI.' },
];
/** What the fixtures do not have: nested values, numeric ids, an array over several lines, a lone object, row groups. */
const MADE: Readonly<Record<string, Uint8Array>> = {
  'a.jsonl': Buffer.from(`${DOCS.map((d) => JSON.stringify(d)).join('\n')}\n`),
  'b.json': Buffer.from(JSON.stringify(DOCS, null, 2)),
  'c.json': Buffer.from(JSON.stringify(DOCS[0], null, 2)),
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

/** Larger fixtures are slower, and damage rarely meets their structure: they get fewer inputs. */
const SMALL = 5 * 1024;
const MOST = 64 * 1024;
const FIXTURES = ['fuzz', 'read', 'formats'].map((name) =>
  fileURLToPath(new URL(`../fixtures/${name}/`, import.meta.url)),
);

/** Every kind; fixtures of formats that are not made here come by themselves. */
export function seeds(): Seed[] {
  const found = FIXTURES.flatMap((folder) =>
    readdirSync(folder)
      .filter(
        (name) => /^(?:small|documents|dolma|mixed|texts)\./.test(name) && statSync(`${folder}${name}`).size <= MOST,
      )
      .map((name) => [name, readFileSync(`${folder}${name}`)] as const),
  );
  const all: (readonly [string, Uint8Array])[] = [...Object.entries(MADE), ...found];
  const small = all.filter(([, bytes]) => bytes.length <= SMALL);
  return all.map(([name, bytes]) => ({
    name,
    bytes,
    others: (bytes.length <= SMALL ? small : all).filter(([other]) => other !== name).map(([, more]) => more),
    seekable: /\.(?:parquet|zip)$/.test(name),
    weight: bytes.length <= SMALL && !name.startsWith('documents') ? 1 : 0.02,
  }));
}
