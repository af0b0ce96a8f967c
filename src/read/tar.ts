// Members of a tar archive (ustar, pax, GNU) as they stream by. Headers are decoded by tar-stream; the bytes between them are
// taken here, so that nothing is held and every member has its offset.
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import type { Member } from './archive.js';
import { byteReader } from './byte-reader.js';
import { messageOf, StreamFault } from './fault.js';

interface Header {
  readonly name: string;
  readonly size: number;
  /** `file`, `contiguous-file`, `directory`, `link`, …; null for an unknown one */
  readonly type: string | null;
}

interface Headers {
  /** Null for a block of zeros. Throws for a wrong checksum. */
  decode(block: Buffer, encoding?: string, allowUnknown?: boolean): Header | null;
  decodePax(bytes: Buffer): Readonly<Record<string, string | undefined>>;
  decodeLongPath(bytes: Buffer, encoding?: string): string;
}

const BLOCK = 512;
/** Bytes of a pax header or long name. */
const MOST_META = 1024 * 1024;

/**
 * Files of the archive in their order, links and devices as members that are left out; folders are none. Throws a
 * {@link StreamFault}: `truncated` where the archive ends inside a member or without its end mark, `bad_record` for a block
 * that is no header.
 */
export async function* tarMembers(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Member> {
  const { decode, decodePax, decodeLongPath } = createRequire(import.meta.url)('tar-stream/headers.js') as Headers;
  const reader = byteReader(chunks);
  let global: Readonly<Record<string, string | undefined>> = {};
  let pax: Readonly<Record<string, string | undefined>> = {};
  let longName: string | null = null;
  const cut = (): StreamFault =>
    reader.fault ?? new StreamFault('truncated', 'the tar archive ends before its end mark', reader.offset);
  try {
    for (;;) {
      const block = await reader.take(BLOCK);
      if (block.length < BLOCK) throw cut();
      let header: Header | null;
      try {
        header = decode(block, 'utf-8', true);
      } catch (error) {
        throw new StreamFault('bad_record', `tar: ${messageOf(error)}`, reader.offset - BLOCK);
      }
      if (header === null) break; // what follows the end mark is padding
      const size = pax['size'] === undefined || isMeta(header.type) ? header.size : Number(pax['size']);
      if (!Number.isSafeInteger(size) || size < 0) {
        throw new StreamFault('bad_record', 'tar: a member without a size', reader.offset - BLOCK);
      }
      const padding = (BLOCK - (size % BLOCK)) % BLOCK;
      if (isMeta(header.type)) {
        if (size > MOST_META)
          throw new StreamFault('bad_record', 'tar: a header over the limit', reader.offset - BLOCK);
        const bytes = await reader.take(size + padding);
        if (bytes.length < size + padding) throw cut();
        const meta = bytes.subarray(0, size);
        if (header.type === 'pax-global-header') global = { ...global, ...decodePax(meta) };
        else if (header.type === 'pax-header') pax = decodePax(meta);
        else if (header.type === 'gnu-long-path') longName = decodeLongPath(meta, 'utf-8');
        continue;
      }
      const path = longName ?? pax['path'] ?? global['path'] ?? header.name;
      const sparse = Object.keys(pax).some((key) => key.startsWith('GNU.sparse'));
      pax = {};
      longName = null;
      const offset = reader.offset;
      const end = offset + size;
      if (header.type === 'file' || header.type === 'contiguous-file') {
        const content = async function* (): AsyncGenerator<Uint8Array> {
          while (reader.offset < end) {
            const held = (await reader.peek(1)).length;
            if (held === 0) throw cut();
            yield await reader.take(Math.min(held, end - reader.offset));
          }
        };
        const refused = sparse
          ? ({ reason: 'bad_record', message: 'a sparse file is not read' } as const)
          : leftOut(path);
        yield { path, offset, content: refused ?? content() };
      } else if (header.type !== 'directory') {
        yield {
          path,
          offset,
          content: { reason: 'record_type', message: `a ${header.type ?? 'member of an unknown kind'}` },
        };
      }
      const rest = end + padding - reader.offset;
      if ((await reader.skip(rest)) < rest) throw cut();
    }
    if (reader.fault !== undefined) throw reader.fault;
  } finally {
    await reader.close();
  }
}

/** As in folders, hidden files are left out, and what macOS adds to archives. */
export function leftOut(path: string): { reason: 'hidden'; message: string } | null {
  const hidden = basename(path).startsWith('.') || path.split('/').includes('__MACOSX');
  return hidden ? { reason: 'hidden', message: 'a hidden file' } : null;
}

function isMeta(type: string | null): boolean {
  return type !== null && /^(?:pax-|gnu-long-)/.test(type);
}
