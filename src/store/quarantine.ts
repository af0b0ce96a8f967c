// `--quarantine DIR`: what a scan skipped, as JSON lines, one file per input. Written before the unit is committed, so that
// every skipped record stands there once, whenever the scan is killed. Bounded per record and per file.
import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { PersonaPriorError } from '../errors.js';
import type { InputFile } from '../read/inputs.js';
import type { Fault } from '../unit.js';
import type { ShardRow } from './shards.js';

/** What a record was, cut to {@link MOST}: bytes of the file, or values as JSON where the format gives no bytes. */
export interface Found {
  readonly as: 'bytes' | 'json';
  readonly bytes: Uint8Array;
  /** before it was cut */
  readonly length: number;
}

export interface Quarantine {
  /** Appends the skipped records of a unit, in the order of the file. Throws `quarantine`. */
  write(unit: { shard: ShardRow; file: InputFile; source: string }, faults: readonly Fault[]): void;
  counts(): { readonly written: number; readonly left: number };
}

/** Bytes kept of one record, and of one input's file. */
const MOST = 64 * 1024;
const FILE_LIMIT = 256 * 1024 * 1024;

/**
 * Makes the folder if need be. `limit` is the size in bytes from which on an input's file takes no more records.
 * Throws `quarantine` when the folder cannot be made.
 */
export function openQuarantine(folder: string, db: string, limit = FILE_LIMIT): Quarantine {
  guarded(folder, () => mkdirSync(folder, { recursive: true }));
  let open: { shard: number; fd: number; size: number } | undefined;
  let written = 0;
  let left = 0;
  const fileOf = (shard: ShardRow, path: string): { fd: number; size: number } => {
    if (open?.shard === shard.id) return open;
    if (open !== undefined) closeSync(open.fd);
    const fd = openSync(path, 'a+');
    const size = whereToGoOn(fd, shard.nextRecord);
    ftruncateSync(fd, size);
    open = { shard: shard.id, fd, size };
    return open;
  };
  return {
    write({ shard, file, source }, faults) {
      if (faults.length === 0) return;
      const path = join(folder, nameOf(shard.id, file, db));
      guarded(path, () => {
        const to = fileOf(shard, path);
        for (const fault of faults) {
          if (to.size >= limit) {
            left++;
            continue;
          }
          const line = Buffer.from(`${JSON.stringify(asLine(fault, file, source))}\n`);
          to.size += writeSync(to.fd, line);
          written++;
          if (to.size < limit) continue;
          const note = {
            record: fault.record,
            note: 'this file is full: what follows is counted in the database only',
          };
          to.size += writeSync(to.fd, `${JSON.stringify(note)}\n`);
        }
        fdatasyncSync(to.fd);
      });
    },
    counts: () => ({ written, left }),
  };
}

/** What stood in the place of a record, for a fault: bounded, and no view of anything larger. */
export function snapshot(value: unknown): Found {
  if (value instanceof Uint8Array) {
    return { as: 'bytes', bytes: Uint8Array.from(value.subarray(0, MOST)), length: value.length };
  }
  let text: string;
  try {
    text = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'null';
  } catch (error) {
    text = JSON.stringify(`not shown: ${error instanceof Error ? error.message : error}`); // nested too deeply
  }
  const bytes = new TextEncoder().encode(text);
  return { as: 'json', bytes: bytes.slice(0, MOST), length: bytes.length };
}

function asLine(fault: Fault, file: InputFile, source: string): object {
  const { record, offset, stage, reason, message, found } = fault;
  const kept =
    found === undefined
      ? { as: null, data: null, bytes: null }
      : { as: found.as, data: Buffer.from(found.bytes).toString('base64'), bytes: found.length };
  return { record, offset: offset < 0 ? null : offset, file: file.name, source, stage, reason, message, ...kept };
}

/** The shard's number, what is safe of the input's name, and a hash that tells databases and folders apart. */
function nameOf(shard: number, file: InputFile, db: string): string {
  const safe = basename(file.name)
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .slice(0, 80);
  const hash = createHash('sha256')
    .update(`${resolve(db)}\n${file.path}`)
    .digest('hex')
    .slice(0, 8);
  return `${String(shard).padStart(6, '0')}-${safe}-${hash}.jsonl`;
}

const CHUNK = 1 << 20;

/** Where the lines end that an earlier run has surely committed: those of records before the cursor. */
function whereToGoOn(fd: number, nextRecord: number): number {
  const { size } = fstatSync(fd);
  const chunk = Buffer.alloc(CHUNK);
  let line = Buffer.alloc(0);
  let end = 0;
  for (let at = 0; at < size; ) {
    const read = readSync(fd, chunk, 0, CHUNK, at);
    if (read === 0) break;
    at += read;
    let from = 0;
    for (let to = chunk.subarray(0, read).indexOf(10); to >= 0; to = chunk.subarray(0, read).indexOf(10, from)) {
      // the number stands in the line's first bytes
      const head = Buffer.concat([line, chunk.subarray(from, to)]);
      const record = /^\{"record":(\d+),/.exec(head.toString('latin1', 0, 40))?.[1];
      if (record === undefined || Number(record) >= nextRecord) return end;
      end += head.length + 1;
      line = Buffer.alloc(0);
      from = to + 1;
    }
    line = Buffer.concat([line, chunk.subarray(from, read)]);
  }
  return end;
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new PersonaPriorError('quarantine', `cannot write here: ${(cause as Error).message}`, {
      place: { file: path },
      help: 'give another --quarantine folder, and --resume what has begun',
      cause,
    });
  }
}
