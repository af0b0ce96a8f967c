// hf://: a dataset of a stub of the hub, whose files lie on another server.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findInputs, type InputFile } from '../../src/read/inputs.js';
import { inputOf, read } from '../read/support.js';
import { COMMIT, hubServer, type Misbehave } from './servers.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/formats/${name}`, import.meta.url));
const NAMES = ['documents.jsonl', 'documents.json.gz', 'documents.zstd.parquet', 'mixed.zip'];
const LINE = Buffer.from('{"id":"1","text":"A text."}\n');
const FILES = {
  '.gitattributes': LINE,
  'README.md': LINE,
  'a b#1?.jsonl': LINE,
  ...Object.fromEntries(NAMES.map((name) => [`data/en/${name}`, readFileSync(fixture(name))])),
  'data/fr/x.jsonl': LINE,
};
const DATASET = 'hf://datasets/owner/name';

beforeEach(() => {
  vi.stubEnv('HF_TOKEN', undefined);
});
afterEach(() => void vi.unstubAllEnvs());

async function start(options: { gated?: boolean; misbehave?: Misbehave } = {}) {
  const servers = await hubServer(FILES, options);
  vi.stubEnv('HF_ENDPOINT', servers.hub.url);
  return servers;
}

async function files(address: string): Promise<InputFile[]> {
  const found: InputFile[] = [];
  for await (const file of findInputs([address])) found.push(file);
  return found;
}

test.each(NAMES)('%s is read as from the disk, in spite of cuts', async (name) => {
  const { store } = await start({ misbehave: (_, n) => (n % 3 === 0 ? { cut: 2000 } : undefined) });
  const [found, local] = [await read(`${DATASET}/data/en/${name}`), await read(fixture(name))];
  expect(found.documents).toEqual(local.documents);
  expect(found.records.map((r) => [r.record, r.offset])).toEqual(local.records.map((r) => [r.record, r.offset]));
  expect(found).toMatchObject({ faults: local.faults, complete: true });
  expect(store.requests.length).toBeGreaterThan(0);
});

describe('files, folders and patterns', () => {
  test.each([
    [DATASET, Object.keys(FILES).slice(1)],
    [`${DATASET}/data`, Object.keys(FILES).slice(3)],
    [`${DATASET}@refs/convert/parquet/data/fr/`, ['data/fr/x.jsonl']],
    [`${DATASET}@main/data/**/*.jsonl`, ['data/en/documents.jsonl', 'data/fr/x.jsonl']],
    [`${DATASET}/data/fr/x.jsonl`, ['data/fr/x.jsonl']],
  ])('%s', async (address, paths) => {
    await start();
    const root = /^hf:\/\/datasets\/owner\/name(@main|@refs\/convert\/parquet)?/.exec(address)![0];
    expect((await files(address)).map(({ path }) => path)).toEqual(paths.map((path) => `${root}/${path}`));
  });

  test.each([`${DATASET}/none`, `${DATASET}/*.csv`, 'hf://datasets/owner/other/', `${DATASET}@v9/data`])(
    '%s: not there',
    async (address) => {
      await start();
      await expect(files(address)).rejects.toMatchObject({ code: 'missing_input' });
    },
  );

  test.each(['hf://owner/name/a.jsonl', 'hf://datasets/name'])('%s is no address of a dataset', async (address) => {
    await expect(files(address)).rejects.toMatchObject({ help: expect.stringContaining('hf://datasets/OWNER/NAME') });
  });

  test('names that are no addresses are escaped', async () => {
    await start();
    expect((await read(`${DATASET}/a b#1?.jsonl`)).documents).toHaveLength(1);
  });

  test('a file is known by its hash, at the commit of the moment', async () => {
    const { hub } = await start();
    const [one, again] = [await inputOf(`${DATASET}/data/fr/x.jsonl`), await inputOf(`${DATASET}/data/fr/`)];
    expect(one).toMatchObject({ size: LINE.length, mtimeMs: null, headHash: again.headHash });
    await read(`${DATASET}/data/fr/x.jsonl`);
    expect(hub.requests.at(-1)!.path).toContain(`/resolve/${COMMIT}/`);
  });
});

test('the token goes to the hub and nowhere else', async () => {
  const { hub, store } = await start({ gated: true });
  const error = await files(`${DATASET}/data/fr/`).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'missing_input', help: expect.stringContaining('HF_TOKEN') });
  vi.stubEnv('HF_TOKEN', 'wrong');
  const wrong = await files(`${DATASET}/data/fr/`).catch((e: unknown) => e as Error);
  expect(wrong).toMatchObject({ message: 'HF_TOKEN is no access token (it must begin with hf_)' });
  vi.stubEnv('HF_TOKEN', 'hf_right');
  hub.requests.length = 0;
  expect((await read(`${DATASET}/data/fr/x.jsonl`)).documents).toHaveLength(1);
  expect(new Set(hub.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer hf_right']));
  expect(store.requests.map(({ headers }) => headers.authorization)).toEqual(store.requests.map(() => undefined));
});
