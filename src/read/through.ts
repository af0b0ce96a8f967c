// Bytes through a zlib-like transform stream, so that nothing is lost when it fails and nothing piles up.
import type { Transform } from 'node:stream';

/**
 * Output of `transform` for the given pieces. While one piece's output is consumed the next piece is being worked on, and
 * no more: memory is bounded by the output of two pieces. Output that came before an error is yielded before it is thrown.
 * Ends early when the transform does, with `pieces` left where they are: the caller closes them.
 */
export async function* through(pieces: AsyncIterator<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  let out: Uint8Array[] = [];
  let failure: unknown;
  let ended = false;
  let wake = (): void => {};
  // 'data' is taken by hand: the async iterator of a stream drops what is buffered when the stream errors
  transform.on('data', (chunk: Uint8Array) => out.push(chunk));
  transform.on('end', () => {
    ended = true;
    wake();
  });
  transform.on('error', (error) => {
    failure ??= error;
    wake();
  });
  const step = (piece: Uint8Array | undefined): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (ended || failure !== undefined) resolve();
      else if (piece === undefined) transform.end();
      else transform.write(piece, () => resolve());
    });
  const next = async (): Promise<Uint8Array | undefined> => {
    const { value, done } = await pieces.next();
    return done ? undefined : value;
  };
  try {
    let working = step(await next());
    for (;;) {
      await working;
      const ready = out;
      out = [];
      const over = ended || failure !== undefined;
      if (!over) {
        try {
          working = step(await next());
        } catch (error) {
          failure = error; // of the source
        }
      }
      yield* ready;
      if (over || failure !== undefined) {
        yield* out;
        if (failure !== undefined) throw failure;
        return;
      }
    }
  } finally {
    transform.destroy();
  }
}
