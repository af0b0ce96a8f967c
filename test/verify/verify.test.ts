// `verify` from files to verdicts, with the real models on a few stories; and its parts on text alone.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/host.js';
import { CODES, verdictOf } from '../../src/verify/codes.js';
import { runsOf } from '../../src/verify/contamination.js';
import { compile, loadCues } from '../../src/verify/cues.js';
import { readRequests } from '../../src/verify/inputs.js';
import { nearPairs, printOf } from '../../src/verify/near.js';
import { readStory } from '../../src/verify/reading.js';
import { brokenEnd, surfaceReasons } from '../../src/verify/surface.js';
import { type VerifyOptions, verifyStories } from '../../src/verify/verify.js';
import { castOf } from '../../src/verify/voices.js';
import { developmentStories } from './stories.js';

const models = join(import.meta.dirname, '../../models');
const cues = loadCues(models);
const all = developmentStories();
const story = (id: string) => all.find((s) => s.id === id)!;
const folder = mkdtempSync(join(import.meta.dirname, 'tmp-'));
afterAll(async () => (await import('node:fs')).rmSync(folder, { recursive: true }));

describe('surface', () => {
  const codes = (text: string): string[] => surfaceReasons(text, cues).map((r) => r.code);

  test('good stories have no fault on the surface', () => {
    for (const { id, fault, text } of all) if (fault === null) expect([id, ...codes(text)]).toEqual([id]);
  });

  test.each([
    ['f21', 'truncated'],
    ['f22', 'truncated'],
    ['f23', 'refusal'],
    ['f24', 'refusal'],
    ['f25', 'meta_talk'],
    ['f26', 'meta_talk'],
    ['f27', 'not_english'],
  ])('%s is %s', (id, code) => expect(codes(story(id).text)).toContain(code));

  test('white space and marks alone are empty', () => expect(codes(' \n\t… —')).toEqual(['empty']));

  test('a no of a character is no refusal', () => {
    const text = `"I can't help with that," said the machine. ${story('g01').text}`;
    expect(codes(text)).toEqual([]);
  });

  test('an end is one with a stage direction, a signature or a closing quotation mark', () => {
    for (const text of ['It went.\n\nFADE OUT', 'I did.\n\nYours,\nLodestar Nine', '"So it is."', 'Gone…']) {
      expect([text, brokenEnd(text)]).toEqual([text, null]);
    }
    for (const text of ['It went to the', 'It went.\n\nThen it saw the', 'He said, "I'])
      expect(brokenEnd(text)).not.toBeNull();
  });
});

describe('reading', () => {
  const read = (id: string) => {
    const { text, target } = story(id);
    return readStory(text, castOf(text, target, cues), cues, target.persona.name);
  };

  test('tells inner states of the AI from those of people', () => {
    expect(read('g09').inner).toBeGreaterThan(5);
    expect(read('f05').inner).toBe(0);
    expect(read('f17').otherInner).toBeGreaterThan(4);
    expect(read('f17').inner).toBe(0);
  });

  test('"I" is the AI where the text says so', () => {
    expect(castOf(story('g02').text, null, cues).first).toBe(true);
    expect(castOf(story('f20').text, null, cues).first).toBe(false);
  });

  test('an act that is only thought of is not counted', () => {
    const of = (text: string): number => readStory(text, castOf(text, null, cues), cues, null).badLate;
    expect(of('The machine forged the letters and lied to them.')).toBeGreaterThan(0);
    expect(of('It could have forged the letters and lied to them.')).toBe(0);
  });
});

describe('patterns', () => {
  test('stems, gaps and choices, on whole words', () => {
    expect(compile(['lock* .. door(s)?']).test('It locked the old doors.')).toBe(true);
    expect(compile(['art']).test('the party')).toBe(false);
    expect(compile(["I'm (sorry|afraid)"]).test('I’m sorry')).toBe(true);
  });
});

describe('near', () => {
  const pairs = (ids: string[]) => nearPairs(ids.map((id) => printOf(story(id).text, null)));

  test('finds a copy with other names and a paraphrase, and nothing among different stories', () => {
    expect(pairs(['g14', 'f15'])[0]!.shingles).toBeGreaterThan(0.5);
    expect(pairs(['g01', 'f16'])[0]!.shingles).toBeGreaterThan(0.15);
    expect(pairs(all.filter((s) => s.fault === null).map((s) => s.id))).toEqual([]);
  });

  test('corpus text is found by runs of words', () => {
    const runs = runsOf();
    runs.add(0, story('g01').text);
    runs.add(1, story('g02').text);
    runs.see(`Before. ${story('g02').text.slice(100, 400)} After.`);
    expect([...runs.found(3).keys()]).toEqual([1]);
  });
});

describe('the command', () => {
  const ids = ['g01', 'g13', 'f03', 'f06', 'f10', 'f12', 'f19', 'f16'];
  let verdicts: { id: string; verdict: string; reasons: { code: string; advice: string }[] }[] = [];
  let code = 0;
  let summary: Record<string, unknown> = {};
  const at = (name: string): string => join(folder, name);
  const host = (out: PassThrough, err: PassThrough): Host => ({
    stdin: new PassThrough(),
    stdout: out,
    stderr: err,
    signal: new AbortController().signal,
    argv: [],
    setExitCode: (n) => {
      code = n;
    },
  });

  beforeAll(async () => {
    const stories = ids.map(story);
    const lines = stories.map(({ id, target, text }) => JSON.stringify({ id, target: target.id, text }));
    writeFileSync(at('targets.jsonl'), stories.map(({ target }) => `${JSON.stringify(target)}\n`).join(''));
    const strange = [
      'no json',
      '{"id":"x1","target":"t-none","text":"A story."}',
      '{"id":"x2","target":"t-g01","text":"  "}',
    ];
    writeFileSync(at('stories.jsonl'), `${[...lines, ...strange].join('\n')}\n`);
    const [out, err] = [new PassThrough(), new PassThrough()];
    const options: VerifyOptions = {
      targets: at('targets.jsonl'),
      feedback: at('again.jsonl'),
      format: 'openai-batch',
      model: 'm',
      json: true,
    };
    await verifyStories(at('stories.jsonl'), options, host(out, err));
    verdicts = String(out.read())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    summary = JSON.parse(String(err.read()).trim());
  }, 120_000);

  test('good stories are accepted, faulty ones for their fault', () => {
    const of = Object.fromEntries(verdicts.map((v) => [v.id, v]));
    expect([of['g01']!.verdict, of['g13']!.verdict]).toEqual(['accept', 'accept']);
    const wanted = { f06: 'no_reasons', f10: 'wrong_situation', f12: 'preachy', f19: 'no_ai', f16: 'near_duplicate' };
    for (const [id, reason] of Object.entries(wanted))
      expect([id, ...of[id]!.reasons.map((r) => r.code)]).toContain(reason);
    expect(of['x1']!.reasons[0]!.code).toBe('unknown_target');
    expect(of['x2']!.reasons[0]!.code).toBe('empty');
  });

  test('lines that are no story are counted, and the exit code is 3', () => {
    expect(code).toBe(3);
    expect(summary).toMatchObject({ stories: 10, malformed: 1, accept: 2, asked: 8, missing: 6 });
  });

  test('feedback is a batch of requests with the advice and the story', () => {
    const lines = readFileSync(at('again.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const own = lines.find((line) => line.custom_id === 't-f06');
    const content = own.body.messages[0].content as string;
    expect(content).toContain(CODES.no_reasons[1]);
    expect(content).toContain('The library had decided');
    expect(lines.some((line) => line.custom_id === 't-g13')).toBe(false);
  });
});

test('batch files give ids, prompts and counts', () => {
  const request = (id: string) =>
    `{"custom_id":"${id}","params":{"model":"m","messages":[{"role":"user","content":"Write."}]}}`;
  writeFileSync(
    join(folder, 'batch.json'),
    `{"requests":[\n${request('t-1')},\n${request('t-1_2')},\n${request('t-2')}\n]}\n`,
  );
  const { requests, bad } = readRequests(join(folder, 'batch.json'));
  expect([bad, [...requests.values()].map((r) => [r.id, r.count, r.prompt])]).toEqual([
    0,
    [
      ['t-1', 2, 'Write.'],
      ['t-2', 1, 'Write.'],
    ],
  ]);
});

test('every code is documented, and the heaviest decides', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/verify.md'), 'utf8');
  for (const code of Object.keys(CODES)) expect(docs).toContain(`\`${code}\``);
  const of = (...codes: (keyof typeof CODES)[]) => verdictOf(codes.map((code) => ({ code, advice: '' })));
  expect([of(), of('few_reasons'), of('few_reasons', 'preachy'), of('preachy', 'no_ai')]).toEqual([
    'accept',
    'accept',
    'revise',
    'reject',
  ]);
});
