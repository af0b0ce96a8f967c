// The command line over remote inputs: the same database as undisturbed, what is said to a stop or a missing package, no secrets.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { documents } from '../scan/documents.js';
import { CLI, freshFolder, logicalRows, query, type Ran, run } from '../scan/harness.js';
import { type Fault, serve, webServer } from './servers.js';

/** More records than the units that may be under way hold: some are committed before the end. */
const FILLER = Array.from({ length: 75_000 }, (_, i) => ({ id: `f${i}`, text: `A day, ${i}.` }));
const LINES = [...FILLER.slice(0, 9000), ...documents().slice(0, 1), ...FILLER.slice(9000), ...documents().slice(1, 2)]
  .map((document) => JSON.stringify(document))
  .join('\n');
const FILE = Buffer.from(`${LINES}\nbroken\n`);
/** Where connections break: behind the first commit, and so far before the end that another one comes. */
const EARLY = 1_000_000;
const LATE = FILE.length - 40_000;
const LOOK = 'bytes=0-65535';

vi.setConfig({ testTimeout: 240_000 });

const folder = freshFolder();
const args = (address: string, db: string, ...more: string[]): string[] => [
  ...['scan', address, '--db', db, '--source', 'same', '--workers', '1'],
  ...more,
];

/** Without what an address is called. */
function rows(db: string): string[] {
  return logicalRows(db, true).map((line) => line.replaceAll(/http:\/\/127\.0\.0\.1:\d+\//g, ''));
}

function committed(db: string): number {
  try {
    return query<{ n: number | null }>(db, 'select max(next_record) as n from shards')[0]!.n ?? 0;
  } catch {
    return 0;
  }
}

test('lost, changed, killed and signed anew: --resume goes on where it was, and ends as an undisturbed scan', async () => {
  let fault: (n: number) => Fault | undefined = () => undefined;
  let n = 0;
  const server = await webServer({ 'a.jsonl': FILE }, ({ headers }) => {
    const spared = headers.range === LOOK && fault(0)?.bytes === undefined;
    return spared ? undefined : fault(n++);
  });
  const begin = (next: typeof fault): void => {
    fault = next;
    n = 0;
    server.requests.length = 0;
  };
  const undisturbed = join(folder, 'undisturbed.db');
  const address = `${server.url}/a.jsonl`;
  expect(await run(args(address, undisturbed))).toMatchObject({ code: 3 });
  expect(query<{ n: number }>(undisturbed, 'select count(*) as n from hits')[0]!.n).toBeGreaterThan(0);

  const db = join(folder, 'disturbed.db');
  begin((n) => (n === 0 ? { cut: EARLY } : { status: 503, headers: { 'retry-after': '0' } }));
  const lost = await run(args(`${address}?X-Amz-Signature=verysecret1`, db));
  expect(lost).toMatchObject({ code: 2, stderr: expect.stringContaining('the server answers 503 (not available)') });
  expect(lost.stderr).toContain('--resume goes on');
  const first = committed(db);
  expect(first).toBeGreaterThan(8000);

  begin(() => ({ bytes: FILE.subarray(0, -8) }));
  const changed = await run(args(address, db, '--resume'));
  expect(changed).toMatchObject({ code: 2, stderr: expect.stringContaining('the file has changed since') });

  // the answer stays open near its end: what came before is committed, and the scan waits for more
  begin(() => ({ stop: LATE - EARLY }));
  const signal = await killedWhen(() => committed(db) > first, args(`${address}?sig=verysecret2`, db, '--resume'));
  expect(signal).toBe('SIGKILL');
  expect(committed(db)).toBeLessThan(FILLER.length);

  begin(() => undefined);
  expect(await run(args(`${address}?sig=verysecret3`, db, '--resume'))).toMatchObject({ code: 3 });
  const from = server.requests.map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0));
  expect(Math.max(...from)).toBeGreaterThan(EARLY - 100_000);
  expect(rows(db)).toEqual(rows(undisturbed));
  for (const file of [db, `${db}-wal`]) {
    if (existsSync(file)) expect(readFileSync(file, 'latin1')).not.toMatch(/verysecret|X-Amz/);
  }
});

function killedWhen(ready: () => boolean, given: string[]): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [CLI, ...given], { stdio: 'ignore' });
  const timer = setInterval(() => ready() && child.kill('SIGKILL'), 100);
  return new Promise((resolve) =>
    child.on('close', (_, signal) => {
      clearInterval(timer);
      resolve(signal);
    }),
  );
}

test('inspect and classify take an address; secrets are not printed', async () => {
  const text = Buffer.from('{"id":"1","text":"The road went over the hill."}\n');
  const server = await webServer({ 'a.jsonl': text }, (_, n) => (n === 2 ? { cut: 10 } : undefined));
  const address = `${server.url.replace('//', '//user:secret1@')}/a.jsonl?token=secret2`;
  const inspected = await run(['inspect', address, '--json']);
  expect(JSON.parse(inspected.stdout)).toMatchObject({
    file: `${server.url}/a.jsonl`,
    format: 'jsonl',
    size: text.length,
  });
  const classified = await run(['classify', address]);
  expect(JSON.parse(classified.stdout)).toMatchObject({ id: '1', error: null });
  const db = join(folder, 'none.db');
  const missing = await run(['scan', address.replace('a.jsonl', 'b.jsonl'), '--db', db]);
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('404 (not found)') });
  expect(existsSync(db)).toBe(false);
  for (const { stdout, stderr } of [inspected, classified, missing]) expect(stdout + stderr).not.toContain('secret');
});

test.each([
  ['scan', 'http'],
  ['scan', 's3'],
  ['scan --dry-run', 'hf'],
  ['inspect', 's3'],
])('Ctrl-C while a server lets wait for the first answer: %s of %s exits 130', async (command, scheme) => {
  const server = await serve(() => {});
  const address = { http: `${server.url}/a`, s3: 's3://bucket/a', hf: 'hf://datasets/owner/name/a' }[scheme]!;
  const db = command === 'inspect' ? [] : ['--db', join(folder, `stopped-${scheme}.db`)];
  const { code, stderr, stdout } = await stopped([...command.split(' '), address, ...db], server.requests, {
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'eu-west-3',
    HF_ENDPOINT: server.url,
  });
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  expect(stderr).not.toContain('    at ');
  if (command === 'scan') expect(stderr).toContain('interrupted, go on with --resume');
});

function stopped(
  given: string[],
  requests: readonly unknown[],
  env: Record<string, string>,
): Promise<Omit<Ran, 'workerKilled'>> {
  const child = spawn(process.execPath, [CLI, ...given], { env: { ...process.env, ...env } });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (text) => {
      said[name] += text;
    });
  }
  const timer = setInterval(() => {
    if (requests.length === 0) return;
    clearInterval(timer);
    child.kill('SIGINT');
  }, 20);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })));
}

/** For NODE_OPTIONS: modules whose names match are as if they were not installed, in workers too. */
function without(names: string): Record<string, string> {
  const hook = `export async function resolve(name, context, next) {
    if (!new RegExp(${JSON.stringify(names)}).test(name)) return next(name, context);
    throw Object.assign(new Error('Cannot find ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  const inside = `data:text/javascript,${encodeURIComponent(hook)}`;
  const outside = `import { register } from 'node:module'; register(${JSON.stringify(inside)});`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(outside)}` };
}

test('without the packages for s3 and hf an address of theirs is an error that names them', async () => {
  const env = without('^@aws-sdk/|^@huggingface/hub');
  const db = join(folder, 'without.db');
  for (const [address, name] of [
    ['s3://bucket/a.jsonl', '@aws-sdk/client-s3'],
    ['hf://datasets/owner/name/a.jsonl', '@huggingface/hub'],
  ] as const) {
    const ran = await run(['scan', address, '--db', db], { env });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(`need the package ${name}, which is not installed (npm install ${name})`);
    expect(existsSync(db)).toBe(false);
  }
});

test('nothing that could use the network is loaded for inputs on the disk', async () => {
  const env = without('^@aws-sdk/|^@huggingface/hub|/(find|web|request|s3|hub)[.]js$');
  const [local, remote] = ['corpora/sample/fiction.jsonl', 'http://127.0.0.1:9/a.jsonl'];
  expect(await run(['scan', local, '--dry-run'], { env })).toMatchObject({ code: 0, stderr: '' });
  // the hook is at work
  expect(await run(['inspect', remote], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('find.js'),
  });
});
