// S3 and what speaks like it, by the AWS client, which is loaded when the first s3:// address is met.
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { S3Address } from './address.js';
import { failureOf, RemoteFailure, type RemoteObject, type Version } from './object.js';
import { optional } from './optional.js';
import { connectionFailure, watched } from './request.js';
import { retrying } from './retry.js';
import { settings } from './settings.js';

export interface Stored {
  readonly key: string;
  readonly object: RemoteObject;
}

export interface Bucket {
  /** The object of a key, null where there is none. Throws {@link RemoteFailure}. */
  head(key: string): Promise<Stored | null>;
  /** Objects whose keys begin so, in the order of the server (by the bytes of the keys), page by page. */
  list(prefix: string): AsyncGenerator<Stored>;
}

type Sdk = typeof import('@aws-sdk/client-s3');
type Signal = AbortSignal | undefined;

/** Throws `usage` where the AWS client is not installed. */
export async function openBucket({ bucket }: S3Address, signal: Signal): Promise<Bucket> {
  const sdk = await optional(() => import('@aws-sdk/client-s3'), '@aws-sdk/client-s3', 's3://');
  const { client, signed } = await clientOf(sdk);
  const help = signed
    ? 'these credentials have no right to read it'
    : 'it was read without credentials: give some, or unset AWS_NO_SIGN_REQUEST';
  const whole = signal === undefined ? {} : { abortSignal: signal };
  const send = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asFailure(error, help);
    }
  };
  const objectOf = (key: string, version: Version): RemoteObject => ({
    version,
    ranges: true,
    fixed: false,
    get: (start, end, known, stop) =>
      send(async () => {
        const range =
          start > 0 || end !== undefined ? { Range: `bytes=${start}-${end === undefined ? '' : end - 1}` } : {};
        const match = known.etag === null ? {} : { IfMatch: known.etag };
        const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key, ...range, ...match });
        return answerOf(await client.send(command, stop === undefined ? {} : { abortSignal: stop }), start);
      }),
  });
  return {
    async head(key) {
      const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key });
      try {
        const found = await retrying(() => send(() => client.send(command, whole)), signal);
        const size = found.ContentLength ?? null;
        return { key, object: objectOf(key, { size, etag: found.ETag ?? null, modifiedMs: time(found.LastModified) }) };
      } catch (error) {
        if (error instanceof RemoteFailure && /\b404\b/.test(error.message)) return null;
        throw error;
      }
    },
    async *list(prefix) {
      let next: string | undefined;
      do {
        const given = { Bucket: bucket, Prefix: prefix, EncodingType: 'url', ContinuationToken: next } as const;
        const page = await retrying(() => send(() => client.send(new sdk.ListObjectsV2Command(given), whole)), signal);
        for (const { Key: key, Size: size, ETag: etag, LastModified: modified } of page.Contents ?? []) {
          if (key === undefined) continue;
          // control characters do not pass through XML
          const plain = page.EncodingType === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;
          const version = { size: size ?? null, etag: etag ?? null, modifiedMs: time(modified) };
          yield { key: plain, object: objectOf(plain, version) };
        }
        next = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (next !== undefined);
    },
  };
}

/** One client a set of settings: it keeps its connections and credentials. */
const clients = new Map<string, Promise<{ client: S3Client; signed: boolean }>>();

function clientOf(sdk: Sdk): Promise<{ client: S3Client; signed: boolean }> {
  const { s3Endpoint, s3Region, s3Anonymous } = settings();
  const key = JSON.stringify([s3Endpoint, s3Region, s3Anonymous]);
  const known = clients.get(key);
  if (known !== undefined) return known;
  const common = {
    // tries are counted in one place, retry.ts
    maxAttempts: 1,
    followRegionRedirects: true,
    // whole objects only, and not all servers know it
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint, forcePathStyle: true }),
    ...(s3Region === undefined ? {} : { region: s3Region }),
  } as const;
  const made = (async () => {
    const first = new sdk.S3Client(common);
    // any will do: the answer of S3 names the right one
    const region = await first.config.region().catch(() => 'us-east-1');
    const signed = !s3Anonymous && (await hasCredentials(first));
    if (signed) return { client: new sdk.S3Client({ ...common, region }), signed };
    const nobody = { accessKeyId: '', secretAccessKey: '' };
    const asIs = { sign: async <T>(request: T): Promise<T> => request };
    return { client: new sdk.S3Client({ ...common, region, credentials: nobody, signer: asIs }), signed };
  })();
  clients.set(key, made);
  made.catch(() => clients.delete(key));
  return made;
}

/** Without any, public buckets can still be read. What is there and does not work (a login that ran out) is an error. */
async function hasCredentials(client: S3Client): Promise<boolean> {
  try {
    await client.config.credentials();
    return true;
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'CredentialsProviderError' && /could not load credentials from any/i.test(message)) return false;
    throw new RemoteFailure('final', `the AWS credentials cannot be used: ${name}`, {
      help: 'renew them, or read a public bucket with AWS_NO_SIGN_REQUEST=1',
    });
  }
}

function answerOf(found: GetObjectCommandOutput, asked: number): Awaited<ReturnType<RemoteObject['get']>> {
  const body = found.Body as unknown as import('node:stream').Readable;
  body.on('error', () => {}); // told to who reads it
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(found.ContentRange ?? '') ?? [];
  const close = (): void => void body.destroy();
  if (start !== undefined && Number(start) !== asked) {
    close();
    throw new RemoteFailure('final', 'the server answers with another range');
  }
  const size = total === undefined ? (found.ContentLength ?? null) : Number(total);
  const version = { size, etag: found.ETag ?? null, modifiedMs: time(found.LastModified) };
  return { version, start: Number(start ?? 0), body: watched(body), close };
}

function time(date: Date | undefined): number | null {
  return date === undefined || Number.isNaN(date.getTime()) ? null : date.getTime();
}

/** By the status where there was an answer; the client's messages are left out, since they repeat what was asked for. */
function asFailure(error: unknown, help: string): unknown {
  if (error instanceof RemoteFailure || !(error instanceof Error)) return error;
  const { $metadata, $response, code } = error as Error & {
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string> };
    code?: string;
  };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return code === undefined ? named(error) : connectionFailure(error);
  // the client has put its clock right
  if (error.name === 'RequestTimeTooSkewed') return new RemoteFailure('again', error.name);
  const failure = failureOf(status, $response?.headers?.['retry-after'], help);
  if (failure === null) return new RemoteFailure('again', `an answer that cannot be read: ${error.name}`);
  const said = /^\d*$|^Unknown/.test(error.name) ? failure.message : `${failure.message}: ${error.name}`;
  return new RemoteFailure(failure.kind, said, failure);
}

function named(error: Error): RemoteFailure {
  const again = /Timeout|Abort|socket|network/i.test(`${error.name} ${error.message}`);
  return new RemoteFailure(again ? 'again' : 'final', `the AWS client says ${error.name}`);
}
