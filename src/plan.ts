// From a scan's inputs to the files it will read, each with its source name and part. Reads no records, keeps no list.
import { basename, dirname, resolve } from 'node:path';
import { findInputs, type InputFile } from './read/inputs.js';
import { isRemote, nameSource, withoutSecrets } from './read/remote/address.js';
import { Stopped } from './read/remote/object.js';

export interface Planned {
  readonly file: InputFile;
  readonly source: string;
  readonly part: { index: number; of: number };
  /** found in a folder or by a pattern: one that cannot be read is counted, and the others are scanned */
  readonly member: boolean;
  /** records from this number on are scanned elsewhere */
  readonly until?: number;
}

export interface PlanOptions {
  readonly inputs: readonly string[];
  readonly source?: string;
  readonly shard?: { readonly index: number; readonly of: number };
  /** ends the waiting for a remote input */
  readonly signal?: AbortSignal;
}

/**
 * Which files, under which source names, one after another: folders of millions of files are never held whole. Every
 * argument is one source unless `source` is given. Part I of N takes every Nth file, or every Nth record where there are
 * fewer than N files. Ends early where `signal` aborts while a remote input is looked up.
 */
export async function* planInputs(options: PlanOptions): AsyncGenerator<Planned> {
  const { shard } = options;
  if (shard === undefined || shard.of === 1) return yield* everyFile(options);
  const first: Planned[] = [];
  let number = 0;
  for await (const planned of everyFile(options)) {
    if (number < shard.of) first.push(planned);
    if (++number === shard.of) yield first[shard.index - 1]!;
    else if (number > shard.of && (number - 1) % shard.of === shard.index - 1) yield planned;
  }
  // how many there are is not known after an abort
  if (options.signal?.aborted) return;
  if (number < shard.of) for (const planned of first) yield { ...planned, part: shard };
}

async function* everyFile(options: PlanOptions): AsyncGenerator<Planned> {
  for (const input of options.inputs) {
    const source = options.source ?? sourceName(input);
    const named = isRemote(input) ? withoutSecrets(input) : resolve(input);
    for await (const file of untilStopped(findInputs([input], options.signal))) {
      const member = file.path !== '-' && file.path !== named;
      yield { file, source, part: { index: 1, of: 1 }, member };
    }
    if (options.signal?.aborted) return;
  }
}

/** Throws what {@link planInputs} would throw for arguments that are not there, before anything is written. */
export async function checkInputs(inputs: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const input of inputs) {
    const files = untilStopped(findInputs([input], signal));
    await files.next();
    await files.return(undefined);
    if (signal?.aborted) return;
  }
}

/** To be stopped is no error: what was found stands. */
async function* untilStopped(files: AsyncGenerator<InputFile>): AsyncGenerator<InputFile> {
  try {
    yield* files;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
}

const EXTENSIONS =
  /(?:\.(?:jsonl|ndjson|json|csv|tsv|parquet|txt|text|md|xml|warc|wet|wat|arc|tar|zip|tgz|tbz2|txz|tzst|gz|zst|zstd|bz2|xz|lz4))+$/i;

function sourceName(input: string): string {
  if (input === '-') return 'stdin';
  const path = isRemote(input) ? nameSource(input) : input;
  const glob = /[*?[{]/.test(path);
  const base = basename(glob ? dirname(path.slice(0, path.search(/[*?[{]/)).concat('x')) : path.replace(/[\\/]+$/, ''));
  return base.replace(EXTENSIONS, '') || base || 'corpus';
}
