// Ways to damage bytes, as data that fast-check can draw and shrink.
import fc from 'fast-check';

export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'splice'; readonly at: number; readonly other: number; readonly from: number };

/** Places are shares of the length, so that they mean something in inputs of any size. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

/** What readers look at: structure, quotes, escapes, lengths, end marks, broken UTF-8. */
const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  ',',
  ':',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\\u0000',
  '\\ud800',
  '""',
  'null',
  '1e999',
  '[[[[[[[[',
  '{"text":',
  '"text":"a robot"',
  '\ufeff',
  '\u2028',
  '<',
  '>',
  '&#x110000;',
  '<!--',
  'WARC/1.0\r\n',
  'Content-Length: 99999999999\r\n',
  'Content-Length: -1\r\n',
  '\r\n\r\n',
  'PAR1',
  'PK\u0003\u0004',
  '\u001f',
].map((token) => Buffer.from(token));
const BROKEN = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x1f, 0x8b, 8],
  [0x28, 0xb5, 0x2f, 0xfd],
];

const token = fc.constantFrom<Uint8Array>(...TOKENS, ...BROKEN.map((bytes) => Uint8Array.from(bytes)));
const bytes = fc.oneof(token, token, fc.uint8Array({ maxLength: 40 }));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({
    kind: fc.constant('set' as const),
    at: place,
    value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 10, 34, 92),
  }),
  fc.record({ kind: fc.constant('insert' as const), at: place, bytes }),
  fc.record({ kind: fc.constant('remove' as const), at: place, length: fc.integer({ min: 1, max: 64 }) }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: place,
    length: fc.integer({ min: 1, max: 64 }),
    times: fc.integer({ min: 2, max: 50 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('splice' as const), at: place, other: fc.nat({ max: 1000 }), from: place }),
);

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(mutation, { minLength: 1, maxLength: 5 });

/** Where an input is cut into chunks: at a few places, seldom at every byte. */
export const cuts: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 60, arbitrary: fc.array(place, { minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constant<number[]>([-1]) },
);

/** The bytes after all mutations; `others` are what a splice goes on with. */
export function mutated(original: Uint8Array, how: readonly Mutation[], others: readonly Uint8Array[]): Uint8Array {
  let now = Buffer.from(original);
  for (const step of how) {
    const at = Math.floor(step.at * now.length);
    const [before, after] = [now.subarray(0, at), now.subarray(at)];
    switch (step.kind) {
      case 'flip':
        if (now.length > 0) now[at]! ^= 1 << step.bit;
        break;
      case 'set':
        if (now.length > 0) now[at] = step.value;
        break;
      case 'insert':
        now = Buffer.concat([before, step.bytes, after]);
        break;
      case 'remove':
        now = Buffer.concat([before, after.subarray(step.length)]);
        break;
      case 'repeat':
        now = Buffer.concat([before, ...Array(step.times).fill(after.subarray(0, step.length)), after]);
        break;
      case 'cut':
        now = Buffer.from(before);
        break;
      case 'splice': {
        const other = others[step.other % Math.max(1, others.length)] ?? original;
        now = Buffer.concat([before, other.subarray(Math.floor(step.from * other.length))]);
        break;
      }
    }
  }
  return now;
}
