// A file of JSON lines that answers are appended to as they come, so that a kill at any moment loses none of them.
import { appendFileSync, closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'; // biome-ignore format: one line
import { PersonaPriorError } from '../errors.js';
import { jsonObject, jsonObjects } from '../json-lines.js';
import { lockDatabase } from '../store/lock.js';

/** What a record answers; null where a line is no such record. */
export type KeyOf = (record: Readonly<Record<string, unknown>>) => string | null;

export interface LineFile<T> {
  /** records by their key */
  readonly had: ReadonlyMap<string, number>;
  /** lines that are no such record; they stay as they are */
  readonly bad: number;
  /** bytes of a half-written last line, which is gone */
  readonly dropped: number;
  add(record: T): void;
  close(): void;
}

/** Records between two calls of fdatasync. */
const BATCH = 16;

/**
 * Opens or makes the file. A last line without a line end is completed where it is a whole record, and cut off where it is
 * not. Holds an exclusive lock (an empty file `FILE-lock`, which stays) until it is closed. Throws `usage` where another run
 * writes to the file, or it cannot be written.
 */
export async function openLines<T>(path: string, keyOf: KeyOf): Promise<LineFile<T>> {
  const release = lockFile(path);
  let file: number;
  let dropped: number;
  try {
    file = openSync(path, 'a+');
    dropped = mendEnd(file, keyOf);
  } catch (cause) {
    release();
    throw new PersonaPriorError('usage', 'expected a file that can be written', { place: { file: path }, help: 'check --out', cause }); // biome-ignore format: one line
  }
  const had = new Map<string, number>();
  let bad = 0;
  for await (const record of jsonObjects(path, 'answers')) {
    const key = record === null ? null : keyOf(record);
    if (key === null) bad++;
    else had.set(key, (had.get(key) ?? 0) + 1);
  }
  let since = 0;
  return {
    had,
    bad,
    dropped,
    add: (record) => {
      // one write at the end of the file: lines of other writers are not torn
      appendFileSync(file, `${JSON.stringify(record)}\n`);
      if (++since < BATCH) return;
      fdatasyncSync(file);
      since = 0;
    },
    close: () => {
      fdatasyncSync(file);
      closeSync(file);
      release();
    },
  };
}

/** The lock of the operating system that scans take on a database: a killed run leaves none behind. */
function lockFile(path: string): () => void {
  try {
    return lockDatabase(path);
  } catch (cause) {
    const busy = cause instanceof PersonaPriorError && cause.code === 'database_busy';
    const message = busy ? 'another run is writing to this file' : 'expected a file that can be written';
    const help = busy ? 'wait for it to end, or give another --out' : 'check --out';
    throw new PersonaPriorError('usage', message, { place: { file: path }, help, cause });
  }
}

/** Bytes that were cut off. */
function mendEnd(file: number, keyOf: KeyOf): number {
  const { size } = fstatSync(file);
  const step = 65_536;
  let tail = Buffer.alloc(0);
  let from = size;
  while (from > 0 && !tail.includes(10)) {
    const part = Buffer.alloc(Math.min(step, from));
    from -= part.length;
    readSync(file, part, 0, part.length, from);
    tail = Buffer.concat([part, tail]);
  }
  const last = tail.subarray(tail.lastIndexOf(10) + 1);
  if (last.length === 0) return 0;
  const record = jsonObject(last.toString('utf8'));
  if (record !== null && keyOf(record) !== null) {
    appendFileSync(file, '\n');
    return 0;
  }
  ftruncateSync(file, size - last.length);
  return last.length;
}
