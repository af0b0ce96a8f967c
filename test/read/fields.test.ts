// Fields of known dumps, the choice without a preset, and records as documents.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseFields,
  chooseMapping,
  extractDocument,
  parseJsonRecord,
  topLevelFields,
} from '../../src/read/fields.js';
import { PRESETS } from '../../src/read/presets.js';
import { read, temporary } from './support.js';

describe('the choice of fields', () => {
  test.each([
    [
      { text: 'x', content: 'y', id: 1, title: 't' },
      { text: 'text', id: 'id', title: 'title' },
    ],
    [
      { raw_content: 'x', url: 'u', headline: 'h' },
      { text: 'raw_content', id: 'url', title: 'headline' },
    ],
    [
      { body: 'x', uri: 'u', url: 'v' },
      { text: 'body', id: 'url', title: null },
    ],
    [
      { text: 7, content: 'x', id: null, doc_id: 'd' },
      { text: 'content', id: 'doc_id', title: null },
    ],
    [
      { text: 'x', meta: { title: 't', url: 'u' } },
      { text: 'text', id: 'meta.url', title: 'meta.title' },
    ],
    [
      { text: 'x', meta: '{"url": "u"}' },
      { text: 'text', id: 'meta.url', title: null },
    ],
  ])('%j', (record, mapping) => {
    expect(chooseFields([record], {})).toEqual(mapping);
  });

  test('all of the first records are looked at', () => {
    expect(
      chooseFields(
        [
          { text: null, story: 'x' },
          { text: 'y', id: 'i' },
        ],
        {},
      ),
    ).toEqual({ text: 'text', id: 'id', title: null });
  });

  test('what the user names goes before the preset, and the preset before the usual names', () => {
    const record = { text: 'x', body: 'y', id: 'i', key: 'k', a: { b: 'z' } };
    expect(chooseFields([record], { preset: 'reddit' })).toMatchObject({ text: 'body', id: 'id' });
    expect(chooseFields([{ selftext: 'x', title: 't' }], { preset: 'reddit' })).toMatchObject({
      text: 'selftext',
      title: 'title',
    });
    expect(chooseFields([record], { preset: 'reddit', textField: 'a.b', idField: 'key' })).toMatchObject({
      text: 'a.b',
      id: 'key',
    });
    expect(chooseFields([record], { preset: 'pile' })).toEqual({ text: 'text', id: null, title: null });
  });

  test('what cannot be chosen is refused with what was found', () => {
    expect(() => chooseFields([{ message: 'x', n: 1 }], {})).toThrow(/fields found: message, n/);
    expect(() => chooseFields([{ text: 'x' }], { textField: 'nope' })).toThrow(/no record has text in the field nope/);
    expect(() => chooseFields([{ body: 'x' }], { preset: 'c4' })).toThrow(/no record has text in the field text/);
    expect(() => chooseFields([{ text: 'x' }], { preset: 'nope' })).toThrow(/unknown preset nope/);
    expect(() => chooseMapping([], 'text', { preset: 'constructor' })).toThrow(/unknown preset/);
  });

  test('every preset that the documentation names is there', () => {
    for (const name of [
      'fineweb',
      'c4',
      'pile',
      'dolma',
      'redpajama',
      'dclm',
      'common-corpus',
      'wikipedia',
      'pg19',
      'openwebtext',
      'stackexchange',
      'reddit',
    ]) {
      expect(PRESETS[name]?.text.length).toBeGreaterThan(0);
    }
  });

  test('columns of a table: those that could be asked for, or all when none holds text', () => {
    expect(topLevelFields(['text', 'x', 'meta', 'title', 'url'], {})).toEqual(['text', 'url', 'meta', 'title']);
    expect(topLevelFields(['a', 'b'], { textField: 'a.c' })).toEqual(['a']);
    expect(topLevelFields(['a', 'b'], {})).toEqual(['a', 'b']);
  });
});

describe('records as documents', () => {
  const mapping = { text: 'text', id: 'id', title: 'title' };
  const document = (fields: Record<string, unknown>) => extractDocument(fields, mapping, 'f#0');

  test.each([
    ['a number as id', { id: 7 }, '7'],
    ['a large integer as id', { id: 12345678901234567890n }, '12345678901234567890'],
    ['an empty id', { id: '' }, 'f#0'],
    ['no id', {}, 'f#0'],
    ['an object as id', { id: {} }, 'f#0'],
    ['zero as id', { id: 0 }, '0'],
  ])('%s', (_, fields, id) => {
    expect(document({ ...fields, text: 'x' })).toEqual({
      document: { id, title: null, text: 'x', names: [] },
      repaired: false,
    });
  });

  test('only a string with characters is a title', () => {
    for (const title of [null, 7, '', ['t']])
      expect(document({ text: 'x', title })).toMatchObject({ document: { title: null } });
    expect(document({ text: 'x', title: 't' })).toMatchObject({ document: { title: 't' } });
  });

  test('a name with a dot goes before the path', () => {
    const fields = { 'a.b': 'whole', a: { b: 'path' } };
    expect(extractDocument(fields, { ...mapping, text: 'a.b' }, 'f')).toMatchObject({ document: { text: 'whole' } });
    expect(extractDocument({ a: { b: 'path' } }, { ...mapping, text: 'a.b' }, 'f')).toMatchObject({
      document: { text: 'path' },
    });
  });

  test('names of an object of JavaScript are no fields', () => {
    expect(extractDocument({}, { ...mapping, text: 'constructor.name' }, 'f')).toMatchObject({
      fault: { reason: 'no_text' },
    });
    const parsed = parseJsonRecord(Buffer.from('{"__proto__":{"text":"x"}}'));
    expect('fields' in parsed && document(parsed.fields)).toMatchObject({ fault: { reason: 'no_text' } });
  });

  test('text is well-formed afterwards, and repaired is told exactly when something was lost', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom('a', '\ud800', '\udfff', '\ud83e', '\udd16', '\ufffd') }),
        (a, b) => {
          const text = `x${a}${b}`;
          const made = document({ text });
          if (!('document' in made)) throw new Error('expected a document');
          const wellFormed = Buffer.from(text).toString(); // UTF-8 has no lone surrogates
          expect(made.document.text).toBe(wellFormed);
          expect(made.repaired).toBe(wellFormed !== text);
        },
      ),
    );
  });
});

test('a message about broken JSON does not quote the text', () => {
  for (const json of [
    '{"text": "secret words',
    '{"text": secret}',
    '{"text" "secret"}',
    'secret words and more of them',
  ]) {
    const parsed = parseJsonRecord(Buffer.from(json));
    expect('fault' in parsed && parsed.fault.message).toMatch(/^(?!.*(secret|words)).+$/);
  }
});

describe('integers beyond 2^53', () => {
  const digits = ['9007199254740993', '-9007199254740995', '123456789012345678901234567890'];

  test('keep their digits as ids, in JSONL and in arrays', async () => {
    const rows = digits.map((id) => `{"text":"a {\\"id\\": ${id}7}","id": ${id},"meta":{"id":${id}},"n":1e20}`);
    for (const path of [temporary('big.jsonl', rows.join('\n')), temporary('big.json', `[${rows.join(',')}]`)]) {
      expect((await read(path)).documents.map((d) => d.id)).toEqual(digits);
      expect((await read(path, { idField: 'meta.id' })).documents.map((d) => d.id)).toEqual(digits);
    }
  });

  test('a record of nothing else costs no more than others', () => {
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 0]))).replaceAll(
      ':0',
      `:${digits[0]}`,
    );
    expect(parseJsonRecord(Buffer.from(many))).toHaveProperty('fields');
  }, 1500);
});
