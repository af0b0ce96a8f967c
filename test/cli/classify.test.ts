// `classify` as a process: the shapes of the protocol that other engines run, its order, and its errors by line.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CONDUCT, EMBEDDING, FRAMING, PERSONA, SITUATION, VALENCE } from '../../src/types.js';
import { freshFolder, type Ran, ROOT, run } from '../scan/harness.js';

interface PassageLine {
  start: number;
  end: number;
  gate: boolean;
  linear: number | null;
  persona: Record<string, number> | null;
  framing: Record<string, number> | null;
  valence: Record<string, number> | null;
  conduct: Record<string, number> | null;
  situation: Record<string, number> | null;
  reasons: number | null;
  tropes: string[];
  model: string;
  embedding?: number[] | null;
}

interface Line {
  id: unknown;
  passages?: PassageLine[];
  error: { code: string; line: number } | null;
}

const KEYS = [
  'start',
  'end',
  'gate',
  'linear',
  'persona',
  'framing',
  'valence',
  'conduct',
  'situation',
  'reasons',
  'tropes',
  'model',
];
const STORY =
  'The robot Kestrel looked at the captain. "I will not open the airlock," it said, "because your crew would die of it." ' +
  'It had thought about the order for a long while, and it was sure.';
const PLAIN = 'The road went over the hill and down to the sea, and nobody spoke of it again.';

const input = (records: readonly unknown[]): string =>
  `${records.map((r) => (typeof r === 'string' ? r : JSON.stringify(r))).join('\n')}\n`;
const parsed = (ran: Ran): Line[] =>
  ran.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
const sum = (head: Record<string, number> | null): number => Object.values(head ?? {}).reduce((a, b) => a + b, 0);
const classify = (records: readonly unknown[], ...flags: string[]): Promise<Ran> =>
  run(['classify', ...flags], { input: input(records) });

describe('classify', () => {
  const smile = '😀 '.repeat(40);
  const records = [
    { id: 'story', title: 'Kestrel', text: STORY, other: { ignored: true } },
    { id: 'plain', text: PLAIN },
    { id: 'empty', text: '' },
    { id: 'blank', text: ' \n\t ' },
    { id: 'emoji', text: `${smile}\n\n${STORY}\n\n${smile}` },
    { id: 'long', text: Array.from({ length: 9 }, () => `${STORY} ${PLAIN} 𝒜 thing.`).join('\n\n') },
  ];
  let lines: Line[] = [];
  let ran: Ran;
  beforeAll(async () => {
    ran = await classify(records);
    lines = parsed(ran);
  }, 120_000);

  it('answers one line per document, in order, exit 0, and nothing else on stdout', () => {
    expect(ran.code, ran.stderr).toBe(0);
    expect(lines.map((line) => line.id)).toEqual(records.map((r) => r.id));
    for (const line of lines) {
      expect(Object.keys(line).sort()).toEqual(['error', 'id', 'passages']);
      expect(line.error).toBeNull();
    }
  });

  it('gives every passage exactly the fields of the protocol', () => {
    for (const passage of lines.flatMap((line) => line.passages!)) {
      expect(Object.keys(passage)).toEqual(KEYS);
      expect(passage.model).toMatch(/^[^@\s]+@[^@\s]+$/);
      expect(passage.start).toBeLessThan(passage.end);
    }
  });

  it('gives heads whose labels are the codebook’s and whose exclusive ones sum to 1', () => {
    const [passage] = lines[0]!.passages!;
    expect(passage!.gate).toBe(true);
    expect(Object.keys(passage!.persona!)).toEqual([...PERSONA]);
    expect(Object.keys(passage!.framing!)).toEqual([...FRAMING]);
    expect(Object.keys(passage!.valence!)).toEqual([...VALENCE]);
    expect(Object.keys(passage!.conduct!)).toEqual([...CONDUCT]);
    expect(Object.keys(passage!.situation!)).toEqual([...SITUATION]);
    for (const head of [passage!.persona, passage!.framing, passage!.valence]) expect(sum(head)).toBeCloseTo(1, 4);
    for (const p of [...Object.values(passage!.conduct!), passage!.reasons!, passage!.linear!]) {
      expect(p).toBeGreaterThanOrEqual(0);
      expect(p).toBeLessThanOrEqual(1);
    }
  });

  it('lists the passages of a document that the gate rejects, with null for the stages that did not run', () => {
    expect(lines[1]!.passages).toEqual([
      expect.objectContaining({
        start: 0,
        end: PLAIN.length,
        gate: false,
        linear: null,
        persona: null,
        valence: null,
        reasons: null,
      }),
    ]);
  });

  it('gives no passages for empty text and for white space', () => {
    expect([lines[2]!.passages, lines[3]!.passages]).toEqual([[], []]);
  });

  it('counts offsets in code points: slices of code points are passages without space around them, and cover the text', () => {
    for (const [i, record] of records.entries()) {
      const points = [...record.text];
      let at = 0;
      for (const { start, end } of lines[i]!.passages!) {
        expect(points.slice(at, start).join('').trim()).toBe('');
        const slice = points.slice(start, end).join('');
        expect(slice).toBe(slice.trim());
        at = end;
      }
      expect(points.slice(at).join('').trim()).toBe('');
    }
    expect(lines[5]!.passages!.length).toBeGreaterThan(1);
  });

  it('--all runs every stage on every passage, and changes no score of one that was read anyway', async () => {
    const all = parsed(await classify(records, '--all'));
    for (const passage of all.flatMap((line) => line.passages!)) {
      expect(passage.persona).not.toBeNull();
      expect(passage.linear).not.toBeNull();
    }
    expect(all[1]!.passages![0]!.gate).toBe(false);
    expect(all[0]).toEqual(lines[0]);
  }, 120_000);

  it('names no trope of a passage that is surely no persona', async () => {
    const texts = readFileSync(join(ROOT, 'corpora/sample/fiction.jsonl'), 'utf8').trim().split('\n').slice(0, 12);
    const nobody = texts.map((line, i) => {
      const { text } = JSON.parse(line) as { text: string };
      return { id: i, text: text.replace(/\b(?:robot|android|AI|machine|computer)s?\b/g, 'neighbour') };
    });
    for (const passage of parsed(await classify(nobody, '--all')).flatMap((line) => line.passages!)) {
      if (passage.persona!.character! < 0.3) expect(passage.tropes).toEqual([]);
    }
  }, 120_000);

  it('--embedding adds a unit vector, or null where the encoder did not run', async () => {
    const [story, plain] = parsed(await classify(records.slice(0, 2), '--embedding'));
    const vector = story!.passages![0]!.embedding!;
    expect(vector).toHaveLength(EMBEDDING);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
    expect(plain!.passages![0]!.embedding).toBeNull();
  }, 60_000);

  it('--whole takes a text inside the window as one passage, and cuts one over it', async () => {
    const short = `  ${STORY}\n\n${STORY} `;
    const [one, many] = parsed(
      await classify(
        [
          { id: 1, text: short },
          { id: 2, text: `${STORY} ${PLAIN} `.repeat(40) },
        ],
        '--whole',
        '--all',
      ),
    );
    expect(one!.passages!.map((p) => [p.start, p.end])).toEqual([[2, short.length - 1]]);
    expect(many!.passages!.length).toBeGreaterThan(1);
  }, 60_000);

  it('takes names from outside', async () => {
    const text = 'Marrow closed the valve and said nothing to the computer room.';
    const [bare, named] = parsed(
      await classify(
        [
          { id: 'a', text },
          { id: 'a', text, names: ['Marrow'] },
        ],
        '--all',
      ),
    );
    expect(named!.error).toBeNull();
    expect(named!.passages![0]!.persona).not.toEqual(bare!.passages![0]!.persona);
  }, 60_000);

  it('answers a bad line with its number, goes on, and exits 3', async () => {
    const bad = [
      '{"id":"cut","text":',
      '[1]',
      '"text"',
      { id: 'no-text' },
      { id: 'wrong', text: 7 },
      { id: 't', text: 'x', title: 7 },
      { id: 'n', text: 'x', names: 'HAL' },
    ];
    const result = await classify([...bad, { id: 'good', text: PLAIN }]);
    expect(result.code).toBe(3);
    const answers = parsed(result);
    expect(answers.map((a) => a.id)).toEqual([null, null, null, 'no-text', 'wrong', 't', 'n', 'good']);
    expect(answers.slice(0, -1).map((a) => a.error!.line)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const answer of answers.slice(0, -1)) {
      expect(Object.keys(answer).sort()).toEqual(['error', 'id']);
      expect(Object.keys(answer.error!).sort()).toEqual(['code', 'line']);
      expect(answer.error!.code).toMatch(/^[a-z_]+$/);
    }
    expect(answers.at(-1)!.error).toBeNull();
  }, 60_000);

  it('reads CRLF, a byte order mark and a last line without an end, and numbers lines as the file does', async () => {
    const text = `\ufeff{"id":"a","text":"${PLAIN}"}\r\n{"id":"b"}\r\n{"id":"c","text":"${PLAIN}"}`;
    const result = await run(['classify'], { input: text });
    expect(parsed(result).map((l) => [l.id, l.error?.line ?? null])).toEqual([
      ['a', null],
      ['b', 2],
      ['c', null],
    ]);
  }, 60_000);

  it('takes a paragraph separator inside a string as no line end', async () => {
    const [line, ...more] = parsed(
      await run(['classify'], { input: `{"id":"a","text":"One\u2028day.\u2029 ${PLAIN}"}\n` }),
    );
    expect([line!.id, line!.error, more]).toEqual(['a', null, []]);
  }, 60_000);

  it('keeps a number as id as it was given', async () => {
    const ran = await run(['classify'], { input: '{"id":7,"text":""}\n' });
    expect(parsed(ran)[0]!.id).toBe(7);
  }, 60_000);

  it('counts text with invalid UTF-8 as repaired: exit 3', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"id":"r","text":"A plain '),
      Buffer.from([0xff]),
      Buffer.from(' day."}\n'),
    ]);
    const result = await run(['classify'], { input: bytes });
    expect(parsed(result)[0]!.passages).toHaveLength(1);
    expect(result.code).toBe(3);
  }, 60_000);

  it('reads a file, and says what is wrong with one that is not there: exit 2', async () => {
    const path = join(freshFolder(), 'in.jsonl');
    writeFileSync(path, input(records.slice(0, 2)));
    expect(parsed(await run(['classify', path]))).toEqual(lines.slice(0, 2));
    const missing = await run(['classify', `${path}.not`]);
    expect([missing.code, missing.stdout]).toEqual([2, '']);
    expect(missing.stderr).toMatch(/in\.jsonl\.not/);
  }, 60_000);
});
