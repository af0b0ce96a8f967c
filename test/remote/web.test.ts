// https://: the same records as from the disk, whatever the server does, or a clear fault.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openInput } from '../../src/read/open.js';
import { inputOf, LINES, type Read, read } from '../read/support.js';
import { etagOf, type Fault, type Misbehave, webServer } from './servers.js';

const folder = fileURLToPath(new URL('../fixtures/formats/', import.meta.url));
const NAMES = readdirSync(folder).filter((name) => /^(?:documents|dolma|mixed|texts)\./.test(name));
/** Every format once, with all compressions among them; all pairs of them with PERSONA_PRIOR_REMOTE_ALL=1. */
const COVERING = process.env['PERSONA_PRIOR_REMOTE_ALL'] === '1' ? NAMES : covering(NAMES);
const FIXTURES = Object.fromEntries(NAMES.map((name) => [name, readFileSync(folder + name)]));

function covering(names: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const format = name.replace(/\.(?:bz2|gz|lz4|xz|zst)$/, '');
    groups.set(format, [...(groups.get(format) ?? []), name]);
  }
  return [...groups.values()].map((group, n) => group[n % group.length]!);
}

/** 650 kB of JSON lines, so that several chunks come, and a cut is a cut. */
const BIG = Buffer.from(
  Array.from({ length: 1500 }, (_, i) => JSON.stringify({ id: `${i}`, text: `Number ${i}. ${'x'.repeat(400)}` })).join(
    '\n',
  ),
);
const OTHER = Buffer.from(BIG.toString().replaceAll('x', 'y'));
const JSONL = Buffer.from(LINES.join('\n'));

/** The n-th request for a whole or a rest meets the n-th fault; the first look, a small range, is spared. */
function inTurn(...faults: (Fault | undefined)[]): Misbehave {
  let n = 0;
  return ({ headers }) => (headers.range === 'bytes=0-65535' ? undefined : faults[n++]);
}

async function serveBig(misbehave: Misbehave) {
  const server = await webServer({ 'big.jsonl': BIG }, misbehave);
  return { server, address: `${server.url}/big.jsonl` };
}

const IDS = Array.from({ length: 1500 }, (_, i) => `${i}`);

/** All that was read but how it came in batches, as text: comparing bytes one by one takes seconds. */
function told({ batches: _, ...found }: Read): string {
  return JSON.stringify(found, (_key, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
}

async function ids(address: string): Promise<string[]> {
  return (await read(address)).documents.map((document) => document.id);
}

describe('every format and compression', async () => {
  // every third answer is cut in its middle
  const server = await webServer(FIXTURES, ({ headers }, n) =>
    headers.range !== 'bytes=0-65535' && n % 3 === 0 ? { cut: 3000 } : undefined,
  );
  test.each(COVERING)('%s', async (name) => {
    expect(told(await read(`${server.url}/${name}`))).toBe(told(await read(folder + name)));
  });

  test.each(['documents.jsonl', 'documents.warc', 'documents.csv.gz', 'documents.zstd.parquet', 'mixed.zip'])(
    '%s goes on inside',
    async (name) => {
      const { records } = await read(folder + name);
      const place = { skipRecords: 21, skipBytes: name.includes('.gz') ? -1 : records[21]!.offset };
      const rest = await read(`${server.url}/${name}`, place);
      expect(told({ ...rest, records: rest.records })).toBe(told({ ...rest, records: records.slice(21) }));
    },
  );
});

test('a resumed file is asked for from its place on', async () => {
  const { server, address } = await serveBig(() => undefined);
  const { records } = await read(address);
  server.requests.length = 0;
  const { offset } = records[1400]!;
  expect((await read(address, { skipRecords: 1400, skipBytes: offset })).records).toEqual(records.slice(1400));
  expect(server.requests.at(-1)!.headers.range).toBe(`bytes=${offset}-`);
});

describe('a connection that breaks goes on where it broke', () => {
  test('cut, cut again, refused and asked to wait, gone still for a moment', async () => {
    const { server, address } = await serveBig(
      inTurn(
        { cut: 70_000 },
        { cut: 0 },
        { status: 503, headers: { 'retry-after': '0' } },
        { cut: 100_000 },
        { slow: 0 },
      ),
    );
    expect(await ids(address)).toEqual(IDS);
    const asked = server.requests.slice(2).map(({ headers }) => headers.range);
    expect(asked.slice(0, 3)).toEqual(['bytes=70000-', 'bytes=70000-', 'bytes=70000-']);
    expect(asked[3]).toBe('bytes=170000-');
    expect(new Set(server.requests.slice(1).map(({ headers }) => headers['if-match']))).toEqual(new Set([etagOf(BIG)]));
  });

  test('an answer that is shorter than the object is noticed', async () => {
    const { address } = await serveBig(inTurn({ cut: 90_000 }, { short: 10_000 }));
    expect(await ids(address)).toEqual(IDS);
  });

  test('a server that ignores ranges is read again from its beginning', async () => {
    const { server, address } = await serveBig((_, n) => ({ ignoreRange: true, ...(n < 3 ? { cut: 100_000 } : {}) }));
    expect(await ids(address)).toEqual(IDS);
    expect(server.requests).toHaveLength(4);
    await expect(read(address, { skipRecords: 900, skipBytes: 190_000 })).resolves.toMatchObject({ complete: true });
  });

  test('by its date, where there is no ETag', async () => {
    const { address } = await serveBig((_, n) => ({ noEtag: true, ...(n === 1 ? { cut: 100_000 } : {}) }));
    expect(await ids(address)).toEqual(IDS);
    const file = await inputOf(address);
    expect(file).toMatchObject({
      mtimeMs: Date.UTC(2023, 0, 2, 10),
      headHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});

describe('never a silent splice', () => {
  test.each([
    ['a server that keeps If-Match', {}],
    ['a server that does not know it', { 'if-match': 'ignored' }],
  ])('another version behind a break is a fault: %s', async (_, given) => {
    const { address } = await serveBig((request, n) => {
      if ('if-match' in given) delete request.headers['if-match'];
      return n === 0 ? undefined : n === 1 ? { cut: 100_000 } : { bytes: OTHER };
    });
    const found = await read(address);
    expect(found).toMatchObject({ complete: false, fault: 'truncated' });
    expect(found.documents.length).toBeGreaterThan(200);
    expect(found.documents.every(({ text }) => !text.includes('y'))).toBe(true);
    // the record that was open is counted
    expect(found.faults).toEqual([`${found.documents.length} truncated`]);
  });

  test('another version between the look and the reading', async () => {
    const { address } = await serveBig((_, n) => (n === 0 ? undefined : { bytes: OTHER }));
    const opened = await openInput(await inputOf(address));
    for await (const { records } of opened.batches) expect(records).toEqual([]);
    expect(opened.outcome()).toMatchObject({ complete: false, fault: { message: expect.stringContaining('changed') } });
  });

  test('Parquet that changes between two ranges ends there, without rows made up', async () => {
    const name = 'documents.zstd.parquet';
    const bytes = FIXTURES[name]!;
    let ranges = 0;
    const server = await webServer({ [name]: bytes }, ({ headers }) => {
      if (headers.range !== undefined && headers.range !== 'bytes=0-65535') ranges++;
      return ranges > 1 ? { status: 412 } : undefined;
    });
    const found = await read(`${server.url}/${name}`);
    expect(found).toMatchObject({ records: [], complete: false, fault: 'truncated' });
  });

  test('without ETag and date a break is the end, and nothing is counted of what was not seen', async () => {
    const { address } = await serveBig((_, n) => ({ anonymous: true, ...(n === 0 ? {} : { cut: 200_000 }) }));
    await expect(read(address)).rejects.toMatchObject({
      code: 'missing_input',
      message: expect.stringContaining('no ETag'),
    });
  });
});

test('a server that stays away: an error that --resume can go on from, and no record of what was cut', async () => {
  const { server, address } = await serveBig((_, n) =>
    n === 0 ? undefined : n === 1 ? { cut: 500_000 } : { status: 503, headers: { 'retry-after': '0' } },
  );
  const opened = await openInput(await inputOf(address));
  const seen: string[] = [];
  await expect(async () => {
    for await (const { records } of opened.batches) seen.push(...records.map((record) => record.kind));
  }).rejects.toMatchObject({
    code: 'missing_input',
    message: 'the server answers 503 (not available), 7 times in a row',
  });
  expect(seen.every((kind) => kind === 'json')).toBe(true);
  expect(server.requests).toHaveLength(8);
});

test('one that asks for an hour is not waited for', async () => {
  const { address } = await serveBig(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
  await expect(read(address)).rejects.toThrow('asks to wait 60 minutes');
});

test.each([401, 403, 404, 410, 400])('%i is a clear error, at once', async (status) => {
  const { server, address } = await serveBig(() => ({ status }));
  await expect(read(address)).rejects.toMatchObject({
    code: 'missing_input',
    message: expect.stringContaining(`${status}`),
  });
  expect(server.requests).toHaveLength(1);
});

describe('servers without ranges', () => {
  const misbehave: Misbehave = () => ({ ignoreRange: true });
  test('stream formats are read', async () => {
    const server = await webServer(FIXTURES, misbehave);
    for (const name of ['documents.csv.gz', 'mixed.tar', 'documents.xml.zst']) {
      const found = await read(`${server.url}/${name}`);
      expect(found.records).toEqual((await read(folder + name)).records);
    }
  });

  test.each(['documents.zstd.parquet', 'mixed.zip'])('%s is refused', async (name) => {
    const server = await webServer(FIXTURES, misbehave);
    await expect(read(`${server.url}/${name}`)).rejects.toMatchObject({
      code: 'unknown_format',
      help: expect.stringContaining('gives no ranges'),
    });
  });

  test('a body without a length, date or ETag is read like a stream, by the hash of its beginning', async () => {
    const { address } = await serveBig(() => ({ anonymous: true, ignoreRange: true }));
    const file = await inputOf(address);
    expect(file).toMatchObject({ size: null, headHash: null, mtimeMs: null });
    const opened = await openInput(file);
    expect(opened.headHash).toMatch(/^[0-9a-f]{64}$/);
    expect(await ids(address)).toEqual(IDS);
  });
});

describe('redirects', () => {
  test('are followed, and credentials stay on their host', async () => {
    const store = await webServer({ 'a.jsonl': JSONL });
    const first = await webServer({ 'b.jsonl': JSONL, 'c.jsonl': JSONL }, ({ path }) => ({
      location: path === '/b.jsonl' ? '/c.jsonl' : `${store.url}/a.jsonl?sig=1`,
    }));
    const found = await read(`${first.url.replace('//', '//user:password@')}/b.jsonl`);
    expect(found.documents).toHaveLength(LINES.length);
    const basic = `Basic ${Buffer.from('user:password').toString('base64')}`;
    expect(first.requests.map(({ headers }) => headers.authorization)).toEqual(first.requests.map(() => basic));
    expect(store.requests.map(({ headers }) => headers.authorization)).toEqual(store.requests.map(() => undefined));
  });

  test('a circle is an error', async () => {
    const server = await webServer({ 'a.jsonl': JSONL }, () => ({ location: '/a.jsonl' }));
    await expect(read(`${server.url}/a.jsonl`)).rejects.toThrow('more than 10 redirects');
  });
});

test('a stored gzip under a content coding is seen as gzip, and its cut is noticed', async () => {
  const whole = FIXTURES['documents.jsonl.gz']!;
  const headers = { 'content-encoding': 'gzip' };
  const files = { 'a.jsonl': whole, 'cut.jsonl': whole.subarray(0, -20) };
  const server = await webServer(files, () => ({ headers }));
  expect((await read(`${server.url}/a.jsonl`)).records).toEqual((await read(`${folder}documents.jsonl`)).records);
  expect(await read(`${server.url}/cut.jsonl`)).toMatchObject({ complete: false, fault: 'truncated' });
  const brotli = await webServer(files, () => ({ headers: { 'content-encoding': 'br' } }));
  await expect(read(`${brotli.url}/a.jsonl`)).rejects.toThrow('coding br');
});

test('an empty object is an empty file', async () => {
  const server = await webServer({ 'empty.jsonl': new Uint8Array(0) });
  expect(await inputOf(`${server.url}/empty.jsonl`)).toMatchObject({ size: 0 });
  expect(await read(`${server.url}/empty.jsonl`)).toMatchObject({ records: [], complete: true });
});

test('a host that is not there is an error without waiting; an abort ends all waiting', async () => {
  await expect(read('http://no-such-host.invalid/a.jsonl')).rejects.toMatchObject({ message: 'there is no such host' });
  const { address } = await serveBig((_, n) =>
    n === 0 ? undefined : { status: 503, headers: { 'retry-after': '200' } },
  );
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const opened = await openInput(await inputOf(address), { signal: stop.signal });
  for await (const { records } of opened.batches) expect(records).toEqual([]);
  expect(opened.outcome()).toMatchObject({ complete: false, fault: { message: 'interrupted' } });
});
