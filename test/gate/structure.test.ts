import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRecord } from '../../src/gate/structure.js';

const keys = ['text', 'id'].map((k) => Buffer.from(k));
function check(text: string): { answer: string; text?: string; id?: string } {
  const bytes = Buffer.from(text);
  const spans = new Int32Array(4);
  const answer = checkRecord(bytes, 0, bytes.length, keys, spans);
  const at = (i: number): string | undefined =>
    spans[i]! >= 0 ? bytes.toString('utf8', spans[i]!, spans[i + 1]!) : undefined;
  const [t, id] = [at(0), at(2)];
  return { answer, ...(t === undefined ? {} : { text: t }), ...(id === undefined ? {} : { id }) };
}

describe('checkRecord', () => {
  it('finds top-level strings only, and the last of equal keys', () => {
    expect(check('{"a":{"text":"no"},"text":"one","id":"x","text":"two"}')).toEqual({
      answer: 'object',
      text: 'two',
      id: 'x',
    });
    expect(check('{"text":7}')).toEqual({ answer: 'object' });
    expect(check(' {"text" : "a \\" b" , "l":[1,-2.5e3,true,null,[],{}]} ')).toEqual({
      answer: 'object',
      text: 'a \\" b',
    });
  });

  it.each([
    '{"text":"a"',
    '{"text":"a"}}',
    '{"text":"a",}',
    '{"text" "a"}',
    '{text:"a"}',
    '{"text":"a" "b":1}',
    '{"a":[1,]}',
    '{"a":01}',
    '{"a":tru}',
    '{"a":[}',
    '{"a"}',
    '{,}',
    '',
    '{"text":"a"} x',
    '{"a":1,,"b":2}',
    '{"a":.5}',
  ])('calls %j malformed', (text) => {
    expect(check(text).answer).toBe('malformed');
    expect(() => JSON.parse(text)).toThrow();
  });

  it('leaves other values and escaped keys to the parser', () => {
    for (const text of ['[1]', '"a"', '1', '{"te\\u0078t":"a"}']) expect(check(text).answer).toBe('unsure');
  });

  it('agrees with JSON.parse on objects and on their mutations', () => {
    const mutated = fc
      .tuple(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.nat(),
        fc.constantFrom('', '"', '}', ',', '[', ':', '\\', '1'),
        fc.nat(2),
      )
      .map(([value, at, insert, remove]) => {
        const json = JSON.stringify(value);
        const i = at % (json.length + 1);
        return json.slice(0, i) + insert + json.slice(i + remove);
      });
    fc.assert(
      fc.property(mutated, (text) => {
        const { answer } = check(text);
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (answer === 'malformed') expect(valid).toBe(false);
        // bad escapes and control characters inside strings are the gate's to see
        if (answer === 'object' && !valid) expect(text).toMatch(/\\/);
      }),
      { numRuns: 3000 },
    );
  });
});
