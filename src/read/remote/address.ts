// Addresses of remote inputs: what they name, and how they are shown and stored, without anything secret. Opens nothing.
import { createHash } from 'node:crypto';
import { PersonaPriorError } from '../../errors.js';

export type Address = WebAddress | S3Address | HubAddress;

interface Common {
  /** as shown and stored: no user, password, query or fragment */
  readonly path: string;
}
export interface WebAddress extends Common {
  readonly scheme: 'web';
  readonly url: URL;
}
export interface S3Address extends Common {
  readonly scheme: 's3';
  readonly bucket: string;
  /** a key, the beginning of keys that ends in a slash, or a pattern; '' for the whole bucket */
  readonly key: string;
}
export interface HubAddress extends Common {
  readonly scheme: 'hub';
  /** OWNER/NAME */
  readonly dataset: string;
  /** a branch, tag or commit as it was typed; null for the default branch */
  readonly revision: string | null;
  /** a file, a folder or a pattern; '' for the whole dataset */
  readonly inside: string;
  /** what stands before `inside` in `path` */
  readonly root: string;
}

/** What makes an argument a pattern, as for local paths. */
export const PATTERN = /[*?[\]{}]/;

/** Whether an argument is an address of a kind that is read over the network. */
export function isRemote(argument: string): boolean {
  return /^(?:https?|s3|hf):\/\//i.test(argument);
}

/** Throws `missing_input` for what is no such address. Its message holds no secret of it. */
export function parseAddress(argument: string): Address {
  if (/^s3:/i.test(argument)) return s3Address(argument);
  return /^hf:/i.test(argument) ? hubAddress(argument) : webAddress(argument);
}

/** An argument of the command line as it may be printed and stored: an address without its secrets, others as they are. */
export function withoutSecrets(argument: string): string {
  if (!isRemote(argument)) return argument;
  try {
    return parseAddress(argument).path;
  } catch {
    return bare(argument);
  }
}

/** What a source is called after: the address without revision and query. */
export function nameSource(argument: string): string {
  const path = withoutQuery(withoutSecrets(argument));
  return path.replace(/^(hf:\/\/datasets\/[^/]+\/[^/@]+)@[^/]+\/?$/, '$1');
}

/** A shown address as the name of a file, whose extension may tell the format. */
export function withoutQuery(path: string): string {
  return path.replace(QUERY_MARK, '');
}

/** Where a query stood that was left out: what it asked for, as a hash. */
const QUERY_MARK = /\?~[0-9a-f]{8}$/;
/** Parameters that only prove a right, and are others each time an address is signed. */
const SIGNING =
  /^(?:x-(?:amz|goog|oss|cos|ms)-.*|q-.*|(?:aws|oss)accesskeyid|googleaccessid|signature|sig|s[eprtv]|spr|sk[estv]|skoid|sktid|expires|policy|key-pair-id|(?:access_?|auth_?)?token|auth|authorization|(?:api_?)?key)$/i;

function webAddress(argument: string): WebAddress {
  let url: URL;
  try {
    url = new URL(argument);
  } catch {
    throw wrong(argument, 'no web address');
  }
  if (QUERY_MARK.test(url.search)) {
    throw wrong(argument, 'this address had a query, which is not stored', 'give the whole address once more');
  }
  url.hash = '';
  const query = [...url.searchParams].filter(([name]) => !SIGNING.test(name));
  const path = `${url.protocol}//${url.host}${url.pathname}`;
  return { scheme: 'web', url, path: query.length === 0 ? path : `${path}?~${hashOf(query)}` };
}

function hashOf(query: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('hex').slice(0, 8);
}

function s3Address(argument: string): S3Address {
  const [, bucket, key = ''] = /^s3:\/\/([^/@]+)(?:\/(.*))?$/is.exec(argument) ?? [];
  if (bucket === undefined) throw wrong(argument, 'no S3 address', 's3://BUCKET/KEY, s3://BUCKET/FOLDER/ or a pattern');
  return { scheme: 's3', bucket, key, path: `s3://${bucket}/${key}` };
}

/** A revision with a slash is written `@refs/convert/NAME`, `@refs/pr/NUMBER`, or with `%2F`. */
const HUB = /^hf:\/\/datasets\/([^/@]+\/[^/@]+)(?:@(refs\/(?:convert|pr)\/[^/]+|[^/]+))?(?:\/(.*))?$/is;

function hubAddress(argument: string): HubAddress {
  const [, dataset, typed, inside = ''] = HUB.exec(argument) ?? [];
  if (dataset === undefined) {
    const form = 'hf://datasets/OWNER/NAME[@REVISION]/PATH, where PATH is a file, a folder or a pattern';
    throw wrong(argument, 'no address of a Hugging Face dataset', form);
  }
  const revision = typed === undefined ? null : decoded(typed);
  const root = `hf://datasets/${dataset}${typed === undefined ? '' : `@${typed}`}/`;
  return { scheme: 'hub', dataset, revision, inside: inside.replace(/\/+$/, ''), root, path: root + inside };
}

/** Percent escapes undone, where they are sound. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wrong(argument: string, message: string, help = 'check the address'): PersonaPriorError {
  return new PersonaPriorError('missing_input', message, { place: { file: bare(argument) }, help });
}

/** For addresses that cannot be parsed: all that could be secret is cut off. */
function bare(argument: string): string {
  return argument.replace(/[?#].*$/s, '').replace(/\/\/.*@/s, '//');
}
