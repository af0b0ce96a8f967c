// A remote input for formats that are read from their end: the reads of a file handle, and what yauzl wants of a zip archive.
import { Readable } from 'node:stream';
import yauzl from 'yauzl';
import type { RandomAccess } from '../source.js';
import type { Connection } from './connection.js';

/** Every read is one request, which goes on where it breaks. */
export function remoteHandle({ read }: Connection, size: number): RandomAccess {
  return {
    close: async () => {},
    stat: async () => ({ size }),
    async read(buffer, offset, length, position) {
      let filled = 0;
      for await (const chunk of read(position, Math.min(size, position + length))) {
        buffer.set(chunk, offset + filled);
        filled += chunk.length;
      }
      return { bytesRead: filled };
    },
  };
}

/** yauzl reads the directory and the headers in pieces of some bytes: they are cut from blocks, of which a few are kept. */
const BLOCK = 256 * 1024;
const KEPT = 8;

export class RemoteZip extends yauzl.RandomAccessReader {
  private readonly blocks = new Map<number, Promise<Buffer>>();

  constructor(
    private readonly connection: Connection,
    private readonly size: number,
  ) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const far = end - start > BLOCK;
    return Readable.from(far ? this.connection.read(start, end) : this.piece(start, end), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.fill(buffer, offset, length, position).then(
      () => callback(null),
      (error: Error) => callback(error),
    );
  }

  /** Small members lie many to a block: a request for each would be slow. */
  private async *piece(start: number, end: number): AsyncGenerator<Buffer> {
    const buffer = Buffer.alloc(end - start);
    await this.fill(buffer, 0, buffer.length, start);
    yield buffer;
  }

  private async fill(buffer: Buffer, offset: number, length: number, position: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const at = position + done;
      const block = await this.block(Math.floor(at / BLOCK));
      const copied = block.copy(buffer, offset + done, at % BLOCK, (at % BLOCK) + length - done);
      if (copied === 0) throw new Error('the archive ends before the place that its directory names');
      done += copied;
    }
  }

  private block(number: number): Promise<Buffer> {
    const known = this.blocks.get(number);
    if (known !== undefined) return known;
    const loading = this.load(number * BLOCK);
    this.blocks.set(number, loading);
    loading.catch(() => this.blocks.delete(number));
    if (this.blocks.size > KEPT) this.blocks.delete(this.blocks.keys().next().value!);
    return loading;
  }

  private async load(start: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of this.connection.read(start, Math.min(this.size, start + BLOCK))) parts.push(part);
    return Buffer.concat(parts);
  }
}
