// Arguments to files: order, what is left out, and what is refused.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { findInputs, type InputFile } from '../../src/read/inputs.js';
import { openInput } from '../../src/read/open.js';
import { temporary, temporaryFolder } from './support.js';

async function all(...args: string[]): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for await (const file of findInputs(args)) files.push(file);
  return files;
}

function tree(names: readonly string[]): string {
  const root = temporaryFolder();
  for (const name of names) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), 'x');
  }
  return root;
}

test('a folder is walked by the bytes of the names, without hidden files and without running in circles', async () => {
  const root = tree([
    'z.txt',
    'B.txt',
    'a.txt',
    'é.txt',
    '10.txt',
    '9.txt',
    '.hidden',
    '.git/x.txt',
    'b/c.txt',
    'b/.x',
    'a\nb.txt',
  ]);
  symlinkSync(root, join(root, 'b', 'loop'));
  symlinkSync(join(root, 'b'), join(root, 'b', 'self'));
  const names = (await all(root)).map((file) => file.path.slice(root.length + 1));
  expect(names).toEqual(['10.txt', '9.txt', 'B.txt', 'a\nb.txt', 'a.txt', 'b/c.txt', 'z.txt', 'é.txt']);
});

test('a pattern is sorted by the bytes of the paths; what exists is no pattern', async () => {
  const root = tree(['z.txt', 'B.txt', 'a.txt', '.h.txt', 'x.md', 'd/e/f.txt', 'a[1].txt']);
  const names = async (pattern: string) =>
    (await all(join(root, pattern))).map((file) => file.path.slice(root.length + 1));
  expect(await names('*.txt')).toEqual(['B.txt', 'a.txt', 'a[1].txt', 'z.txt']);
  expect(await names('**/*.{txt,md}')).toEqual(['B.txt', 'a.txt', 'a[1].txt', 'd/e/f.txt', 'x.md', 'z.txt']);
  expect(await names('a[1].txt')).toEqual(['a[1].txt']);
});

test('a file is told with size, time and the hash of its head', async () => {
  const bytes = Buffer.alloc(100_000, 'abc');
  const path = temporary('a.txt', bytes);
  const headHash = createHash('sha256').update(bytes.subarray(0, 65536)).digest('hex');
  expect(await all(path)).toEqual([{ path, name: path, size: 100_000, mtimeMs: statSync(path).mtimeMs, headHash }]);
});

test('arguments keep their order; a dash is standard input', async () => {
  const [a, b] = [temporary('a.txt', 'x'), temporary('b.txt', 'y')];
  expect((await all(b, '-', a)).map((file) => file.path)).toEqual([b, '-', a]);
});

test('a pipe is not opened, since its writer would lose it', async () => {
  const pipe = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(await all(pipe)).toEqual([{ path: pipe, name: pipe, size: null, mtimeMs: null, headHash: null }]);
});

test.each([
  ['no such file', () => join(temporaryFolder(), 'nowhere.jsonl')],
  ['holds no files', () => tree(['.hidden/x.txt'])],
  ['no file matches', () => join(tree(['a.txt']), '*.jsonl')],
])('missing input: %s', async (message, make) => {
  const path = make();
  await expect(all(path)).rejects.toMatchObject({
    code: 'missing_input',
    message: expect.stringContaining(message),
    help: expect.any(String),
    place: { file: expect.stringContaining(path) },
  });
});

test('what cannot be read inside a folder does not keep the others from being read', async () => {
  const root = tree(['a.txt', 'z.txt']);
  symlinkSync(join(root, 'gone'), join(root, 'link.txt'));
  const files = await all(root);
  expect(files.map((file) => [file.path.slice(root.length + 1), file.size])).toEqual([
    ['a.txt', expect.any(Number)],
    ['link.txt', null],
    ['z.txt', expect.any(Number)],
  ]);
  await expect(openInput(files[1]!)).rejects.toMatchObject({ code: 'missing_input' });
});

test('files of one base name in a folder are told apart by where they lie in it', async () => {
  const root = tree(['x/a.txt', 'y/a.txt', 'a.txt']);
  const ids = (files: readonly { path: string; inside?: string }[]) => files.map((f) => f.inside ?? basename(f.path));
  expect(ids(await all(root))).toEqual(['a.txt', 'x/a.txt', 'y/a.txt']);
  expect(ids(await all(join(root, '*/a.txt')))).toEqual(['x/a.txt', 'y/a.txt']);
  expect(ids(await all(join(root, 'x', 'a.txt')))).toEqual(['a.txt']);
});
