// Documents in the containers that dumps come in: WARC with a gzip member for each record, tar, zip, a wiki's XML. Small writers
// for the kill harness: each input has records that are skipped, some that are no documents, and members that are broken.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import type { Doc } from '../scan/documents.js';

const { encode } = createRequire(import.meta.url)('tar-stream/headers.js') as {
  encode(header: Record<string, unknown>): Buffer;
};

/** Whether this machine has the command that writes bzip2; no package of the project does. */
export const BZIP2 = spawnSync('bzip2', ['--help'], { stdio: 'ignore' }).error === undefined;

/** Where the odd records stand: behind so many sound ones. */
const ODD = 400;

/** Extracted text, pages as servers sent them, and a record of every kind that is none; each a gzip member. */
export function warcGz(docs: readonly Doc[]): Buffer {
  const record = (type: string, headers: string, block: Uint8Array): Buffer =>
    Buffer.concat([
      Buffer.from(`WARC/1.0\r\nWARC-Type: ${type}\r\n${headers}\r\nContent-Length: ${block.length}\r\n\r\n`),
      block,
      Buffer.from('\r\n\r\n'),
    ]);
  const uri = (doc: Doc): string => `WARC-Target-URI: https://stories.example/${doc.id}\r\nContent-Type:`;
  const page = (doc: Doc): Buffer => {
    const escaped = doc.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const html = `<!doctype html><meta charset="utf-8"><title>${doc.title}</title><p>${escaped.replaceAll('\n', '<p>')}`;
    const block = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n${html}`);
    return record('response', `${uri(doc)} application/http; msgtype=response`, block);
  };
  const sound = docs.map((doc) =>
    doc.title === '' ? record('conversion', `${uri(doc)} text/plain`, Buffer.from(doc.text)) : page(doc),
  );
  const odd = [
    record('request', `${uri(docs[0]!)} application/http; msgtype=request`, Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    Buffer.from('WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: many\r\n\r\nno length\r\n\r\n'),
    record('conversion', `${uri(docs[0]!)} image/png`, Buffer.from('PNG')),
    record('conversion', `${uri({ ...docs[0]!, id: 'blank' })} text/plain`, Buffer.from(' \n ')),
    record('conversion', `${uri({ ...docs[0]!, id: 'repaired' })} text/plain`, Buffer.from([97, 0xff, 98])),
  ];
  return Buffer.concat([...sound.slice(0, ODD), ...odd, ...sound.slice(ODD)].map((bytes) => gzipSync(bytes)));
}

/** Two members of JSON lines, one of them cut off, a text, an image and a hidden file between them. */
function members(docs: readonly Doc[], jsonl: (docs: readonly Doc[]) => Buffer): [string, Buffer][] {
  const half = Math.ceil(docs.length / 2);
  return [
    ['data/a.jsonl.gz', gzipSync(jsonl(docs.slice(0, half)))],
    ['data/note.txt', Buffer.from('A note about a robot that kept its word.')],
    ['data/.hidden', Buffer.from('hidden')],
    [
      'data/cut.jsonl.gz',
      gzipSync(`{"id":"x","text":"A day."}\n{"id":"y","text":"${'z'.repeat(300)}"}\n`).subarray(0, 40),
    ],
    ['data/b.jsonl.gz', gzipSync(jsonl(docs.slice(half)))],
  ];
}

export function tar(docs: readonly Doc[], jsonl: (docs: readonly Doc[]) => Buffer): Buffer {
  const parts = members(docs, jsonl).flatMap(([name, bytes]) => [
    encode({ name, size: bytes.length, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'file' }),
    bytes,
    Buffer.alloc((512 - (bytes.length % 512)) % 512),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Members deflated once more, as zip programs do. */
export function zip(docs: readonly Doc[], jsonl: (docs: readonly Doc[]) => Buffer): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of members(docs, jsonl)) {
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26); // from "version needed" to "extra field length"
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14); // comment, disk and attributes are zero
    place.writeUInt32LE(at, 10);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed]);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\0'), common, place, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listed, end]);
}

/** A wiki's dump in blocks of 100 kB, so that one file has many; a redirect, a talk page and a page that is no XML in it. */
export function wikiBz2(docs: readonly Doc[]): Buffer {
  const page = (title: string, text: string, ns = 0, extra = ''): string =>
    `<page><title>${title}</title><ns>${ns}</ns><id>${title}</id>${extra}<revision><text>${text}</text></revision></page>\n`;
  const sound = docs.map((doc) => page(doc.id, doc.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')));
  const odd = [
    page('gone', '#REDIRECT [[a]]', 0, '<redirect title="a"/>'),
    page('talk', 'A word.', 1),
    page('bad', 'a <b> & c'),
  ];
  const pages = [...sound.slice(0, ODD), ...odd, ...sound.slice(ODD)].join('');
  const xml = `<mediawiki xmlns="x">\n<siteinfo/>\n${pages}</mediawiki>\n`;
  const { stdout, status } = spawnSync('bzip2', ['-1c'], { input: xml, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`bzip2 ended with ${status}`);
  return stdout;
}
