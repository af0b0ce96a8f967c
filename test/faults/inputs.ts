// Small inputs that still make many units, in many formats, with records that are skipped and repaired among them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as zstd from 'zstd-napi';
import { type Doc, documents } from '../scan/documents.js';
import { BZIP2, tar, warcGz, wikiBz2, zip } from './containers.js';

const ALL = ['jsonl', 'warc.gz', 'jsonl.gz', 'tar', 'jsonl.zst', 'zip', 'csv', 'xml.bz2', 'parquet', 'json'] as const;
export type FaultFormat = (typeof ALL)[number];
/** Those that this machine can write. */
export const FORMATS: readonly FaultFormat[] = ALL.filter((format) => BZIP2 || format !== 'xml.bz2');

const PLAIN = 'The road went over the hill and down to the sea, and nobody spoke of it again. ';
const FILES = 4;

/**
 * The first file has more light documents than a unit takes and than a sample holds; in each a heavy one fills a unit of the
 * JSON lines, which the models need not read, and a real one gives hits.
 */
function docs(file: number): Doc[] {
  const light = Array.from({ length: file === 0 ? 9000 : 500 }, (_, i) => ({
    id: `light-${file}-${i}`,
    title: '',
    text: `A day, ${i}.`,
  }));
  const heavy = { id: `heavy-${file}`, title: '', text: `Note on a mechanism. ${PLAIN.repeat(3800)}` };
  return [...light.slice(0, 300), heavy, ...documents().slice(file, file + 1), ...light.slice(300)];
}

/** Writes a folder of files and gives its path. */
export function makeInput(folder: string, format: FaultFormat): string {
  const input = join(folder, format);
  mkdirSync(input, { recursive: true });
  for (let file = 0; file < FILES; file++) {
    writeFileSync(join(input, `part-${file}.${format}`), encoded(docs(file), format));
  }
  return input;
}

function encoded(all: readonly Doc[], format: FaultFormat): Uint8Array {
  if (format === 'json') return Buffer.from(JSON.stringify([...all.slice(0, 400), 7, ...all.slice(400)]));
  if (format === 'csv') {
    const cell = (value: string): string => `"${value.replaceAll('"', '""')}"`;
    const rows = all.map((d) => [d.id, d.title, d.text].map(cell).join(','));
    return Buffer.from(['id,title,text', ...rows.slice(0, 400), 'ragged', ...rows.slice(400)].join('\n'));
  }
  if (format === 'parquet') {
    const column = (name: keyof Doc) => ({ name, data: all.map((d) => d[name]), type: 'STRING' as const });
    const columnData = [column('id'), column('title'), column('text')];
    columnData[2]!.data[400] = ' ';
    return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 250 }));
  }
  if (format === 'warc.gz') return warcGz(all);
  if (format === 'xml.bz2') return wikiBz2(all);
  if (format === 'tar' || format === 'zip') return { tar, zip }[format](all, jsonLines);
  const bytes = jsonLines(all);
  return format === 'jsonl' ? bytes : format === 'jsonl.gz' ? gzipSync(bytes) : zstd.compress(bytes);
}

function jsonLines(all: readonly Doc[]): Buffer {
  const lines = all.map((d) => JSON.stringify(d));
  return Buffer.concat([
    Buffer.from(`${[...lines.slice(0, 400), '{"id":"cut","text":"no end'].join('\n')}\n{"id":"repaired","text":"a `),
    Buffer.from([0xff]),
    Buffer.from(` day"}\n${lines.slice(400).join('\n')}\n`),
  ]);
}
