// Bytes of a file or of standard input, and a look at the first of them.
import { type FileHandle, open } from 'node:fs/promises';
import { PersonaPriorError } from '../errors.js';
import { messageOf, StreamFault } from './fault.js';

const CHUNK = 1024 * 1024;

/**
 * The bytes of a file from `start` on, in chunks that are never written to again. Throws `missing_input` when it cannot be
 * opened, a {@link StreamFault} when it cannot be read further.
 */
export async function* readFile(path: string, name: string, start = 0): AsyncGenerator<Uint8Array> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    throw new PersonaPriorError('missing_input', 'expected a readable file', { place: { file: name }, cause });
  }
  try {
    // a pipe has no places: it is read on without one
    for (let at: number | null = start > 0 ? start : null; ; ) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK);
      const { bytesRead } = await handle.read(chunk, 0, CHUNK, at).catch((error: unknown) => {
        throw new StreamFault('truncated', `the file cannot be read further: ${messageOf(error)}`);
      });
      if (bytesRead === 0) return;
      if (at !== null) at += bytesRead;
      // a short read of a pipe does not keep a whole chunk alive
      yield bytesRead > CHUNK / 2 ? chunk.subarray(0, bytesRead) : Buffer.from(chunk.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** What formats that are read from their end use of a file handle. */
export type RandomAccess = Pick<FileHandle, 'close'> & {
  stat(): Promise<{ size: number }>;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
};

export interface Peeked {
  readonly head: Uint8Array;
  /** the whole stream, head included */
  readonly all: AsyncGenerator<Uint8Array>;
  /** for a stream that is not read after all */
  close(): Promise<void>;
}

/**
 * The first bytes of a stream (at least `size` where there are as many). A fault among them is thrown in its place by the
 * stream, not here; other errors are.
 */
export async function withHead(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  let read = 0;
  let fault: StreamFault | undefined;
  let done = false;
  try {
    while (read < size && !done) {
      const next = await iterator.next();
      if (next.done) done = true;
      else {
        parts.push(next.value);
        read += next.value.length;
      }
    }
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    fault = error;
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* parts;
      if (fault !== undefined) throw fault;
      while (!done) {
        const next = await iterator.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  };
  const close = async (): Promise<void> => void (await iterator.return?.());
  return { head: parts.length === 1 ? parts[0]! : Buffer.concat(parts), all: all(), close };
}

/** A stream without its first bytes. */
export async function* skip(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield left > 0 ? chunk.subarray(left) : chunk;
    left = Math.max(0, left - chunk.length);
  }
}

/** Tells the length of every chunk that is taken. */
export async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}
