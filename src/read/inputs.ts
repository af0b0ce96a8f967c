// From command-line arguments to files: paths, folders, globs, standard input. Opens nothing but for the head's hash.
import { createHash } from 'node:crypto';
import { type Dirent, existsSync } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { PersonaPriorError } from '../errors.js';

export interface InputFile {
  /** absolute path; `-` for standard input */
  readonly path: string;
  /** as shown to people */
  readonly name: string;
  readonly size: number | null;
  readonly mtimeMs: number | null;
  /** SHA-256 (hex) of the first 64 KiB; null for standard input */
  readonly headHash: string | null;
}

const HEAD = 64 * 1024;

/**
 * Files of the arguments, in their order; inside a folder or glob by bytes of their paths. Hidden files are left out of
 * folders. Throws `missing_input` for what is not there, and for a folder or glob without files.
 */
export async function* findInputs(args: readonly string[]): AsyncGenerator<InputFile> {
  for (const arg of args) {
    if (arg === '-') {
      yield { path: '-', name: 'stdin', size: null, mtimeMs: null, headHash: null };
      continue;
    }
    // a file may be called "a[1].jsonl": what exists is no pattern
    if (!existsSync(arg) && /[*?[\]{}]/.test(arg)) {
      const found = (await glob(arg, { absolute: true, onlyFiles: true, expandDirectories: false })).sort(byBytes);
      if (found.length === 0) throw missing(arg, 'no file matches this pattern');
      for (const path of found) yield describe(path, path);
      continue;
    }
    const info = await stat(arg).catch(() => null);
    if (info === null) throw missing(arg, 'no such file or folder');
    if (!info.isDirectory()) {
      yield await describe(resolve(arg), arg);
      continue;
    }
    let any = false;
    for await (const path of walk(arg, new Set())) {
      any = true;
      yield await describe(resolve(path), path);
    }
    if (!any) throw missing(arg, 'the folder holds no files');
  }
}

function missing(arg: string, message: string): PersonaPriorError {
  return new PersonaPriorError('missing_input', message, { place: { file: arg }, help: 'check the path' });
}

/** Depth first in byte order; a link back to a folder on the way is not followed twice. */
async function* walk(folder: string, above: Set<string>): AsyncGenerator<string> {
  const real = await realpath(folder);
  if (above.has(real)) return;
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => byBytes(a.name, b.name));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const info = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry;
    if (info === null) continue;
    if (info.isDirectory()) yield* walk(path, new Set(above).add(real));
    else if (info.isFile()) yield path;
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function describe(path: string, name: string): Promise<InputFile> {
  try {
    const handle = await open(path, 'r');
    try {
      const info = await handle.stat();
      if (!info.isFile()) return { path, name, size: null, mtimeMs: null, headHash: null };
      const head = Buffer.alloc(Math.min(HEAD, info.size));
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      const headHash = createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex');
      return { path, name, size: info.size, mtimeMs: info.mtimeMs, headHash };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'expected a readable file', { place: { file: name }, cause });
  }
}
