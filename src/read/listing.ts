// The names in one folder in the order of their bytes, in bounded memory: folders of millions of files are sorted on disk.
import { type FileHandle, mkdtemp, open, opendir, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
}

/** Names that are held and sorted at once: about 50 MB. */
const RUN = 200_000;
const CHUNK = 256 * 1024;
const KINDS = { f: 'file', d: 'folder', l: 'link' } as const;

/**
 * Files, folders and links that are not hidden. With more than `run` of them, sorted runs are written to a temporary file,
 * which is gone before this returns, and merged. Throws what the file system throws.
 */
export async function* listFolder(folder: string, run = RUN): AsyncGenerator<Entry> {
  let held: Buffer[] = []; // the kind's letter behind the name, so that the order is the names'
  const runs: { from: number; to: number }[] = [];
  let spill: FileHandle | undefined;
  let size = 0;
  try {
    for await (const entry of await opendir(folder, { bufferSize: 1024 })) {
      const kind = entry.isFile() ? 'f' : entry.isDirectory() ? 'd' : entry.isSymbolicLink() ? 'l' : '';
      if (kind === '' || entry.name.startsWith('.')) continue;
      if (held.length >= run) {
        spill ??= await temporaryFile();
        const bytes = sorted(held);
        await spill.write(bytes, 0, bytes.length, size);
        runs.push({ from: size, to: size + bytes.length });
        size += bytes.length;
        held = [];
      }
      held.push(Buffer.from(`${entry.name}\0${kind}\0`));
    }
    if (spill === undefined) {
      for (const line of held.sort(Buffer.compare)) yield asEntry(line);
      return;
    }
    const last = sorted(held);
    await spill.write(last, 0, last.length, size);
    runs.push({ from: size, to: size + last.length });
    held = [];
    yield* merged(spill, runs);
  } finally {
    await spill?.close();
  }
}

/** A file without a name: whatever happens, it is gone when it is closed. */
async function temporaryFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'persona-prior-'));
  try {
    const path = join(folder, 'names');
    const handle = await open(path, 'wx+');
    await unlink(path).catch(() => {});
    return handle;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sorted(lines: Buffer[]): Buffer {
  return Buffer.concat(lines.sort(Buffer.compare));
}

async function* merged(file: FileHandle, runs: readonly { from: number; to: number }[]): AsyncGenerator<Entry> {
  const open = await Promise.all(
    runs.map(async ({ from, to }) => {
      const lines = linesOf(file, from, to);
      return { lines, next: await lines.next() };
    }),
  );
  for (;;) {
    let least: (typeof open)[number] | undefined;
    for (const run of open) {
      if (run.next.done) continue;
      if (least === undefined || Buffer.compare(run.next.value, least.next.value as Buffer) < 0) least = run;
    }
    if (least === undefined) return;
    yield asEntry(least.next.value as Buffer);
    least.next = await least.lines.next();
  }
}

async function* linesOf(file: FileHandle, from: number, to: number): AsyncGenerator<Buffer, undefined> {
  let rest = Buffer.alloc(0);
  for (let at = from; at < to; ) {
    const chunk = Buffer.alloc(Math.min(CHUNK, to - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) throw new Error('the temporary list of names was cut off');
    at += bytesRead;
    const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let begin = 0;
    for (let zero = bytes.indexOf(0); zero >= 0 && zero + 2 < bytes.length; zero = bytes.indexOf(0, begin)) {
      yield bytes.subarray(begin, zero + 3);
      begin = zero + 3;
    }
    rest = bytes.subarray(begin);
  }
}

/** `name NUL kind NUL` */
function asEntry(line: Buffer): Entry {
  const kind = KINDS[line.toString('latin1', line.length - 2, line.length - 1) as keyof typeof KINDS];
  return { name: line.toString('utf8', 0, line.length - 3), kind };
}
