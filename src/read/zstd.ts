// Zstandard with many frames, skippable frames and long windows, by the best decoder that is installed.
// Not by node:zlib: up to Node 22.23 its decoder ends without an error where a frame is cut off.
import { createRequire } from 'node:module';
import { messageOf, StreamFault } from './fault.js';

/** Windows up to 2 GiB, as `zstd --long=31` writes them. */
const WINDOW_LOG = 31;
const OUT = 512 * 1024;
/** The largest block of the format: an output buffer with less room is handed on. */
const BLOCK = 128 * 1024;
/** Bytes that tell one frame from another. */
const MAGIC = 5;

export type ZstdEngine = 'native' | 'plain';

/** The engines that this machine has, best first: zstd-napi where it could be built, and fzstd in JavaScript. */
export function zstdEngines(): ZstdEngine[] {
  return loadNative() === null ? ['plain'] : ['native', 'plain'];
}

/** Decompressed chunks. Throws a {@link StreamFault} `truncated` or `decompression` behind the last good block. */
export async function* unzstd(
  chunks: AsyncIterable<Uint8Array>,
  engine: ZstdEngine = zstdEngines()[0]!,
): AsyncGenerator<Uint8Array> {
  if (engine === 'native') yield* byNative(chunks, loadNative()!);
  else yield* byPlain(chunks);
}

/** The codec of Parquet pages as hyparquet wants it, where zstd-napi is there. */
export function unzstdPage(): { ZSTD?: (page: Uint8Array, outputLength: number) => Uint8Array } {
  const binding = loadNative();
  if (binding === null) return {};
  return {
    ZSTD: (page, outputLength) => {
      const out = new Uint8Array(outputLength);
      const length = binding.decompress(out, page);
      if (length !== outputLength) throw new Error(`expected ${outputLength} bytes, found ${length}`);
      return out;
    },
  };
}

interface NativeBinding {
  /** Bytes written. */
  decompress(out: Uint8Array, source: Uint8Array): number;
  readonly DCtx: new () => {
    setParameter(parameter: number, value: number): void;
    /** [bytes wanted next (0: the frame is over), produced, consumed] */
    decompressStream(out: Uint8Array, source: Uint8Array): [number, number, number];
  };
  readonly DParameter: { readonly windowLogMax: number };
}

function loadNative(): NativeBinding | null {
  try {
    return createRequire(import.meta.url)('zstd-napi/binding') as NativeBinding;
  } catch {
    return null; // an optional dependency that did not build here
  }
}

/** Feeds what the decoder asks for, block by block, so that a corrupt block takes no sound one with it. */
async function* byNative(chunks: AsyncIterable<Uint8Array>, binding: NativeBinding): AsyncGenerator<Uint8Array> {
  const context = new binding.DCtx();
  context.setParameter(binding.DParameter.windowLogMax, WINDOW_LOG);
  let out = new Uint8Array(OUT);
  let filled = 0;
  let wanted = 0;
  for await (const chunk of chunks) {
    let at = 0;
    let pending = false;
    while (at < chunk.length || pending) {
      const room = out.subarray(filled);
      const piece = chunk.subarray(at, at + (wanted === 0 ? MAGIC : wanted));
      let produced: number;
      let consumed: number;
      try {
        [wanted, produced, consumed] = context.decompressStream(room, piece);
      } catch (error) {
        if (filled > 0) yield out.subarray(0, filled);
        throw new StreamFault('decompression', `zstd: ${messageOf(error)}`);
      }
      at += consumed;
      filled += produced;
      pending = produced === room.length;
      if (out.length - filled >= BLOCK) continue;
      yield out.subarray(0, filled);
      out = new Uint8Array(OUT);
      filled = 0;
    }
  }
  if (filled > 0) yield out.subarray(0, filled);
  if (wanted !== 0) throw cut();
}

/** Input worked on at once. */
const PIECE = 64 * 1024;

/** fzstd: a fifth of the speed, no checksums. */
async function* byPlain(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  let out: Uint8Array[] = [];
  const stream = new Decompress((chunk) => out.push(chunk));
  const push = (chunk: Uint8Array, final: boolean): StreamFault | undefined => {
    try {
      stream.push(chunk, final);
      return undefined;
    } catch (error) {
      return final ? cut() : new StreamFault('decompression', `zstd: ${messageOf(error)}`);
    }
  };
  const steps = async function* (): AsyncGenerator<StreamFault | undefined> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE) yield push(chunk.subarray(at, at + PIECE), false);
    }
    yield push(new Uint8Array(0), true);
  };
  for await (const fault of steps()) {
    const ready = out;
    out = [];
    yield* ready;
    if (fault !== undefined) throw fault;
  }
}

function cut(): StreamFault {
  return new StreamFault('truncated', 'the zstd stream ends inside a frame');
}
