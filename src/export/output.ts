// Files of an export: lines, compressed by the file's name, under a temporary name until they are whole.
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { PassThrough, Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { PersonaPriorError } from '../errors.js';

/** Characters that are handed to the compressor together. */
const CHUNK = 64 * 1024;

/**
 * Writes lines (each ends in LF): gzip for `.gz`, Zstandard for `.zst`, else plain. What stood at `path` is replaced when
 * the last line is written, and stays when a line throws or the signal aborts. Throws `usage` where `.zst` cannot be written.
 */
export async function writeLines(
  path: string,
  lines: Iterable<string> | AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const compressor = compressorOf(path);
  await whole(path, (part) => {
    // opened here: a stream that is stopped while it opens its file would make it after it was removed
    const file = createWriteStream(part, { fd: openSync(part, 'w') });
    return pipeline(Readable.from(joined(lines)), compressor, file, { signal });
  });
}

/** Runs `write` on a temporary name beside `path`, which takes its place when all went well. */
export async function whole(path: string, write: (part: string) => Promise<void>): Promise<void> {
  // two exports at once do not write into one file
  const part = `${path}.${randomUUID()}.part`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    await write(part);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function compressorOf(path: string): Transform {
  if (path.endsWith('.gz')) return createGzip();
  if (!path.endsWith('.zst')) return new PassThrough();
  try {
    const { CompressStream } = createRequire(import.meta.url)('zstd-napi') as { CompressStream: new () => Transform };
    return new CompressStream();
  } catch (cause) {
    throw new PersonaPriorError('usage', 'Zstandard files need the optional package zstd-napi to be written', {
      place: { file: path },
      help: 'install it, or store the documents as .gz and scan those',
      cause,
    });
  }
}

async function* joined(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Buffer> {
  let held = '';
  for await (const line of lines) {
    held += line;
    if (held.length < CHUNK) continue;
    yield Buffer.from(held);
    held = '';
  }
  if (held !== '') yield Buffer.from(held);
}
