// Members of a zip archive by its central directory, which yauzl reads; their bytes are decompressed here, and checked.
import { type FileHandle, open } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import yauzl from 'yauzl';
import type { Member } from './archive.js';
import { bunzip2 } from './bzip2.js';
import { messageOf, StreamFault } from './fault.js';
import { leftOut } from './tar.js';
import { through } from './through.js';
import { unxz } from './xz.js';
import { unzstd } from './zstd.js';

export interface ZipArchive {
  readonly members: AsyncIterable<Member>;
  /** compressed bytes of the members that were read so far */
  readonly compressedBytes: () => number;
  close(): Promise<void>;
}

type Entry = yauzl.Entry;

/** Compression methods and what undoes them. */
const METHODS: Readonly<Record<number, (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>>> = {
  0: (chunks) => chunks,
  8: inflate,
  12: bunzip2,
  93: unzstd,
  95: unxz,
};
const INPUT = 64 * 1024;

/** A zip archive that is no file: its bytes by place, and how many there are. */
export interface ZipSource {
  readonly reader: yauzl.RandomAccessReader;
  readonly size: number;
}

/**
 * Opens a zip archive by its path or source; members come in the order of the directory, folders are none. Throws a
 * {@link StreamFault} `truncated` when the directory, which stands at the end, is not there or not sound.
 */
export async function openZip(source: string | ZipSource): Promise<ZipArchive> {
  const handle = typeof source === 'string' ? await open(source, 'r') : null;
  let passed = 0;
  try {
    // names are decoded here: the package ends at the first one that is not good for a file system
    const options = { autoClose: false, lazyEntries: true, decodeStrings: false };
    const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
      const opened = (error: Error | null, found: yauzl.ZipFile): void => (error ? reject(error) : resolve(found));
      if (typeof source === 'string') yauzl.fromFd(handle!.fd, options, opened);
      else yauzl.fromRandomAccessReader(source.reader, source.size, options, opened);
    });
    const members = async function* (): AsyncGenerator<Member> {
      for (;;) {
        const entry = await nextEntry(zip);
        if (entry === null) return;
        const path = nameOf(entry);
        if (path.endsWith('/')) continue;
        yield { path, offset: -1, content: leftOut(path) ?? (await contentOf(zip, entry)) };
        passed += entry.compressedSize;
      }
    };
    return { members: members(), compressedBytes: () => passed, close: () => closed(handle) };
  } catch (error) {
    await closed(handle);
    throw new StreamFault('truncated', `no sound zip directory: ${messageOf(error)}`);
  }
}

async function closed(handle: FileHandle | null): Promise<void> {
  await handle?.close().catch(() => {});
}

function nextEntry(zip: yauzl.ZipFile): Promise<Entry | null> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      zip.removeAllListeners('entry').removeAllListeners('end').removeAllListeners('error');
      settle();
    };
    zip.once('entry', (entry: Entry) => done(() => resolve(entry)));
    zip.once('end', () => done(() => resolve(null)));
    zip.once('error', (error: unknown) =>
      done(() => reject(new StreamFault('bad_record', `the zip directory is broken: ${messageOf(error)}`))),
    );
    zip.readEntry();
  });
}

function nameOf(entry: Entry): string {
  const raw = entry.fileName as unknown as Buffer;
  const utf8 = (entry.generalPurposeBitFlag & 0x800) !== 0;
  const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, false);
  // archives of other systems hold UTF-8 without saying so
  return utf8 || !raw.some((byte) => byte > 127) || raw.toString('utf8').includes('\ufffd')
    ? name
    : raw.toString('utf8');
}

async function contentOf(zip: yauzl.ZipFile, entry: Entry): Promise<Member['content']> {
  if ((entry.generalPurposeBitFlag & 1) !== 0) return { reason: 'bad_record', message: 'an encrypted member' };
  const undo = METHODS[entry.compressionMethod];
  if (undo === undefined) {
    return { reason: 'bad_record', message: `the compression method ${entry.compressionMethod} is not supported` };
  }
  const raw = async function* (): AsyncGenerator<Uint8Array> {
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      const options = { decodeFileData: false } as unknown as yauzl.ZipFileOptions;
      zip.openReadStream(entry, options, (error, found) => (error ? reject(error) : resolve(found)));
    }).catch((error: unknown) => {
      throw new StreamFault('bad_record', `zip: ${messageOf(error)}`);
    });
    try {
      yield* stream as AsyncIterable<Buffer>;
    } catch (error) {
      throw new StreamFault('truncated', `zip: ${messageOf(error)}`);
    }
  };
  return checked(undo(raw()), entry);
}

/** The bytes, and a fault behind them when they are not those that were put in. */
async function* checked(chunks: AsyncIterable<Uint8Array>, entry: Entry): AsyncGenerator<Uint8Array> {
  let sum = 0;
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > entry.uncompressedSize) {
      throw new StreamFault('decompression', 'zip: a member is larger than its directory says');
    }
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (size < entry.uncompressedSize || sum !== entry.crc32) {
    throw new StreamFault('decompression', 'zip: a member is not what its directory says (size or checksum)');
  }
}

async function* inflate(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks)
      for (let at = 0; at < chunk.length; at += INPUT) yield chunk.subarray(at, at + INPUT);
  };
  const source = pieces();
  try {
    yield* through(source, createInflateRaw());
  } catch (error) {
    if (error instanceof StreamFault) throw error;
    const cut = (error as { code?: unknown }).code === 'Z_BUF_ERROR';
    throw new StreamFault(cut ? 'truncated' : 'decompression', `zip: ${messageOf(error)}`);
  } finally {
    await source.return(undefined);
  }
}
