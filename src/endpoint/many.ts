// Many requests at once, and an end to them that loses nothing: what is under way is finished, nothing new begins.
import pMap, { pMapSkip } from 'p-map';
import { EndpointError } from './error.js';

/**
 * Calls `ask` for the items as they come, `concurrency` at a time; reads no item before there is room for it. An
 * {@link EndpointError} that says more than of its own request (budget, access, rate, stopped) ends it after what is under
 * way, and is what it returns; null when all items were asked. Other errors are thrown.
 */
export async function askMany<T>(
  items: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  ask: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<EndpointError | null> {
  let end: EndpointError | null = null;
  const stopped = (): boolean => end !== null || signal?.aborted === true;
  async function* open(): AsyncGenerator<T> {
    for await (const item of items) {
      if (stopped()) return;
      yield item;
    }
  }
  await pMap(
    open(),
    async (item) => {
      if (stopped()) return pMapSkip;
      try {
        await ask(item);
      } catch (error) {
        if (!(error instanceof EndpointError) || error.local) throw error;
        end ??= error;
      }
      return pMapSkip;
    },
    { concurrency },
  );
  return end ?? (signal?.aborted ? new EndpointError('stopped', 'interrupted') : null);
}
