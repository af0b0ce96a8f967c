// Datasets of the Hugging Face hub: its client lists and resolves, their bytes come as from any web server.
import type { HubAddress } from './address.js';
import { failureOf, RemoteFailure, type RemoteObject, Stopped } from './object.js';
import { optional } from './optional.js';
import { connectionFailure } from './request.js';
import { retrying } from './retry.js';
import { settings } from './settings.js';
import { getter } from './web.js';

export interface HubFile {
  /** inside the dataset */
  readonly path: string;
  /** of the content: a SHA-256 (LFS, Xet) or git's hash */
  readonly oid: string;
  readonly object: RemoteObject;
}

export interface Dataset {
  /** The file or folder of a path, null where there is none. */
  at(path: string): Promise<HubFile | 'folder' | null>;
  /** All files under a folder ('' for the whole dataset), in the order of the hub, page by page. */
  list(folder: string): AsyncGenerator<HubFile>;
}

interface Entry {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly oid?: string | undefined;
  readonly lfs?: { readonly oid: string; readonly size: number } | undefined;
  readonly xetHash?: string | undefined;
}

const HELP = 'private and gated datasets need HF_TOKEN, and the terms accepted on the page of the dataset';

/**
 * Resolves the revision to its commit, so that a scan reads one state of the dataset. Throws `usage` where the client is
 * not installed, and {@link RemoteFailure}.
 */
export async function openDataset(address: HubAddress, signal: AbortSignal | undefined): Promise<Dataset> {
  const hub = await optional(() => import('@huggingface/hub'), '@huggingface/hub', 'hf://');
  const { hubUrl, hubToken } = settings();
  const { dataset } = address;
  const patient: typeof fetch = (input, init) =>
    retrying(async () => {
      const response = await fetch(input, { ...init, ...(signal === undefined ? {} : { signal }) }).catch(
        (error: unknown) => {
          if (signal?.aborted) throw new RemoteFailure('again', 'interrupted');
          // fetch wraps what node:net says
          throw connectionFailure(((error as Error).cause ?? error) as NodeJS.ErrnoException);
        },
      );
      // whole, so that a page that is cut is asked for again
      const body = await response.text().catch(() => {
        throw new RemoteFailure('again', 'the answer of the hub was cut');
      });
      if (response.ok) return new Response(body, { status: response.status, headers: response.headers });
      throw failureOf(response.status, response.headers.get('retry-after') ?? undefined, HELP);
    }, signal);
  const common = { hubUrl, fetch: patient, ...(hubToken === undefined ? {} : { accessToken: hubToken }) };
  const found = await asked(() =>
    hub.datasetInfo({
      ...common,
      name: dataset,
      additionalFields: ['sha'],
      ...(address.revision === null ? {} : { revision: address.revision }),
    }),
  );
  const commit = found.sha;
  if (typeof commit !== 'string' || commit === '') throw new RemoteFailure('final', 'the hub names no commit');
  const authorization = hubToken === undefined ? {} : { authorization: `Bearer ${hubToken}` };
  const fileOf = ({ path, size, oid, lfs, xetHash }: Entry): HubFile => {
    const url = new URL(`${hubUrl}/datasets/${dataset}/resolve/${commit}/${escaped(path)}`);
    const version = { size: lfs?.size ?? size, etag: null, modifiedMs: null };
    const object = { version, ranges: true, fixed: true, get: getter(url, authorization, HELP) };
    return { path, oid: lfs?.oid ?? oid ?? xetHash ?? commit, object };
  };
  const repo = { type: 'dataset', name: dataset } as const;
  return {
    async at(path) {
      const [entry] = await asked(() => hub.pathsInfo({ ...common, repo, revision: commit, paths: [path] }));
      if (entry === undefined) return null;
      return entry.type === 'directory' ? 'folder' : fileOf(entry);
    },
    async *list(folder) {
      const entries = hub.listFiles({ ...common, repo, revision: commit, path: escaped(folder), recursive: true });
      for (;;) {
        const { value: entry, done } = await asked(() => entries.next());
        if (done) return;
        if (entry.type === 'file') yield fileOf(entry);
      }
    },
  };
}

function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** The client's own errors repeat addresses: they are not passed on. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RemoteFailure || error instanceof Stopped) throw error;
    const token = error instanceof TypeError && error.message.includes('access token');
    const said = token
      ? 'HF_TOKEN is no access token (it must begin with hf_)'
      : 'the answer of the hub cannot be read';
    throw new RemoteFailure('final', said);
  }
}
