// From a scan's inputs to the files it will read, each with its source name and part. Reads no records.
import { basename, dirname, resolve } from 'node:path';
import { PersonaPriorError } from './errors.js';
import { findInputs, type InputFile } from './read/inputs.js';

export interface Planned {
  readonly file: InputFile;
  readonly source: string;
  readonly part: { index: number; of: number };
  /** found in a folder or by a pattern: one that cannot be read is counted, and the others are scanned */
  readonly member: boolean;
}

export interface PlanOptions {
  readonly inputs: readonly string[];
  readonly source?: string;
  readonly shard?: { readonly index: number; readonly of: number };
}

/** Which files, under which source names. Every argument is one source unless `source` is given. */
export async function planInputs(options: PlanOptions): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const input of options.inputs) {
    const source = options.source ?? sourceName(input);
    for await (const file of findInputs([input])) {
      const member = file.path !== '-' && file.path !== resolve(input);
      planned.push({ file, source, part: { index: 1, of: 1 }, member });
    }
  }
  const seen = new Set<string>();
  for (const { file } of planned) {
    if (seen.has(file.path)) {
      throw new PersonaPriorError('usage', 'the same file was given twice', { place: { file: file.name } });
    }
    seen.add(file.path);
  }
  const { shard } = options;
  if (shard === undefined || shard.of === 1) return planned;
  if (planned.length >= shard.of) return planned.filter((_, i) => i % shard.of === shard.index - 1);
  return planned.map((p) => ({ ...p, part: shard }));
}

const EXTENSIONS = /(?:\.(?:jsonl|ndjson|json|csv|tsv|parquet|txt|text|md|gz|zst|zstd|warc|wet|arc))+$/i;

function sourceName(input: string): string {
  if (input === '-') return 'stdin';
  const glob = /[*?[{]/.test(input);
  const base = basename(
    glob ? dirname(input.slice(0, input.search(/[*?[{]/)).concat('x')) : input.replace(/[\\/]+$/, ''),
  );
  return base.replace(EXTENSIONS, '') || base || 'corpus';
}
