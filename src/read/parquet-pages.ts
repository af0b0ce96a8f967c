// Looks at the page headers of Parquet column chunks before they are decoded: hyparquet reads on for ever at the place that a
// header without its lengths names. Decodes no values, and leaves every other damage to the decoder.
import type { RowGroup } from 'hyparquet';

interface Bytes {
  slice(start: number, end: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/** Fields that must be there, by the page's type and the field of the page header that holds them (parquet.thrift). */
const REQUIRED = [
  { type: 0, id: 5, name: 'data page', fields: [1, 2] },
  { type: 2, id: 7, name: 'dictionary page', fields: [1] },
  { type: 3, id: 8, name: 'data page of version 2', fields: [1, 2, 3, 4, 5, 6] },
];

/** Thrift's compact protocol, as far as page headers need it. Throws `RangeError` where the bytes end. */
interface Cursor {
  readonly view: DataView;
  at: number;
}

/** What is wrong with the first page header of these columns that lacks a field or holds a negative one, or null. */
export async function unsoundPage(file: Bytes, group: RowGroup, columns: readonly string[]): Promise<string | null> {
  for (const column of columns) {
    const chunks = group.columns.flatMap(({ meta_data: meta }) => {
      if (meta?.path_in_schema[0] !== column) return [];
      // some writers put 0 where there is no dictionary
      const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
      const length = Number(meta.total_compressed_size);
      return start >= 0 && length > 0 ? [{ path: meta.path_in_schema.join('.'), start, end: start + length }] : [];
    });
    if (chunks.length === 0) continue;
    // all of a column at once, as the decoder asks for it: what was read for this is still there then
    const first = Math.min(...chunks.map((chunk) => chunk.start));
    let bytes: ArrayBuffer;
    try {
      bytes = await file.slice(first, Math.max(...chunks.map((chunk) => chunk.end)));
    } catch {
      continue; // a chunk that is not all there: the decoder says so
    }
    for (const { path, start, end } of chunks) {
      const found = firstUnsound({ view: new DataView(bytes, start - first, end - start), at: 0 });
      if (found !== null) return `column ${path}: ${found}`;
    }
  }
  return null;
}

function firstUnsound(cursor: Cursor): string | null {
  try {
    while (cursor.at < cursor.view.byteLength - 1) {
      const header = readStruct(cursor);
      for (const { type, id, name, fields } of REQUIRED) {
        if (header.get(1) !== type) continue;
        const inner = header.get(id);
        if (!(inner instanceof Map)) return `the header of a ${name} is not there`;
        for (const field of fields) {
          const value = inner.get(field);
          if (typeof value !== 'number' || value < 0) return `the header of a ${name} has no sound field ${field}`;
        }
      }
      const size = header.get(3);
      if (typeof size !== 'number' || size < 0) return 'a page header has no size';
      cursor.at += size;
    }
  } catch {
    // the headers cannot be followed further: the decoder stops there too
  }
  return null;
}

type Value = number | Map<number, Value> | null;

function readStruct(cursor: Cursor, depth = 0): Map<number, Value> {
  if (depth > 16) throw new RangeError('nested too deep');
  const fields = new Map<number, Value>();
  for (let id = 0; ; ) {
    const head = byte(cursor);
    if ((head & 15) === 0) return fields;
    id = head >> 4 === 0 ? zigzag(cursor) : id + (head >> 4);
    fields.set(id, readValue(cursor, head & 15, depth));
  }
}

/** Numbers and structs; everything else is passed over and is null. */
function readValue(cursor: Cursor, type: number, depth: number): Value {
  switch (type) {
    case 1:
    case 2:
      return null; // booleans stand in the field's head
    case 3:
      return byte(cursor);
    case 4:
    case 5:
    case 6:
      return zigzag(cursor);
    case 7:
      cursor.at += 8;
      return null;
    case 8: {
      const length = varint(cursor); // moves the cursor itself
      cursor.at += length;
      return null;
    }
    case 9:
    case 10: {
      const head = byte(cursor);
      const count = head >> 4 === 15 ? varint(cursor) : head >> 4;
      for (let i = 0; i < count; i++) {
        if ((head & 15) <= 2) byte(cursor);
        else readValue(cursor, head & 15, depth + 1);
      }
      return null;
    }
    case 12:
      return readStruct(cursor, depth + 1);
    default:
      throw new RangeError(`type ${type}`);
  }
}

function byte(cursor: Cursor): number {
  return cursor.view.getUint8(cursor.at++); // throws past the end
}

function varint(cursor: Cursor): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const next = byte(cursor);
    value += (next & 127) * factor;
    if (next < 128) return value;
    if (factor > 2 ** 63) throw new RangeError('a number without end');
  }
}

function zigzag(cursor: Cursor): number {
  const value = varint(cursor);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
