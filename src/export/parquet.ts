// `--format parquet`: the hits as a table, a column for each of the 36 probabilities.
import { setImmediate } from 'node:timers/promises';
import type { SchemaElement } from 'hyparquet';
import { HEADS } from '../types.js';
import type { ExportedHit } from './hits.js';
import { whole } from './output.js';

/** Rows that are held in memory together. */
const ROWS = 5000;
const PAUSE = 500;

/**
 * Writes the hits. Lists are Parquet lists of strings; `labels` is JSON; the score columns are named `head_label`, and
 * `reasons`. Texts that were left out are null. Throws when the signal aborts; what stood at `path` then stays.
 */
export async function writeParquet(path: string, hits: Iterable<ExportedHit>, signal: AbortSignal): Promise<void> {
  const { fileWriter, parquetWriteRows } = await import('hyparquet-writer');
  await whole(path, async (part) => {
    await parquetWriteRows({
      writer: fileWriter(part),
      rows: rowsOf(hits, signal),
      columns: COLUMNS.map(({ name }) => ({ name })),
      schema: [{ name: 'hits', num_children: COLUMNS.length }, ...COLUMNS.flatMap(elementsOf)],
      rowGroupSize: ROWS,
    });
  });
}

type Kind = 'STRING' | 'JSON' | 'INT32' | 'INT64' | 'DOUBLE' | 'FLOAT' | 'BOOLEAN' | 'LIST';

const COLUMNS: readonly { readonly name: string; readonly kind: Kind }[] = [
  ...columns('INT64', ['id']),
  ...columns('STRING', ['source', 'input']),
  ...columns('INT32', ['record']),
  ...columns('STRING', ['doc', 'title']),
  ...columns('INT32', ['start', 'end', 'words', 'passage', 'passages']),
  ...columns('LIST', ['names', 'tropes']),
  ...columns('DOUBLE', ['linear', 'persona', 'malevolent', 'score']),
  ...columns('BOOLEAN', ['selected']),
  ...columns('STRING', ['valence']),
  ...columns('LIST', ['conduct', 'situation']),
  ...columns(
    'FLOAT',
    HEADS.flatMap((head) => head.labels.map((label) => scoreColumn(head.name, label))),
  ),
  ...columns('JSON', ['labels']),
  ...columns('STRING', ['text']),
];

function columns(kind: Kind, names: readonly string[]): { name: string; kind: Kind }[] {
  return names.map((name) => ({ name, kind }));
}

function scoreColumn(head: string, label: string): string {
  return head === label ? head : `${head}_${label}`;
}

function elementsOf({ name, kind }: { readonly name: string; readonly kind: Kind }): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
  if (kind === 'STRING') return [{ ...optional, ...text }];
  if (kind === 'JSON') return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'JSON' }];
  if (kind !== 'LIST') return [{ ...optional, type: kind }];
  return [
    { ...optional, num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL', ...text },
  ];
}

async function* rowsOf(hits: Iterable<ExportedHit>, signal: AbortSignal): AsyncGenerator<Record<string, unknown>> {
  let n = 0;
  for (const { id, scores, ...rest } of hits) {
    // signals are delivered between turns of the event loop only
    if (n++ % PAUSE === 0) await setImmediate();
    signal.throwIfAborted();
    const row: Record<string, unknown> = { ...rest, id: BigInt(id) };
    for (const [head, labels] of Object.entries(scores)) {
      for (const [label, p] of Object.entries(labels)) row[scoreColumn(head, label)] = p;
    }
    yield row;
  }
}
