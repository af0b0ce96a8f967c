// Wiki dumps and archives that are broken, odd or hostile; and the compressions that Node cannot write.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Compression, decompress } from '../../src/read/compression.js';
import { wikitextToText } from '../../src/read/wikitext.js';
import { xxh32 } from '../../src/read/xxh32.js';
import { bytesOf, chunked, read, temporary } from './support.js';

const at = (name: string): string => fileURLToPath(new URL(`../fixtures/formats/${name}`, import.meta.url));
const JSONL = readFileSync(at('documents.jsonl'));

describe.each([
  ['bzip2', 'bz2'],
  ['xz', 'xz'],
  ['lz4', 'lz4'],
] as const)('%s', (compression: Compression, extension) => {
  const whole = readFileSync(at(`documents.jsonl.${extension}`));
  const decoded = (bytes: Uint8Array, size = 1000) => bytesOf(decompress(chunked(bytes, [size]), compression));

  test('wherever chunks end', async () => {
    for (const size of [1, 7, 4096, 1e6])
      expect(await decoded(whole, size)).toEqual({ bytes: JSONL, error: undefined });
  });

  test('a cut keeps what came before and is truncated', async () => {
    for (const share of [0.2, 0.5, 0.8, 0.99]) {
      const { bytes, error } = await decoded(whole.subarray(0, Math.floor(whole.length * share)));
      expect(error).toMatchObject({ reason: 'truncated', offset: bytes.length });
      expect(bytes.equals(JSONL.subarray(0, bytes.length))).toBe(true);
    }
  });

  test('a corrupt place keeps what is sound before it', async () => {
    const broken = Buffer.from(whole);
    broken.fill(0xff, whole.length - 900, whole.length - 850);
    const { bytes, error } = await decoded(broken);
    expect(error).toMatchObject({ reason: 'decompression' });
    expect(bytes.equals(JSONL.subarray(0, bytes.length))).toBe(true);
    expect(bytes.length).toBeGreaterThan(2000);
  });

  test('bytes behind the end are a fault', async () => {
    const { bytes, error } = await decoded(Buffer.concat([whole, Buffer.from('garbage garbage garbage')]));
    expect((error as { reason: string }).reason).toMatch(/^(decompression|truncated)$/);
    // xz may lose the last 64 KiB before the place that it refuses
    if (compression === 'xz') expect(bytes.equals(JSONL.subarray(0, bytes.length))).toBe(true);
    else expect(bytes.equals(JSONL)).toBe(true);
  });
});

test('xxHash-32 gives the published sums, in any pieces', () => {
  const hash = (...parts: string[]): number => {
    const made = xxh32();
    for (const part of parts) made.update(Buffer.from(part));
    return made.digest();
  };
  expect(hash('')).toBe(0x02cc5d05);
  expect(hash('a')).toBe(0x550d7456);
  expect(hash('abc')).toBe(0x32d153ff);
  expect(hash('Nobody inspects the spammish repetition')).toBe(0xe2293b2f);
  expect(hash('Nobody ins', 'pects the spammish repet', '', 'ition')).toBe(0xe2293b2f);
});

describe('MediaWiki', () => {
  const page = (id: number, text: string, extra = '<ns>0</ns>'): string =>
    `<page><title>P${id}</title>${extra}<id>${id}</id><revision><id>9</id><text>${text}</text></revision></page>\n`;
  const dump = (...pages: string[]): string => `<mediawiki xmlns="x">\n<siteinfo/>\n${pages.join('')}</mediawiki>\n`;

  test('a page that is no XML costs only itself', async () => {
    const found = await read(temporary('a.xml', dump(page(1, 'One.'), page(2, 'a <b> & c'), page(3, 'Three.'))));
    expect(found.documents.map((d) => d.id)).toEqual(['1', '3']);
    expect(found).toMatchObject({ format: 'mediawiki', faults: ['1 malformed'], complete: true });
  });

  test('of a history the last revision counts', async () => {
    const history = page(1, 'Old.').replace('</revision>', '</revision><revision><text>New.</text></revision>');
    const found = await read(temporary('a.xml', `<?xml version="1.0"?>\n${dump(history)}`));
    expect(found.documents).toEqual([{ id: '1', title: 'P1', text: 'New.', names: [] }]);
  });

  test('a dump without its end is incomplete', async () => {
    const whole = dump(page(1, 'One.'), page(2, 'Two.'));
    for (const [cut, faults] of [
      [13, []],
      [40, ['1 truncated']],
    ] as const) {
      const found = await read(temporary('a.xml', whole.slice(0, -cut)));
      expect(found).toMatchObject({ faults, complete: false, fault: 'truncated' });
    }
  });

  test('a page over the limit is passed over', async () => {
    const found = await read(temporary('a.xml', dump(page(1, 'x'.repeat(9000)), page(2, 'Two.'))), {
      recordLimit: 4000,
    });
    expect(found.documents.map((d) => d.id)).toEqual(['2']);
    expect(found.faults).toEqual(['0 too_long']);
  });

  test('invalid UTF-8 is told for its page', async () => {
    const found = await read(temporary('a.xml', Buffer.from(dump(page(1, 'caf\u00e9'), page(2, 'Two.')), 'latin1')));
    expect(found.repaired).toEqual(['1']);
  });
});

describe('wikitext', () => {
  test.each([
    ["'''Bold''' and ''italic''.", 'Bold and italic.'],
    ['[[Lamp]], [[Lamp|lamps]] and [[:Category:Lamps]]', 'Lamp, lamps and Category:Lamps'],
    ['[[File:a.jpg|thumb|A [[lamp]] here]]Text.[[Category:Lamps]][[de:Lampe]]', 'Text.'],
    ['{{Infobox|a={{b|c}}}}Text{{cn}}.', 'Text.'],
    ['A<ref name="x">{{cite|t}}</ref> b<ref name="x"/> c<!-- d -->.', 'A b c.'],
    [
      '== Head ==\nText.\n* one\n** two\n# three\n----\n{| class="a"\n| cell\n|}\nEnd.',
      'Head\nText.\none\ntwo\nthree\n\n\nEnd.',
    ],
    ['[https://a.example The site] and [https://b.example].', 'The site and .'],
    ['a&nbsp;b &mdash; &#x41; &amp;lt;', 'a\u00a0b — A &lt;'],
    ["<nowiki>'''[[kept]]''' {{too}}</nowiki>", "'''[[kept]]''' {{too}}"],
    ['<math>x^2</math>y<br/>z <span class="a">w</span> __NOTOC__', 'y\nz w'],
    ['unclosed {{ and [[ and <ref>', 'unclosed {{ and [[ and'],
    ['}} ]] |} stay', '}} ]] |} stay'],
  ])('%j', (wikitext, text) => {
    expect(wikitextToText(wikitext)).toBe(text.replace(/\n{3,}/g, '\n\n'));
  });

  test.each([
    '{{',
    '[[',
    "'",
    '<ref>',
    '<!--',
    '[http:a ',
    '= ',
    '&',
    '{|\n',
    ']]',
    ' ',
    '<a ',
    '=',
    '\udbff',
    '<nowiki>',
  ])(
    'takes linear time for many %j',
    (piece) => {
      wikitextToText(piece.repeat(300_000));
    },
    10_000,
  );
});

describe('tar', () => {
  const { encode } = createRequire(import.meta.url)('tar-stream/headers.js') as {
    encode(header: object): Buffer | null;
  };
  const member = (name: string, content: string | Uint8Array, extra: object = {}): Buffer => {
    const bytes = Buffer.from(content as string);
    const header = encode({
      name,
      size: bytes.length,
      mode: 0o644,
      mtime: new Date(0),
      type: 'file',
      uid: 0,
      gid: 0,
      ...extra,
    })!;
    return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
  };
  const END = Buffer.alloc(1024);
  const archive = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, END]);
  const JSON_LINES = '{"id":"a","text":"one"}\n{"id":"b","text":"two"}\n';

  test('a member that is no dump, or breaks, is counted, and the next one is read', async () => {
    const content = archive(
      member('a.txt', 'First.'),
      member('b.png', Buffer.from('\x89PNG....', 'latin1')),
      member('c.jsonl.gz', gzipSync(JSON_LINES.repeat(2000)).subarray(0, -30)),
      member('d.parquet', 'no Parquet'),
      member('e.tar', archive(member('x.txt', 'x'))),
      member('link', '', { type: 'symlink', linkname: 'a.txt' }),
      member('bare.jsonl', '{"message":"x"}\n{"message":"y"}\n'),
      member('z.txt', 'Last.'),
    );
    const found = await read(temporary('a.tar', content));
    expect(found.documents.at(0)).toMatchObject({ id: 'a.txt', text: 'First.' });
    expect(found.documents.at(-1)).toMatchObject({ id: 'z.txt', text: 'Last.' });
    const reasons = found.faults.map((fault) => fault.split(' ')[1]);
    expect(reasons.filter((r) => r === 'no_text')).toHaveLength(2);
    expect(new Set(reasons)).toEqual(new Set(['media_type', 'truncated', 'bad_record', 'record_type', 'no_text']));
    expect(found).toMatchObject({ complete: false, fault: 'truncated' });
  });

  test('an archive that is cut, or has no end, is incomplete; a broken header ends it', async () => {
    const two = Buffer.concat([member('a.txt', 'First.'), member('b.txt', 'Second, '.repeat(200))]);
    for (const [content, fault, documents] of [
      [two.subarray(0, -1100), 'truncated', 1],
      [two, 'truncated', 2],
      [Buffer.concat([two, Buffer.alloc(512, 'x'), END]), 'bad_record', 2],
    ] as const) {
      const found = await read(temporary('a.tar', content));
      expect(found.documents).toHaveLength(documents);
      expect(found).toMatchObject({ complete: false, fault });
    }
  });

  test('every member has its own fields, and resuming knows them', async () => {
    const content = archive(
      member('a.jsonl', '{"url":"u1","content":"One."}\n{"url":"u2","content":"Two."}\n'),
      member('b.csv', 'name,review\nN,Three.\n'),
      member('c.jsonl', JSON_LINES),
    );
    const path = temporary('a.tar', content);
    const whole = await read(path);
    expect(whole.documents.map((d) => [d.id, d.title, d.text])).toEqual([
      ['u1', null, 'One.'],
      ['u2', null, 'Two.'],
      ['file#2', 'N', 'Three.'],
      ['a', null, 'one'],
      ['b', null, 'two'],
    ]);
    const rest = await read(path, { skipRecords: 2, skipBytes: 1, textField: 'text', idField: 'id', members: {} });
    expect(rest.records).toEqual(whole.records.slice(2));
  });

  test('long names by GNU and pax headers', async () => {
    const long = `${'deep/'.repeat(60)}a.txt`;
    const pax = `path=${long}\n`;
    const line = `${pax.length + 4} ${pax}`;
    const gnu = member('././@LongLink', `${long}\0`);
    gnu[156] = 'L'.charCodeAt(0);
    const fixed = (block: Buffer): Buffer => {
      block.write('        ', 148);
      const sum = block.subarray(0, 512).reduce((n, byte) => n + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return block;
    };
    for (const header of [fixed(gnu), member('pax', line, { type: 'pax-header' })]) {
      const found = await read(temporary('a.tar', archive(header, member('short', 'Text.'))));
      expect(found.documents.map((d) => d.id)).toEqual([long]);
    }
  });

  test('an empty archive is complete', async () => {
    expect(await read(temporary('a.tar', END))).toMatchObject({ format: 'tar', records: [], complete: true });
  });
});

describe('zip', () => {
  const whole = readFileSync(at('texts.zip'));

  test('without its directory nothing is read, and it is incomplete', async () => {
    const found = await read(temporary('a.zip', whole.subarray(0, whole.length - 200)));
    expect(found).toMatchObject({ format: 'zip', records: [], complete: false, fault: 'truncated' });
  });

  test('a member that is not what was put in is counted, the others are read', async () => {
    const sound = await read(at('texts.zip'));
    const broken = Buffer.from(whole);
    // the second member is stored: one of its bytes
    broken[broken.indexOf('It waved')]! ^= 1;
    const found = await read(temporary('a.zip', broken));
    expect(found.documents.length).toBe(sound.documents.length - 1);
    expect(found).toMatchObject({ complete: false, fault: 'decompression' });
    expect(found.faults).toContain('1 truncated');
  });

  test('encrypted members are counted', async () => {
    const locked = Buffer.from(whole);
    for (let at = locked.indexOf('PK\x01\x02'); at >= 0; at = locked.indexOf('PK\x01\x02', at + 4))
      locked[at + 8]! |= 1;
    const found = await read(temporary('a.zip', locked));
    expect(found.documents).toEqual([]);
    expect(found.faults.every((fault) => /bad_record|hidden/.test(fault))).toBe(true);
  });
});
