// Reads what spark/scan.py has written: its plan, and the rows of each partition from exactly one Parquet file.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { PersonaPriorError } from '../errors.js';
import { messageOf } from '../read/fault.js';
import type { FieldMapping } from '../read/fields.js';
import { type Hello, type PlannedFile, SCHEMA_VERSION } from './records.js';

/** A piece of a planned file, given to a partition. */
export interface PlannedItem {
  /** number of the file in the plan */
  readonly file: number;
  readonly part?: { readonly index: number; readonly of: number };
  readonly from?: number;
  readonly until?: number;
  readonly fields?: FieldMapping;
}

export interface SparkPlan {
  readonly schema: number;
  readonly command: string;
  readonly hello: Hello;
  readonly files: readonly PlannedFile[];
  readonly partitions: readonly { readonly key: string; readonly items: readonly PlannedItem[] }[];
}

/** A row of the output: columns by name, see docs/scale.md. Whole numbers are numbers, binary columns bytes. */
export type SparkRow = Readonly<Record<string, unknown>> & {
  readonly row: 'hit' | 'tally' | 'fault' | 'sample' | 'file' | 'partition';
  readonly item: number | null;
};

export interface SparkOutput {
  readonly plan: SparkPlan;
  /** the rows of a partition in the order in which they were written */
  rows(partition: number): AsyncGenerator<SparkRow>;
  /** files that held a partition that another one holds too: of a task that ran twice */
  readonly surplus: number;
}

/** Where the plan lies in the output: Spark's readers pass over names that begin with `_`. */
export const PLAN = join('_persona-prior', 'plan.json');

/**
 * Opens the output of a finished run. Throws `missing_input` where there is none, and `usage` when partitions are missing or
 * the rows are of another schema version.
 */
export async function openOutput(dir: string): Promise<SparkOutput> {
  const plan = await readPlan(dir);
  const names = (await readdir(dir)).filter((name) => /^[^_.].*\.parquet$/.test(name)).sort();
  const paths = new Map<string, string>();
  let surplus = 0;
  for (const name of names) {
    const key = await partitionOf(join(dir, name));
    if (paths.has(key)) surplus++;
    else paths.set(key, join(dir, name));
  }
  const missing = plan.partitions.filter(({ key }) => !paths.has(key)).length;
  if (missing > 0) {
    throw new PersonaPriorError('usage', `${missing} of ${plan.partitions.length} partitions are not done`, {
      place: { file: dir },
      help: 'run spark/scan.py again with the same --output: it does what is missing',
    });
  }
  return { plan, surplus, rows: (partition) => rowsOf(paths.get(plan.partitions[partition]!.key)!) };
}

async function readPlan(dir: string): Promise<SparkPlan> {
  const place = { place: { file: dir } };
  let plan: SparkPlan;
  try {
    plan = JSON.parse(await readFile(join(dir, PLAN), 'utf8')) as SparkPlan;
  } catch (cause) {
    const help = 'give the --output of spark/scan.py, as a local folder';
    throw new PersonaPriorError('missing_input', `no output of spark/scan.py: ${PLAN} is not there`, {
      ...place,
      help,
      cause,
    });
  }
  checkSchema(plan.schema, dir);
  return plan;
}

function checkSchema(found: unknown, file: string): void {
  if (found === SCHEMA_VERSION) return;
  throw new PersonaPriorError('usage', `schema version ${String(found)}, this version reads ${SCHEMA_VERSION}`, {
    place: { file },
    help: 'use the version of persona-prior that the scan was made with',
  });
}

/** The key in the last row, which a task writes when it has written everything else. */
async function partitionOf(path: string): Promise<string> {
  const { file, metadata } = await parquet(path);
  const rows = Number(metadata.num_rows);
  const columns = ['row', 'partition', 'schema'];
  const [last] = rows === 0 ? [] : await read(path, { file, metadata, columns, rowStart: rows - 1, rowEnd: rows });
  if (last?.row !== 'partition') throw broken(path, 'it does not end in a row of its partition');
  checkSchema(last['schema'], path);
  return last['partition'] as string;
}

async function* rowsOf(path: string): AsyncGenerator<SparkRow> {
  const { file, metadata } = await parquet(path);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    yield* await read(path, { file, metadata, rowStart, rowEnd });
    rowStart = rowEnd;
  }
}

type Opened = Pick<Parameters<typeof parquetReadObjects>[0], 'file' | 'metadata'>;

async function parquet(path: string): Promise<Required<Opened>> {
  try {
    const file = await asyncBufferFromFile(path);
    return { file, metadata: await parquetMetadataAsync(file) } as Required<Opened>;
  } catch (error) {
    throw broken(path, messageOf(error));
  }
}

async function read(path: string, options: Parameters<typeof parquetReadObjects>[0]): Promise<SparkRow[]> {
  try {
    const rows = await parquetReadObjects({
      ...options,
      compressors,
      utf8: false,
      // unlike the usual decoder this one keeps a byte order mark at the beginning of a text
      parsers: { stringFromBytes: (bytes) => bytes && Buffer.from(bytes).toString('utf8') },
    });
    for (const row of rows) {
      for (const [name, value] of Object.entries(row)) if (typeof value === 'bigint') row[name] = Number(value);
    }
    return rows as SparkRow[];
  } catch (error) {
    throw broken(path, messageOf(error));
  }
}

function broken(file: string, message: string): PersonaPriorError {
  return new PersonaPriorError('missing_input', `not a sound output of spark/scan.py: ${message}`, {
    place: { file },
    help: 'delete this file and run spark/scan.py again: it does its partition once more',
  });
}
