// The same kinds of inputs for the local scan and for Spark: formats, faults, one file that is cut by record, one by row group.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as zstd from 'zstd-napi';
import { type Doc, documents } from '../scan/documents.js';

/** Writes the files into a folder and gives the arguments of a scan. */
export function writeInputs(dir: string): string[] {
  const docs = documents();
  const renamed = (prefix: string, some: readonly Doc[]): Doc[] => some.map((d) => ({ ...d, id: `${prefix}${d.id}` }));
  const lines = (some: readonly Doc[]): string => some.map((d) => JSON.stringify(d)).join('\n');
  const at = (name: string): string => join(dir, name);
  mkdirSync(at('folder'));
  const broken = Buffer.concat([
    Buffer.from(
      `{"id": "cut off", "text"\n\n{"id": "none"}\n${lines(renamed('a', docs.slice(0, 4)))}\n{"text": "a robot \u2028`,
    ),
    Buffer.from([0xff, 0xfe]),
    Buffer.from(' said so, and the robot went on"}\n{"text": "  "}\n'),
  ]);
  writeFileSync(at('folder/broken.jsonl'), broken);
  writeFileSync(at('folder/half.jsonl.gz'), gzipSync(lines(renamed('h', docs.slice(4, 14)))).subarray(0, -200));
  writeFileSync(at('folder/letter.txt'), docs[2]!.text);
  writeFileSync(at('folder/nothing.bin'), Buffer.from([0, 1, 2, 3, 0, 0, 255]));
  writeFileSync(at('long.jsonl.zst'), zstd.compress(Buffer.from(lines(renamed('z', docs)))));
  const column = (name: keyof Doc) => ({
    name,
    data: docs.slice(0, 24).map((d) => `${name === 'id' ? 'p' : ''}${d[name]}`),
    type: 'STRING' as const,
  });
  const parquet = parquetWriteBuffer({ columnData: [column('id'), column('title'), column('text')], rowGroupSize: 5 });
  writeFileSync(at('groups.parquet'), new Uint8Array(parquet));
  return [at('folder'), at('long.jsonl.zst'), at('groups.parquet')];
}
