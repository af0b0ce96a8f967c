// xz with many streams and blocks, by xz-decompress: the reference decoder "XZ Embedded" as WebAssembly.
import { createRequire } from 'node:module';
import { messageOf, StreamFault } from './fault.js';

/** What the decoder's codes mean for a reader. */
const CODES: Readonly<Record<string, string>> = {
  3: 'not enough memory',
  4: 'its dictionary is over 64 MiB',
  5: 'no xz stream',
  6: 'a filter or checksum that is not supported (LZMA2 and branch filters, CRC32 and CRC64 are)',
  7: 'corrupt data',
};

/** Only one decoder can be at work: the package lets a second one wait until the first is done. */
let busy = false;

/**
 * Decompressed chunks of at most 64 KiB. Throws a {@link StreamFault} `truncated`, or `decompression`, which may lose up to
 * 64 KiB of sound bytes before a corrupt place, and for an xz member inside an xz archive.
 */
export async function* unxz(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (busy) throw new StreamFault('decompression', 'xz inside xz is not supported');
  busy = true;
  const source = chunks[Symbol.asyncIterator]();
  let ended = false;
  let failure: unknown;
  // a CommonJS package: its names are seen by require only
  const { XzReadableStream } = createRequire(import.meta.url)('xz-decompress') as typeof import('xz-decompress');
  const compressed = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await source.next();
          if (done) {
            ended = true;
            controller.close();
          } else controller.enqueue(value);
        } catch (error) {
          failure = error; // of the source
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  const reader = new XzReadableStream(compressed as never).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (value.length > 0) yield value;
    }
  } catch (error) {
    if (failure !== undefined) throw failure;
    const code = /error code (\d+)/.exec(messageOf(error))?.[1] ?? '';
    if (ended && code === '8') throw new StreamFault('truncated', 'the xz stream ends before its end mark');
    throw new StreamFault('decompression', `xz: ${CODES[code] ?? messageOf(error)}`);
  } finally {
    // a decoder that is not cancelled keeps the lock
    await reader.cancel().catch(() => {});
    await source.return?.();
    busy = false;
  }
}
