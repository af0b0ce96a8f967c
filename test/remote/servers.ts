// Servers in this process for the tests of remote inputs: a web server with faults on demand, S3, and the hub. No real host.
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

export type Files = Readonly<Record<string, Uint8Array>>;

/** What goes wrong with one request. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** the connection is cut behind so many bytes of the body */
  readonly cut?: number;
  /** as `cut`, but what comes is announced as the whole, and ends as it should */
  readonly short?: number;
  readonly ignoreRange?: boolean;
  readonly location?: string;
  /** nothing more comes behind so many bytes, and the connection stays open */
  readonly stop?: number;
  /** milliseconds between pieces of 512 bytes */
  readonly slow?: number;
  /** serves these bytes instead: another version */
  readonly bytes?: Uint8Array;
  /** no ETag, no date, no length */
  readonly anonymous?: boolean;
  readonly noEtag?: boolean;
}

export interface Request {
  readonly method: string;
  /** decoded path and query */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Server {
  readonly url: string;
  readonly requests: Request[];
}

export type Misbehave = (request: Request, number: number) => Fault | undefined;

type Handle = (request: Request, response: http.ServerResponse, number: number) => void;

const open: http.Server[] = [];
afterAll(() => {
  for (const server of open) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server on a free port of this machine, closed after the tests of the file. */
export async function serve(handle: Handle): Promise<Server> {
  const requests: Request[] = [];
  const server = http.createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const url = new URL(incoming.url!, 'http://localhost');
    const request: Request = {
      method: incoming.method!,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.concat(parts).toString(),
    };
    requests.push(request);
    handle(request, response, requests.length - 1);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** A web server over files by their path without the first slash. */
export function webServer(files: Files, misbehave: Misbehave = () => undefined): Promise<Server> {
  return serve((request, response, number) => {
    const bytes = files[request.path.slice(1)];
    if (bytes === undefined) return void response.writeHead(404).end('not here');
    sendBytes(request, response, bytes, misbehave(request, number));
  });
}

export function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

const DATE = 'Mon, 02 Jan 2023 10:00:00 GMT';

/** One object as a good server gives it, or with the fault. */
export function sendBytes(
  { headers, method }: Request,
  response: http.ServerResponse,
  stored: Uint8Array,
  fault: Fault = {},
): void {
  if (fault.location !== undefined) {
    return void response.writeHead(fault.status ?? 302, { location: fault.location }).end('elsewhere');
  }
  if (fault.status !== undefined) return void response.writeHead(fault.status, fault.headers).end('no');
  const bytes = fault.bytes ?? stored;
  const etag = etagOf(bytes);
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag) return void response.writeHead(412).end();
  const range = fault.ignoreRange ? null : /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(bytes.length, range?.[2] ? Number(range[2]) + 1 : bytes.length);
  if (range && from >= bytes.length) {
    return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  }
  const body = bytes.subarray(from, fault.short === undefined ? to : Math.min(to, from + fault.short));
  response.writeHead(range ? 206 : 200, {
    ...(fault.anonymous ? {} : { 'content-length': body.length, 'last-modified': DATE }),
    ...(fault.anonymous || fault.noEtag ? {} : { etag }),
    ...(fault.ignoreRange || fault.anonymous ? {} : { 'accept-ranges': 'bytes' }),
    ...(range ? { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` } : {}),
    ...fault.headers,
  });
  if (method === 'HEAD') response.end();
  else if (fault.cut !== undefined && fault.cut < body.length) {
    response.write(body.subarray(0, fault.cut), () => setTimeout(() => response.destroy(), 5));
  } else if (fault.stop !== undefined && fault.stop < body.length) response.write(body.subarray(0, fault.stop));
  else if (fault.slow !== undefined) void drip(response, body, fault.slow);
  else response.end(body);
}

async function drip(response: http.ServerResponse, body: Uint8Array, ms: number): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += 512) {
    response.write(body.subarray(at, at + 512));
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
  response.end();
}

/** S3 with one bucket, as path style: HEAD, GET with ranges, ListObjectsV2 in pages of `page` keys. */
export function s3Server(files: Files, page = 3, misbehave: Misbehave = () => undefined): Promise<Server> {
  return serve((request, response, number) => {
    const fault = misbehave(request, number);
    const [, bucket, key] = /^\/([^/]+)\/?(.*)$/s.exec(request.path)!;
    const error = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml', ...fault?.headers });
      response.end(request.method === 'HEAD' ? undefined : `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    };
    if (fault?.status !== undefined) return error(fault.status, 'Said');
    if (bucket !== 'corpus') return error(404, 'NoSuchBucket');
    if (key === '') return void response.end(listing(request, Object.entries(files), page));
    const bytes = files[key!];
    if (bytes === undefined) return error(404, 'NoSuchKey');
    sendBytes(request, response, bytes, fault);
  });
}

function listing({ query }: Request, files: [string, Uint8Array][], page: number): string {
  const after = query.get('continuation-token') ?? '';
  const all = files
    .filter(([key]) => key.startsWith(query.get('prefix') ?? '') && key > after)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const some = all.slice(0, page);
  const entries = some.map(
    ([key, bytes]) => `<Contents><Key>${encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')}</Key>
      <LastModified>2023-01-02T10:00:00.000Z</LastModified><ETag>&quot;${etagOf(bytes).slice(1, -1)}&quot;</ETag>
      <Size>${bytes.length}</Size></Contents>`,
  );
  const next = all.length > page ? `<NextContinuationToken>${some.at(-1)![0]}</NextContinuationToken>` : '';
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
    <EncodingType>url</EncodingType><KeyCount>${some.length}</KeyCount>
    <IsTruncated>${all.length > page}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`;
}

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** The hub's API with the dataset `owner/name`, whose files lie on another server, as they do. `gated`: with a token only. */
export async function hubServer(
  files: Files,
  options: { gated?: boolean; misbehave?: Misbehave } = {},
): Promise<{ hub: Server; store: Server }> {
  const store = await webServer(files, options.misbehave);
  const entry = (path: string): object => {
    const bytes = files[path]!;
    const oid = createHash('sha1').update(bytes).digest('hex');
    const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 };
    return {
      type: 'file',
      path,
      oid,
      ...(bytes.length > 20_000 ? { size: bytes.length, lfs } : { size: bytes.length }),
    };
  };
  const hub = await serve((request, response, number) => {
    const json = (value: object, headers: http.OutgoingHttpHeaders = {}): void => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    };
    if (options.gated && request.headers.authorization !== 'Bearer hf_right') return void response.writeHead(401).end();
    const { path } = request;
    if (/^\/api\/datasets\/owner\/name\/revision\/(HEAD|main|refs\/convert\/parquet)$/.test(path)) {
      return json({ _id: '1', id: 'owner/name', sha: COMMIT, lastModified: '2023-01-02T10:00:00.000Z' });
    }
    if (path === `/api/datasets/owner/name/paths-info/${COMMIT}`) {
      const [asked] = (JSON.parse(request.body) as { paths: string[] }).paths;
      const folder = Object.keys(files).some((name) => name.startsWith(`${asked}/`));
      return json(
        files[asked!] !== undefined ? [entry(asked!)] : folder ? [{ type: 'directory', path: asked, size: 0 }] : [],
      );
    }
    const tree = `/api/datasets/owner/name/tree/${COMMIT}`;
    if (path.startsWith(tree)) {
      const folder = path.slice(tree.length + 1);
      const all = Object.keys(files).filter((name) => folder === '' || name.startsWith(`${folder}/`));
      const from = Number(request.query.get('cursor') ?? 0);
      const url = `${hub.url}${encodeURI(path)}?recursive=true&cursor=${from + 2}`;
      return json(
        [...(from === 0 ? [{ type: 'directory', path: 'x', size: 0 }] : []), ...all.slice(from, from + 2).map(entry)],
        from + 2 < all.length ? { link: `<${url}>; rel="next"` } : {},
      );
    }
    const resolve = `/datasets/owner/name/resolve/${COMMIT}/`;
    if (path.startsWith(resolve)) {
      const name = path.slice(resolve.length).split('/').map(encodeURIComponent).join('/');
      const location = `${store.url}/${name}?X-Amz-Signature=secret${number}`;
      return void response.writeHead(302, { location }).end();
    }
    response.writeHead(404).end();
  });
  return { hub, store };
}
