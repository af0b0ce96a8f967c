// From command-line arguments to files: paths, folders, globs, standard input, addresses. Opens nothing but for the head's hash.
import { createHash } from 'node:crypto';
import { open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { PersonaPriorError } from '../errors.js';
import { listFolder } from './listing.js';
import { isRemote } from './remote/address.js';
import type { RemoteObject } from './remote/object.js';

export interface InputFile {
  /** absolute path; `-` for standard input; an address without its secrets */
  readonly path: string;
  /** as shown to people */
  readonly name: string;
  /** null for what is no regular file: standard input, a pipe */
  readonly size: number | null;
  readonly mtimeMs: number | null;
  /** SHA-256 (hex) of the first 64 KiB, or of the ETag of a remote object */
  readonly headHash: string | null;
  /** the path inside the folder or pattern that was given, where it is not the base name: tells files of one name apart */
  readonly inside?: string;
  readonly remote?: RemoteObject;
}

const HEAD = 64 * 1024;

/**
 * Files of the arguments, in their order; inside a folder depth first by the bytes of the names, of a glob by the bytes of
 * the paths. Hidden files are left out of folders and globs. Throws `missing_input` for what is not there or not readable,
 * and for a folder or glob without files; what cannot be read inside one comes with its size unknown, a dangling link too.
 * `signal` ends the waiting for a remote one.
 */
export async function* findInputs(args: readonly string[], signal?: AbortSignal): AsyncGenerator<InputFile> {
  for (const arg of args) {
    if (isRemote(arg)) {
      // nothing that could use the network is loaded before an input names it
      const { findRemote } = await import('./remote/find.js');
      yield* findRemote(arg, signal);
      continue;
    }
    if (arg === '-') {
      yield { path: '-', name: 'stdin', size: null, mtimeMs: null, headHash: null };
      continue;
    }
    const info = await stat(arg).catch(() => null);
    let any = false;
    if (info === null) {
      // only what does not exist is a pattern: a file may be called "a[1].jsonl"
      if (!/[*?[\]{}]/.test(arg)) throw missing(arg, 'no such file or folder', 'check the path');
      const paths = await glob(arg, { onlyFiles: true, expandDirectories: false, absolute: true });
      for (const path of paths.sort(byBytes)) {
        any = true;
        yield within(resolve(dirname(`${arg.slice(0, arg.search(/[*?[\]{}]/))}x`)), await describe(path, path, true));
      }
      if (!any)
        throw missing(arg, 'no file matches this pattern', 'put it in quotes, and mind that hidden files are left out');
    } else if (info.isDirectory()) {
      for await (const path of walk(arg, [])) {
        any = true;
        yield within(resolve(arg), await describe(resolve(path), path, true));
      }
      if (!any) throw missing(arg, 'the folder holds no files', 'hidden files are left out: name them one by one');
    } else yield await describe(resolve(arg), arg);
  }
}

function within(folder: string, file: InputFile): InputFile {
  const inside = relative(folder, file.path);
  return inside === basename(file.path) ? file : { ...file, inside };
}

function missing(file: string, message: string, help: string, cause?: unknown): PersonaPriorError {
  return new PersonaPriorError('missing_input', message, { place: { file }, help, cause });
}

/** `above` holds the real paths of the folders on the way: a link back to one of them is not followed. */
async function* walk(folder: string, above: readonly string[]): AsyncGenerator<string> {
  const real = await realpath(folder);
  if (above.includes(real)) return;
  const entries = listFolder(folder);
  try {
    for (;;) {
      const { value: entry, done } = await entries.next().catch((cause: unknown) => {
        throw missing(folder, 'expected a readable folder', 'check its permissions', cause);
      });
      if (done) return;
      const path = join(folder, entry.name);
      // a dangling link counts as a file, so that its absence is told
      const linked = entry.kind === 'link' ? await stat(path).catch(() => null) : null;
      if (entry.kind === 'folder' || linked?.isDirectory()) yield* walk(path, [...above, real]);
      else if (linked === null || linked.isFile()) yield path;
    }
  } finally {
    await entries.return(undefined);
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A member that cannot be read is told by who opens it: it does not keep the others from being read. */
async function describe(path: string, name: string, member = false): Promise<InputFile> {
  try {
    const info = await stat(path);
    // a pipe that is opened and closed again would lose its writer
    if (!info.isFile()) return { path, name, size: null, mtimeMs: null, headHash: null };
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(HEAD, info.size)), 0, null, 0);
      const headHash = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
      return { path, name, size: info.size, mtimeMs: info.mtimeMs, headHash };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (member) return { path, name, size: null, mtimeMs: null, headHash: null };
    throw missing(name, 'expected a readable file', 'check the path and its permissions', cause);
  }
}
