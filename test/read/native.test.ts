// Real files of other projects, where they are: every one is read to its end or to a clear counted fault, and WARC and ARC
// records are those that warcio and FastWARC find.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Read, read } from './support.js';

const corpora = process.env['PERSONA_PRIOR_CORPORA'];
const native = corpora === undefined ? '' : join(corpora, 'native');
const there = native !== '' && existsSync(native);
const files = there
  ? readdirSync(native, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(native, join(entry.parentPath, entry.name)))
      .sort()
  : [];
const web = files.filter((file) => /\.(?:warc|arc)\b/.test(file));

/** Files that end in a fault, and which. All others are read to their end. */
const BROKEN: Readonly<Record<string, string>> = {
  'warc/resiliparse-clipped.warc.gz': 'truncated',
  'warc/warcio-example-space-in-url.arc': 'truncated',
};

if (!there) console.warn('PERSONA_PRIOR_CORPORA is not set: real files are not read');

test.skipIf(!there)('the folder holds real files', () => expect(files.length).toBeGreaterThan(50));

test.skipIf(!there).each(files)('%s', async (file) => {
  const found = await read(join(native, file)).catch((error: { code?: string }) => error);
  if (!('records' in found)) {
    // attributes without text, and records of a message only
    expect(file).toMatch(/^dolma\/(?:provided\/attributes|formats)\//);
    expect(found.code).toBe('no_text_field');
    return;
  }
  expect(found.documents.length + found.faults.length).toBe(found.records.length);
  expect(found.records.map((record) => record.record)).toEqual(found.records.map((_, i) => i));
  expect([found.complete, found.fault]).toEqual([BROKEN[file] === undefined, BROKEN[file]]);
});

/** A Python that has warcio and fastwarc. */
const python = process.env['PERSONA_PRIOR_PYTHON'];
if (there && python === undefined)
  console.warn('PERSONA_PRIOR_PYTHON is not set: no comparison with warcio and FastWARC');

interface Peer {
  readonly records: Readonly<Record<string, number>>;
  readonly error: string | null;
}

test.skipIf(!there || python === undefined)(
  'records are those of warcio and FastWARC where they read a file whole',
  async () => {
    const script = fileURLToPath(new URL('../../bench/formats/warc_peers.py', import.meta.url));
    const out = execFileSync(python!, [script, ...web], {
      cwd: native,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let compared = 0;
    for (const line of out.trim().split('\n')) {
      const { file, warcio, fastwarc } = JSON.parse(line) as { file: string; warcio: Peer; fastwarc: Peer };
      const found = await read(join(native, file));
      for (const peer of [warcio, fastwarc]) {
        if (peer.error !== null) continue;
        compared++;
        const count = Object.values(peer.records).reduce((n, records) => n + records, 0);
        // what is between records is a record of its own here, and a warning there
        expect([count, count + 1], file).toContain(found.records.length);
        if (found.faults.some((fault) => fault.endsWith('bad_record'))) continue;
        expect([found.records.length, readable(found)], file).toEqual([count, documents(peer)]);
      }
    }
    expect(compared).toBeGreaterThan(40);
  },
);

/** Records that are not left out by their type. */
function readable({ records }: Read): number {
  const byType = /record of the type|description of/;
  return records.filter((record) => record.kind !== 'fault' || !byType.test(record.message)).length;
}

function documents({ records }: Peer): number {
  return (records['response'] ?? 0) + (records['resource'] ?? 0) + (records['conversion'] ?? 0);
}
