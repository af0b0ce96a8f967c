// Takes counted pieces out of a stream of chunks: for formats that say how long their parts are. Knows no format.
import { StreamFault } from './fault.js';

export interface ByteReader {
  /** place of the next byte: where reading began plus all that was taken or passed over */
  readonly offset: number;
  /** what broke the stream; it is then at its end, and what came before can still be taken */
  readonly fault: StreamFault | undefined;
  /** The next bytes without moving: at least `n`, fewer only at the end. */
  peek(n: number): Promise<Buffer>;
  /** The next `n` bytes, fewer only at the end. */
  take(n: number): Promise<Buffer>;
  /** Passes over `n` bytes; how many there were. */
  skip(n: number): Promise<number>;
  /**
   * All bytes up to and with `mark`, or to the end where `found` is false. More than `keep` bytes are passed over: `bytes`
   * is null then, and `length` tells how many they were.
   */
  until(mark: Uint8Array, keep: number): Promise<{ bytes: Buffer | null; length: number; found: boolean }>;
  /** For a stream that is not read to its end. */
  close(): Promise<void>;
}

const NOTHING = Buffer.alloc(0);

/** Chunks are not copied where a piece lies inside one. `start` is the place of the first byte. */
export function byteReader(chunks: AsyncIterable<Uint8Array>, start = 0): ByteReader {
  const source = chunks[Symbol.asyncIterator]();
  let held: Buffer = NOTHING;
  let offset = start;
  let ended = false;
  let fault: StreamFault | undefined;

  const next = async (): Promise<Buffer | undefined> => {
    if (ended) return undefined;
    try {
      const { value, done } = await source.next();
      if (!done) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    } catch (error) {
      if (!(error instanceof StreamFault)) throw error;
      fault = error;
    }
    ended = true;
    return undefined;
  };
  const fill = async (n: number): Promise<void> => {
    if (held.length >= n) return;
    const parts = [held];
    let size = held.length;
    while (size < n) {
      const chunk = await next();
      if (chunk === undefined) break;
      parts.push(chunk);
      size += chunk.length;
    }
    held = parts.length === 1 ? held : Buffer.concat(parts, size);
  };
  const move = (n: number): Buffer => {
    const taken = held.subarray(0, n);
    held = held.subarray(taken.length);
    offset += taken.length;
    return taken;
  };

  return {
    get offset() {
      return offset;
    },
    get fault() {
      return fault;
    },
    async peek(n) {
      await fill(n);
      return held;
    },
    async take(n) {
      await fill(n);
      return move(n);
    },
    async skip(n) {
      let left = n;
      for (;;) {
        left -= move(left).length;
        if (left === 0) return n;
        const chunk = await next();
        if (chunk === undefined) return n - left;
        held = chunk;
      }
    },
    async until(mark, keep) {
      const parts: Buffer[] = [];
      let length = 0;
      const add = (piece: Buffer): void => {
        length += piece.length;
        if (length <= keep) parts.push(piece);
        else parts.length = 0;
      };
      const all = (): Buffer | null =>
        length <= keep ? (parts.length === 1 ? parts[0]! : Buffer.concat(parts)) : null;
      for (;;) {
        const at = held.indexOf(mark);
        if (at >= 0) {
          add(move(at + mark.length));
          return { bytes: all(), length, found: true };
        }
        // the mark may lie across the border of two chunks
        add(move(Math.max(0, held.length - mark.length + 1)));
        const chunk = await next();
        if (chunk === undefined) {
          add(move(held.length));
          return { bytes: all(), length, found: false };
        }
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      }
    },
    async close() {
      ended = true;
      await source.return?.();
    },
  };
}
