// WARC and ARC records, and what of the web becomes text: codings, encodings, markup.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeWeb } from '../../src/read/charset.js';
import { htmlToText } from '../../src/read/html.js';
import { pageOfResponse } from '../../src/read/web-page.js';
import { read, temporary } from './support.js';

const record = (type: string, url: string, block: string | Buffer, extra = 'Content-Type: text/plain'): Buffer =>
  Buffer.concat([
    Buffer.from(
      `WARC/1.0\r\nWARC-Type: ${type}\r\nWARC-Target-URI: ${url}\r\n${extra}\r\nContent-Length: ${Buffer.byteLength(block)}\r\n\r\n`,
    ),
    Buffer.from(block),
    Buffer.from('\r\n\r\n'),
  ]);
const text = (name: string): Buffer => record('conversion', `http://a.example/${name}`, `The text ${name}.`);
const ids = (found: { documents: readonly { id: string }[] }): string[] =>
  found.documents.map(({ id }) => id.replace('http://a.example/', ''));

describe('WARC', () => {
  test('what is between records and is none costs only itself', async () => {
    const content = Buffer.concat([
      text('a'),
      Buffer.from('garbage\nmore\r\n'),
      text('b'),
      Buffer.from('\r\n\n'),
      text('c'),
    ]);
    const found = await read(temporary('a.warc', content));
    expect(ids(found)).toEqual(['a', 'b', 'c']);
    expect(found).toMatchObject({ faults: ['1 bad_record'], complete: true });
  });

  test('a header without a sound length is counted, and the next record is found', async () => {
    const bad = Buffer.from('WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: abc\r\n\r\nsome text\r\n\r\n');
    const cut = Buffer.from('WARC/1.0\r\nWARC-Type: conversion\r\n');
    const found = await read(temporary('a.warc', Buffer.concat([bad, text('a'), cut, text('b')])));
    expect(ids(found)).toEqual(['a', 'b']);
    expect(found.faults).toEqual(['0 bad_record', '2 bad_record']);
  });

  test('a file that ends inside a record or a header is incomplete', async () => {
    const whole = Buffer.concat([text('a'), text('b')]);
    for (const cut of [10, 60, whole.length / 2 - 12]) {
      for (const name of ['a.warc', 'a.warc.gz']) {
        const content = whole.subarray(0, whole.length - Math.floor(cut));
        const bytes = name === 'a.warc' ? content : gzipSync(whole).subarray(0, gzipSync(whole).length - 12);
        const found = await read(temporary(name, bytes));
        expect(found).toMatchObject({ complete: false, fault: 'truncated' });
        expect(found.faults.every((fault) => fault.endsWith('truncated'))).toBe(true);
      }
    }
  });

  test('a record over the limit is passed over', async () => {
    const long = record('conversion', 'http://a.example/long', 'x'.repeat(5000));
    const found = await read(temporary('a.warc', Buffer.concat([long, text('a')])), { recordLimit: 1000 });
    expect(ids(found)).toEqual(['a']);
    expect(found.faults).toEqual(['0 too_long']);
  });

  test('the URL is the id, also where wget put brackets round it; without one it is the record id', async () => {
    const bracketed = record('resource', '<http://a.example/w>', 'Text.');
    const without = Buffer.from(
      'WARC/1.0\nWARC-Type: resource\nWARC-Record-ID: <urn:x:1>\nContent-Type: text/plain\nContent-Length: 5\n\nText.\n\n',
    );
    const found = await read(temporary('a.warc', Buffer.concat([bracketed, without])));
    expect(ids(found)).toEqual(['w', '<urn:x:1>']);
  });

  test('records that hold no document are told apart from faults', async () => {
    const http = (status: string, type: string): Buffer =>
      record(
        'response',
        'http://a.example/x',
        `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n\r\n<p>Body`,
        'Content-Type: application/http',
      );
    const content = Buffer.concat([
      record('request', 'x', 'GET /'),
      record('revisit', 'x', ''),
      http('200 OK', 'image/png'),
      http('404 Not Found', 'text/html'),
      http('200 OK', 'text/html'),
    ]);
    const found = await read(temporary('a.warc', content));
    expect(found.faults).toEqual(['0 record_type', '1 record_type', '2 media_type', '3 http_status']);
    expect(found.documents.map((d) => d.text)).toEqual(['Body']);
  });
});

test('ARC of version 2 has ten columns, and a URL may hold spaces', async () => {
  const fields =
    '2 0 Stories\nURL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename Archive-length\n';
  const body = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nThe text.';
  const content =
    `filedesc://a.arc 0.0.0.0 20260101000000 text/plain 200 - - 0 a.arc ${fields.length}\n${fields}\n` +
    `http://a.example/b c 127.0.0.1 20260101000000 text/html 200 - - 300 a.arc ${body.length}\n${body}\n`;
  const found = await read(temporary('a.arc', content));
  expect(found.documents).toEqual([{ id: 'http://a.example/b c', title: null, text: 'The text.', names: [] }]);
  expect(found).toMatchObject({ format: 'arc', faults: ['0 record_type'], complete: true });
});

describe('HTTP bodies', () => {
  const page = Buffer.from('<title>T</title><p>The text 🤖.');
  const made = async (headers: string, body: Buffer) =>
    pageOfResponse(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n${headers}\r\n\r\n`),
        body,
      ]),
      1e6,
    );
  const good = { title: 'T', text: 'The text 🤖.', repaired: false };
  const chunk = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)};a=b\r\n`), bytes, Buffer.from('\r\n')]);

  test.each([
    ['gzip', 'Content-Encoding: gzip', gzipSync(page)],
    ['deflate', 'content-encoding: deflate', deflateSync(page)],
    ['raw deflate', 'Content-Encoding: deflate', deflateRawSync(page)],
    ['brotli', 'Content-Encoding: br', brotliCompressSync(page)],
    ['stored decoded, headers kept', 'Content-Encoding: gzip', page],
    ['stored decoded, brotli', 'Content-Encoding: br', page],
    [
      'chunked',
      'Transfer-Encoding: chunked',
      Buffer.concat([chunk(page.subarray(0, 9)), chunk(page.subarray(9)), Buffer.from('0\r\n\r\n')]),
    ],
    ['chunked without its end', 'Transfer-Encoding: chunked', chunk(page)],
    ['chunked only by its header', 'Transfer-Encoding: chunked', page],
    ['chunked and gzip', 'Transfer-Encoding: chunked\r\nContent-Encoding: gzip', chunk(gzipSync(page))],
  ])('%s', async (_, headers, body) => {
    expect(await made(headers, body)).toEqual(good);
  });

  test('a cut gzip body gives what it has, a corrupt one is a bad record, a bomb is too long', async () => {
    const long = Buffer.from(`<p>${Array.from({ length: 9000 }, (_, i) => i * 7919).join(' ')}`);
    const packed = gzipSync(long);
    expect(await made('Content-Encoding: gzip', packed.subarray(0, packed.length >> 1))).toMatchObject({ title: null });
    const corrupt = Buffer.from(packed);
    corrupt.fill(0xff, 20, 200);
    expect(await made('Content-Encoding: gzip', corrupt)).toMatchObject({ reason: 'bad_record' });
    expect(await made('Content-Encoding: gzip', gzipSync(Buffer.alloc(2e6)))).toMatchObject({ reason: 'too_long' });
  });
});

describe('encodings', () => {
  const bytes = (...values: number[]): Buffer => Buffer.from(values);
  const cyrillic = bytes(0xcc, 0xe0, 0xf8, 0xe8, 0xed, 0xe0); // "Машина" in windows-1251
  const meta = (charset: string, body: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`<html><meta charset="${charset}"><p>`), body]);

  test('the mark wins over the header, the header over the page, the page over detection', () => {
    expect(decodeWeb(Buffer.from('\ufeffé'), 'windows-1251', true)).toMatchObject({ text: 'é', encoding: 'utf-8' });
    expect(decodeWeb(Buffer.from('\ufeffhi', 'utf16le'), null, false)).toMatchObject({
      text: 'hi',
      encoding: 'utf-16le',
    });
    expect(decodeWeb(bytes(0xfe, 0xff, 0, 0x68), null, false)).toMatchObject({ text: 'h', encoding: 'utf-16be' });
    expect(decodeWeb(cyrillic, 'windows-1251', true).text).toBe('Машина');
    expect(decodeWeb(meta('koi8-r', cyrillic), 'cp1251', true).text).toContain('Машина');
    expect(decodeWeb(meta('windows-1251', cyrillic), null, true).text).toContain('Машина');
    expect(decodeWeb(meta('windows-1251', cyrillic), 'nonsense', true).text).toContain('Машина');
    const declared = Buffer.concat([Buffer.from('<?xml version="1.0" encoding="windows-1251"?>'), cyrillic]);
    expect(decodeWeb(declared, null, true).text).toContain('Машина');
  });

  test('without a word about it valid UTF-8 is UTF-8, the rest is detected', () => {
    expect(decodeWeb(Buffer.from('Машина 🤖'), null, false)).toMatchObject({ encoding: 'utf-8', repaired: false });
    const sentence = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([cyrillic, Buffer.from(' ')])));
    expect(decodeWeb(sentence, null, false).text).toContain('Машина');
    expect(decodeWeb(bytes(0x63, 0x61, 0x66, 0xe9), null, false).text).toBe('café');
  });

  test('windows-1252 has its quotes on every Node version, and Latin-1 and ASCII are windows-1252', () => {
    for (const label of ['windows-1252', 'iso-8859-1', 'us-ascii']) {
      expect(decodeWeb(bytes(0x93, 0x49, 0x92, 0x94, 0x80), label, false).text).toBe('“I’”€');
    }
  });

  test('bytes that the encoding does not have are told', () => {
    expect(decodeWeb(bytes(0x41, 0xff), 'utf-8', false)).toMatchObject({ text: 'A\ufffd', repaired: true });
    expect(decodeWeb(bytes(0x41, 0x81, 0x20), 'shift_jis', false)).toMatchObject({ repaired: true });
    expect(decodeWeb(bytes(0x82, 0xa0), 'shift_jis', false)).toMatchObject({ text: 'あ', repaired: false });
  });
});

describe('HTML', () => {
  test('gives the text that a browser shows, without what stands around it', () => {
    const page = htmlToText(`<!doctype html><html><head><title> The\n <b>lamp</b> &amp; more</title><style>p{}</style>
      <script>var a = "<p>no</p>";</script></head><body><nav><ul><li>Home</ul></nav><h1>Head</h1><p>One <b>two</b>
      three&nbsp;four &mdash; &#x1F916;.<ul><li>a<li>b</ul><table><tr><td>c<td>d<tr><td>e</table>
      <pre>\n x\n   y</pre><noscript>ns</noscript><svg><title>s</title><text>s</text></svg>l1<br>l2
      <a href="http://x">link</a><img alt="image"><footer>Imprint</footer></body></html>`);
    expect(page.title).toBe('The <b>lamp</b> & more');
    expect(page.text).toBe('Head\n\nOne two three\u00a0four — 🤖.\n\na\nb\n\nc\td\ne\n\n x\n   y\n\nl1\nl2 link');
  });

  test('a menu that is never closed does not swallow the page', () => {
    expect(htmlToText('<nav><p>Menu<p>The text.').text).toBe('Menu\n\nThe text.');
    expect(htmlToText('<p>Before<script>never closed').text).toBe('Before');
    expect(htmlToText('<title>T</title><p>No body element.')).toEqual({ title: 'T', text: 'No body element.' });
    expect(htmlToText('<head><title>T</title><p>No end of the head.').text).toBe('No end of the head.');
  });

  test.each([
    ['100,000 open elements', '<div>'.repeat(100_000)],
    ['nested svg', '<svg>'.repeat(100_000)],
    ['open tables', '<table><tr><td>'.repeat(30_000)],
    ['less-than signs', '<'.repeat(500_000)],
    ['open titles', '<title'.repeat(80_000)],
    ['open attributes', `<a ${'x="'.repeat(150_000)}`],
    ['ampersands', '&'.repeat(500_000)],
  ])(
    'takes linear time for %s',
    (_, page) => {
      htmlToText(page);
    },
    10_000,
  );
});
