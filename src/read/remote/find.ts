// From a remote address to files: one object, or the members of a folder or pattern, page by page.
import { createHash } from 'node:crypto';
import picomatch from 'picomatch';
import { PersonaPriorError } from '../../errors.js';
import type { InputFile } from '../inputs.js';
import { type Address, type HubAddress, PATTERN, parseAddress, type S3Address, type WebAddress } from './address.js';
import { lostInput } from './connection.js';
import { openDataset } from './hub.js';
import { RemoteFailure, type RemoteObject } from './object.js';
import { retrying } from './retry.js';
import { openBucket } from './s3.js';
import { describeWeb } from './web.js';

type Signal = AbortSignal | undefined;

/**
 * The files of an address. Folders and patterns leave out hidden files, as on disk; nothing is held but a page of the
 * listing. Throws `missing_input` for what is not there or cannot be reached, and for a folder or pattern without files.
 */
export async function* findRemote(argument: string, signal?: AbortSignal): AsyncGenerator<InputFile> {
  const address = parseAddress(argument);
  try {
    yield* filesOf(address, signal);
  } catch (error) {
    throw error instanceof RemoteFailure ? lostInput(address.path, error) : error;
  }
}

function filesOf(address: Address, signal: Signal): AsyncGenerator<InputFile> {
  if (address.scheme === 's3') return s3Files(address, signal);
  return address.scheme === 'hub' ? hubFiles(address, signal) : webFile(address, signal);
}

async function* webFile(address: WebAddress, signal: Signal): AsyncGenerator<InputFile> {
  const { object, headHash } = await retrying(() => describeWeb(address, signal), signal);
  yield { ...inputOf(address.path, object, object.version.etag), ...(headHash === null ? {} : { headHash }) };
}

async function* s3Files(address: S3Address, signal: Signal): AsyncGenerator<InputFile> {
  const { bucket, key, path } = address;
  const store = await openBucket(address, signal);
  const pattern = PATTERN.test(key);
  if (key !== '' && !key.endsWith('/')) {
    // who may read the objects under a pattern need not have the right to ask for one that is not there
    const found = await store.head(key).catch((error: unknown) => {
      if (pattern) return null;
      throw error;
    });
    if (found !== null) return yield inputOf(path, found.object, found.object.version.etag);
  }
  const prefix = pattern ? key.slice(0, key.search(PATTERN)) : key === '' || key.endsWith('/') ? key : `${key}/`;
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const wanted = pattern ? matcher(key) : visible(folder);
  let any = false;
  for await (const { key: found, object } of store.list(prefix)) {
    if (found.endsWith('/') || !wanted(found)) continue;
    any = true;
    yield member(`s3://${bucket}/${found}`, found.slice(folder.length), object, object.version.etag);
  }
  if (!any) throw nothing(path, pattern);
}

async function* hubFiles(address: HubAddress, signal: Signal): AsyncGenerator<InputFile> {
  const { inside, path, root } = address;
  const dataset = await openDataset(address, signal);
  const pattern = PATTERN.test(inside);
  if (inside !== '') {
    const found = await dataset.at(inside);
    if (found !== null && found !== 'folder') return yield inputOf(path, found.object, found.oid);
    if (found === null && !pattern) throw nothing(path, false);
  }
  const fixed = pattern ? inside.slice(0, inside.search(PATTERN)) : `${inside}/`;
  const folder = fixed.slice(0, fixed.lastIndexOf('/') + 1).replace(/^\/$/, '');
  const wanted = pattern ? matcher(inside) : visible(folder);
  let any = false;
  for await (const { path: found, object, oid } of dataset.list(folder.replace(/\/$/, ''))) {
    if (!wanted(found)) continue;
    any = true;
    yield member(`${root}${found}`, found.slice(folder.length), object, oid);
  }
  if (!any) throw nothing(path, pattern);
}

function matcher(pattern: string): (path: string) => boolean {
  return picomatch(pattern, { dot: false, posix: true });
}

/** Hidden are files and folders below the named one, not those on the way to it. */
function visible(folder: string): (path: string) => boolean {
  return (path) => !/(?:^|\/)\./.test(path.slice(folder.length));
}

function inputOf(path: string, remote: RemoteObject, mark: string | null): InputFile {
  const { size, modifiedMs } = remote.version;
  // without a size it is read like a stream, which is known by its first bytes
  if (size === null) return { path, name: path, size, mtimeMs: null, headHash: null, remote };
  const headHash = mark === null ? null : createHash('sha256').update(`etag ${mark}`).digest('hex');
  return { path, name: path, size, mtimeMs: mark === null ? modifiedMs : null, headHash, remote };
}

function member(path: string, inside: string, remote: RemoteObject, mark: string | null): InputFile {
  const file = inputOf(path, remote, mark);
  return inside.includes('/') ? { ...file, inside } : file;
}

function nothing(path: string, pattern: boolean): PersonaPriorError {
  return new PersonaPriorError('missing_input', pattern ? 'no file matches this pattern' : 'no such file or folder', {
    place: { file: path },
    help: pattern ? 'put it in quotes, and mind that hidden files are left out' : 'check the address',
  });
}
