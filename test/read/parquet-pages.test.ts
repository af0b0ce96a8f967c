// Page headers that the decoder must not see: found before it is asked.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RowGroup } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { openParquet } from '../../src/read/parquet.js';
import { unsoundPage } from '../../src/read/parquet-pages.js';

const chunk = (hex: string) => {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
  const group = {
    num_rows: 2n,
    columns: [
      { meta_data: { path_in_schema: ['text'], data_page_offset: 0n, total_compressed_size: BigInt(bytes.length) } },
    ],
  } as unknown as RowGroup;
  return unsoundPage({ slice: (from, to) => bytes.slice(from, to).buffer }, group, ['text']);
};

describe('page headers', () => {
  it('tells of one without the fields of its type', async () => {
    // what the fuzzer found
    const found = '15061518151c15041504150015041500' + '15000000' + '03030a2401000000610100000032';
    expect(await chunk(found)).toMatch(/column text: the header of a data page of version 2/);
    // a sound header with two fields taken out, and with a negative length
    expect(await chunk('150615021502' + '5c1506150215063500' + '1200' + '00' + '00')).toMatch(/no sound field/);
    expect(await chunk('150615021502' + '5c150615021506150015011500' + '00' + '00' + '61')).toMatch(/no sound field 5/);
  });

  it('says nothing of sound headers, of bytes that end and of other columns', async () => {
    expect(await chunk('150615021502' + '5c150615021506150015001500' + '00' + '00' + '61')).toBeNull();
    expect(await chunk('1506')).toBeNull();
    expect(await chunk('')).toBeNull();
  });

  it('tells of data and dictionary pages without their counts, and of a page without its size', async () => {
    expect(await chunk('150015021502' + '2c' + '2500' + '00' + '00' + '61')).toMatch(/data page has no sound field 1/);
    expect(await chunk('150415021502' + '4c' + '2500' + '00' + '00' + '61')).toMatch(
      /dictionary page has no sound field 1/,
    );
    expect(await chunk('15001502' + '00' + '6161')).toMatch(/data page is not there/);
    expect(await chunk('15081502' + '00' + '6161')).toMatch(/no size/);
  });

  it('follows headers with statistics to the end of the chunk', async () => {
    // a dictionary of two, then a data page with least and most value in its statistics, then one without a size
    const dictionary = '150415041504' + '4c' + '1504' + '1500' + '12' + '00' + '00' + '6161';
    const page =
      '150015041504' +
      '2c' +
      '1504' +
      '1510' +
      '1506' +
      '1506' +
      '1c' +
      '180161' +
      '180162' +
      '00' +
      '00' +
      '00' +
      '6262';
    expect(await chunk(dictionary + page)).toBeNull();
    expect(await chunk(`${dictionary}${page}1508150200`)).toMatch(/no size/);
  });

  it('counts the rows of the group as bad records', async () => {
    const path = fileURLToPath(new URL('../fixtures/regressions/page-without-lengths.parquet', import.meta.url));
    const file = await openParquet(new Uint8Array(readFileSync(path)));
    const kinds: string[] = [];
    for await (const { records } of file.batches(['id', 'text'], 0)) {
      kinds.push(...records.map((r) => (r.kind === 'fault' ? r.reason : r.kind)));
    }
    expect(kinds).toEqual(['bad_record', 'bad_record', 'bad_record']);
  });
});
