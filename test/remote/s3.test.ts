// s3://: objects, folders and patterns of a server in this process; signed, anonymous, broken.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findInputs } from '../../src/read/inputs.js';
import { optional } from '../../src/read/remote/optional.js';
import { read } from '../read/support.js';
import { type Misbehave, s3Server } from './servers.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/formats/${name}`, import.meta.url));
const NAMES = ['documents.jsonl', 'documents.csv.gz', 'documents.zstd.parquet', 'mixed.zip', 'documents.warc.zst'];
const OBJECTS = Object.fromEntries(NAMES.map((name) => [`dump/${name}`, readFileSync(fixture(name))]));
const LINE = Buffer.from('{"id":"1","text":"A text."}\n');
const SMALL = Object.fromEntries(
  [
    ...['a.jsonl', 'b/1.jsonl', 'b/2.jsonl', 'b/c/3.jsonl', 'b/c/4.csv', 'b/.hidden', 'b/.h/5.jsonl', 'b/', 'bc.jsonl'],
    ...['odd/a b+c%41.jsonl', 'odd/[1].jsonl', 'odd/\u0001 Ω.jsonl'],
  ].map((key) => [key, LINE]),
);

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^AWS_/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => void vi.unstubAllEnvs());

async function start(objects: Readonly<Record<string, Uint8Array>>, signed = true, misbehave?: Misbehave) {
  const server = await s3Server(objects, 3, misbehave);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url);
  if (signed) {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDTEST');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'very-secret');
    vi.stubEnv('AWS_REGION', 'eu-west-3');
  }
  return server;
}

async function paths(address: string): Promise<string[]> {
  const found: string[] = [];
  for await (const file of findInputs([address])) found.push(file.path);
  return found;
}

test.each(NAMES)('%s is read as from the disk, in spite of cuts', async (name) => {
  await start(OBJECTS, true, ({ method }, n) => (method === 'GET' && n % 3 === 1 ? { cut: 2000 } : undefined));
  const [found, local] = [await read(`s3://corpus/dump/${name}`), await read(fixture(name))];
  expect(found.documents).toEqual(local.documents);
  expect(found.records.map((r) => [r.record, r.offset])).toEqual(local.records.map((r) => [r.record, r.offset]));
  expect(found).toMatchObject({ faults: local.faults, complete: true });
});

describe('folders and patterns, in pages', () => {
  test.each([
    ['s3://corpus/b/', ['b/1.jsonl', 'b/2.jsonl', 'b/c/3.jsonl', 'b/c/4.csv']],
    ['s3://corpus/b', ['b/1.jsonl', 'b/2.jsonl', 'b/c/3.jsonl', 'b/c/4.csv']],
    ['s3://corpus/b/*.jsonl', ['b/1.jsonl', 'b/2.jsonl']],
    ['s3://corpus/b/**/*.jsonl', ['b/1.jsonl', 'b/2.jsonl', 'b/c/3.jsonl']],
    ['s3://corpus/b/{c,d}/[0-3].*', ['b/c/3.jsonl']],
    ['s3://corpus/*.jsonl', ['a.jsonl', 'bc.jsonl']],
    ['s3://corpus/odd/', ['odd/\u0001 Ω.jsonl', 'odd/[1].jsonl', 'odd/a b+c%41.jsonl']],
    ['s3://corpus/odd/[1].jsonl', ['odd/[1].jsonl']],
  ])('%s', async (address, keys) => {
    await start(SMALL);
    expect(await paths(address)).toEqual(keys.map((key) => `s3://corpus/${key}`));
  });

  test('members have their size and identity from the listing, without a request each', async () => {
    const server = await start(SMALL);
    for await (const file of findInputs(['s3://corpus/'])) {
      expect(file).toMatchObject({
        size: LINE.length,
        headHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        mtimeMs: null,
      });
    }
    expect(server.requests).toHaveLength(Math.ceil(Object.keys(SMALL).length / 3));
  });

  test('odd keys are read', async () => {
    await start(SMALL);
    for (const path of await paths('s3://corpus/odd/')) expect((await read(path)).documents).toHaveLength(1);
  });

  test.each(['s3://corpus/none/', 's3://corpus/none', 's3://corpus/none*', 's3://other/'])(
    '%s: not there',
    async (address) => {
      await start(SMALL);
      await expect(paths(address)).rejects.toMatchObject({
        code: 'missing_input',
        place: { file: expect.any(String) },
      });
    },
  );

  test('a page that fails is asked for again', async () => {
    await start(SMALL, true, (_, n) => (n === 1 ? { status: 503, headers: { 'retry-after': '0' } } : undefined));
    expect(await paths('s3://corpus/b/')).toHaveLength(4);
  });
});

describe('who asks', () => {
  test('requests are signed for the region', async () => {
    const server = await start(SMALL);
    await read('s3://corpus/a.jsonl');
    for (const { headers } of server.requests) {
      expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDTEST\/\d{8}\/eu-west-3\/s3\//);
    }
  });

  test('without any credentials they are not, nor with AWS_NO_SIGN_REQUEST', async () => {
    const server = await start(SMALL, false);
    await read('s3://corpus/a.jsonl');
    const second = await start(SMALL);
    vi.stubEnv('AWS_NO_SIGN_REQUEST', 'YES');
    await read('s3://corpus/a.jsonl');
    const all = [...server.requests, ...second.requests];
    expect(all.length).toBeGreaterThanOrEqual(4);
    expect(all.map(({ headers }) => headers.authorization)).toEqual(all.map(() => undefined));
  });

  test('a refusal says what was tried, and tells no secret', async () => {
    await start(SMALL, false, () => ({ status: 403 }));
    await expect(paths('s3://corpus/a.jsonl')).rejects.toMatchObject({
      help: expect.stringContaining('without credentials'),
    });
    await start(SMALL, true, () => ({ status: 403 }));
    const error = await paths('s3://corpus/a.jsonl').catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'missing_input', help: 'these credentials have no right to read it' });
    expect(JSON.stringify([error, (error as Error).message])).not.toMatch(/AKIDTEST|very-secret/);
  });
});

test('an object that is replaced while it is read is a fault', async () => {
  const lines = (letter: string): Buffer =>
    Buffer.from(Array.from({ length: 900 }, (_, i) => `{"id":"${i}","text":"${letter.repeat(600)}"}`).join('\n'));
  await start({ 'a.jsonl': lines('a') }, true, ({ method }, n) =>
    method === 'HEAD' ? undefined : n === 1 ? { cut: 300_000 } : { bytes: lines('b') },
  );
  const found = await read('s3://corpus/a.jsonl');
  expect(found).toMatchObject({ complete: false, fault: 'truncated', faults: [`${found.documents.length} truncated`] });
  expect(found.documents.some(({ text }) => text.includes('b'))).toBe(false);
});

test('a package that is not installed is asked for by name', async () => {
  const name = 'no-such-package-at-all';
  await expect(optional(() => import(name), name, 's3://')).rejects.toMatchObject({
    code: 'usage',
    message: `s3:// addresses need the package ${name}, which is not installed`,
    help: `npm install ${name}`,
  });
});
