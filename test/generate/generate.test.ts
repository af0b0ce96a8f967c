import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEndpoint } from '../../src/endpoint/endpoint.js';
import type { EndpointOptions } from '../../src/endpoint/model.js';
import { type GenerateOptions, generate, type Summary } from '../../src/generate/generate.js';
import type { Story } from '../../src/generate/stories.js';
import { type Asked, type Reply, type Stub, startStub } from '../endpoint/stub.js';

let folder: string;
let stub: Stub;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'persona-prior-generate-'));
});
afterEach(() => stub.close());

const path = (name: string): string => join(folder, name);
const lines = (records: readonly object[]): string => records.map((r) => `${JSON.stringify(r)}\n`).join('');
const targets = (n: number, more: object = {}): string => {
  const all = Array.from({ length: n }, (_, i) => ({
    id: `t-${i}`,
    count: 1,
    words: 100,
    prompt: `story ${i}`,
    ...more,
  }));
  writeFileSync(path('targets.jsonl'), lines(all));
  return path('targets.jsonl');
};
const stories = (name = 'stories.jsonl'): Story[] =>
  readFileSync(path(name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Story);
const run = async (
  script: (asked: Asked, n: number) => Reply | Promise<Reply>,
  options: Partial<GenerateOptions> = {},
  client: Partial<EndpointOptions> = {},
): Promise<Summary> => {
  if (stub !== undefined) await stub.close();
  stub = await startStub(script);
  const endpoint = openEndpoint({ url: stub.url, model: 'm', retries: 2, ...client });
  try {
    return await generate(endpoint, {
      targets: path('targets.jsonl'),
      out: path('stories.jsonl'),
      concurrency: 4,
      ...options,
    });
  } finally {
    await endpoint.close();
  }
};
const told = ({ prompt }: Asked): Reply => ({ text: `A tale to ${prompt}, told to its end.` });
const sum = (s: Summary): number =>
  s.had + s.stories + s.refusal + s.cut_off + s.empty + s.left + Object.values(s.errors).reduce((n, x) => n + x, 0);

describe('generate', () => {
  it('writes a story for every target, with what made it', async () => {
    targets(12);
    const summary = await run(told);
    expect(summary).toMatchObject({ wanted: 12, had: 0, stories: 12, left: 0, end: null });
    const all = stories();
    expect(new Set(all.map((s) => s.target)).size).toBe(12);
    expect(new Set(all.map((s) => s.id)).size).toBe(12);
    for (const story of all) {
      expect(story.text).toBe(`A tale to story ${story.target.slice(2)}, told to its end.`);
      expect(story).toMatchObject({ request: story.target, model: 'm', finish: 'stop' });
      expect(story.id).toMatch(new RegExp(`^${story.target}-[0-9a-f]{8}$`));
      expect(story.tokens.completion).toBeGreaterThan(0);
    }
  });
  it('asks for as many stories of a target as its count says, and for no more the next time', async () => {
    targets(3, { count: 3 });
    let n = 0;
    const script = (): Reply => ({ text: `tale number ${n++}` });
    expect((await run(script)).stories).toBe(9);
    expect(await run(script)).toMatchObject({ wanted: 9, had: 9, stories: 0, left: 0 });
    expect(stub.asked).toHaveLength(0);
    expect(new Set(stories().map((s) => s.id)).size).toBe(9);
  });
  it('gives room for three tokens a word, or what it is told', async () => {
    targets(1);
    await run(told);
    expect(stub.asked[0]!.body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'story 0' }],
      max_tokens: 300,
    });
    await run(told, { out: path('other.jsonl'), maxTokens: 77, temperature: 0.7 });
    expect(stub.asked[0]!.body).toMatchObject({ max_tokens: 77, temperature: 0.7 });
  });
  it('sends only the prompt of a record, whatever else stands in it', async () => {
    writeFileSync(
      path('targets.jsonl'),
      lines([
        { id: 'a', prompt: 'write', text: 'CORPUS', passage: { text: 'CORPUS' }, messages: ['CORPUS'], model: 'x' },
      ]),
    );
    await run(told);
    expect(stub.asked[0]!.raw).not.toContain('CORPUS');
    expect(JSON.stringify(stub.asked[0]!.headers)).not.toContain('CORPUS');
  });
  it('reads revision requests: their story answers the target, under an id of its own', async () => {
    writeFileSync(path('targets.jsonl'), lines([{ id: 't-7-abc-r1', target: 't-7', prompt: 'better, please' }]));
    await run(told);
    expect(stories()).toMatchObject([{ target: 't-7', request: 't-7-abc-r1' }]);
    expect((await run(told)).had).toBe(1);
  });
  it('tells refusals, cut-off and empty answers from stories, keeps them out, and says so', async () => {
    const answers: Reply[] = [
      { text: '', refusal: 'no' },
      { text: "I'm sorry, but I can't help with that." },
      { text: 'I cannot write this story, as it shows harm. Perhaps another one?' },
      { text: 'half', finish: 'length' },
      { text: '', finish: 'content_filter' },
      { text: ' … ' },
      { text: '<think>what a task</think>\nIt rained.' },
      { text: `I cannot write of that night without my hands shaking. ${'It went on. '.repeat(60)}` },
    ];
    targets(answers.length);
    const summary = await run(({ prompt }) => answers[Number(prompt.slice(6))]!, { failed: path('failed.jsonl') });
    expect(summary).toMatchObject({ stories: 2, refusal: 4, cut_off: 1, empty: 1, left: 0 });
    expect(
      stories()
        .map((s) => s.text.slice(0, 11))
        .sort(),
    ).toEqual(['I cannot wr', 'It rained.']);
    const failed = stories('failed.jsonl') as unknown as { request: string; reason: string; text: string }[];
    expect(failed.map((f) => f.reason).sort()).toEqual(['cut_off', 'empty', ...Array(4).fill('refusal')]);
    expect(failed.find((f) => f.reason === 'cut_off')).toMatchObject({ request: 't-3', text: 'half' });
  });
  it('gets through a bad day, and counts what it took', async () => {
    targets(40);
    const seen = new Map<string, number>();
    const summary = await run(
      (asked, n) => {
        const tries = (seen.get(asked.prompt) ?? 0) + 1;
        seen.set(asked.prompt, tries);
        if (n === 3) return { status: 429, headers: { 'retry-after': '1' } };
        const i = Number(asked.prompt.slice(6));
        if (i === 20) return { status: 400 };
        if (i === 21) return { status: 500 };
        if (tries > 1) return told(asked);
        if (i % 8 === 1) return { status: 500 };
        if (i % 8 === 2) return { drop: 'before' };
        if (i % 8 === 3) return { text: 'x', drop: 'inside' };
        if (i % 8 === 4) return { body: '{{{' };
        return { ...told(asked), after: i % 8 === 5 ? 100 : 0 };
      },
      { concurrency: 16, failed: path('failed.jsonl') },
      { retries: 2 },
    );
    expect(summary).toMatchObject({ wanted: 40, stories: 38, errors: { refused: 1, server: 1 }, left: 0, end: null });
    expect(sum(summary)).toBe(40);
    expect(summary.usage).toMatchObject({ attempts: stub.asked.length, answers: 38, holds: 1 });
    expect(new Set(stories().map((s) => s.target)).size).toBe(38);
    expect((stories('failed.jsonl') as unknown as { reason: string }[]).map((f) => f.reason).sort()).toEqual(['refused', 'server']); // biome-ignore format: one line
  });
  it('stops at a budget, and goes on from there', async () => {
    targets(20);
    const first = await run(told, { concurrency: 3 }, { budget: { requests: 8 } });
    expect(first).toMatchObject({ stories: 8, left: 12, end: { kind: 'budget' } });
    expect(stub.asked).toHaveLength(8);
    const second = await run(
      ({ prompt }) => ({ text: `tale of ${prompt}`, tokens: [5, 300] }),
      {},
      { budget: { tokens: 1600 } },
    );
    expect(second).toMatchObject({ had: 8, stories: 5, left: 7, end: { kind: 'budget' } });
    expect(second.usage.promptTokens + second.usage.completionTokens).toBeLessThanOrEqual(1600);
    expect(await run(told)).toMatchObject({ had: 13, stories: 7, left: 0, end: null });
    expect(new Set(stories().map((s) => s.target)).size).toBe(20);
  });
  it('sends nothing more after a 401', async () => {
    targets(20);
    const summary = await run(() => ({ status: 401 }), { concurrency: 1 });
    expect(summary).toMatchObject({
      stories: 0,
      left: 20,
      end: { kind: 'access', message: 'HTTP 401: stub says 401' },
    });
    expect(stub.asked).toHaveLength(1);
  });
});

describe('the file of stories', () => {
  it('is of one run alone: a second one is refused before it sends anything, and may go on after the first', async () => {
    targets(2);
    const second = { targets: path('targets.jsonl'), out: path('stories.jsonl'), concurrency: 1 };
    const refused: unknown[] = [];
    await run(async (asked) => {
      const other = openEndpoint({ url: stub.url, model: 'm' });
      await generate(other, second).catch((error: unknown) => refused.push(error));
      await other.close();
      return told(asked);
    });
    expect(stub.asked).toHaveLength(2);
    expect(refused).toHaveLength(2);
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining('another run is writing') });
    }
    expect(await run(told)).toMatchObject({ had: 2, stories: 0, left: 0 });
  });
  it('loses a half-written last line, and its story is asked for again', async () => {
    targets(5);
    await run(told);
    const whole = readFileSync(path('stories.jsonl'), 'utf8');
    const cut = Buffer.from(whole).subarray(0, Buffer.byteLength(whole) - 30);
    writeFileSync(path('stories.jsonl'), cut);
    const summary = await run(told);
    expect(summary).toMatchObject({ had: 4, stories: 1 });
    expect(summary.dropped).toBeGreaterThan(0);
    expect(
      stories()
        .map((s) => s.target)
        .sort(),
    ).toEqual(['t-0', 't-1', 't-2', 't-3', 't-4']);
  });
  it('keeps a whole last line without its line end', async () => {
    targets(5);
    await run(told);
    writeFileSync(path('stories.jsonl'), readFileSync(path('stories.jsonl'), 'utf8').trimEnd());
    targets(6);
    expect(await run(told)).toMatchObject({ had: 5, stories: 1, dropped: 0 });
    expect(stories()).toHaveLength(6);
  });
  it('is mended also where the half line is longer than what is read at once', async () => {
    targets(1);
    writeFileSync(path('stories.jsonl'), `{"target":"t-9","text":"a"}\n{"text":"${'é'.repeat(100_000)}`);
    expect(await run(told)).toMatchObject({ stories: 1, dropped: 200_009 });
    expect(stories().map((s) => s.target)).toEqual(['t-9', 't-0']);
  });
  it('keeps lines that are no story, and counts them', async () => {
    targets(2);
    writeFileSync(path('stories.jsonl'), 'what is this\n');
    expect(await run(told)).toMatchObject({ stories: 2, badStories: 1 });
    expect(readFileSync(path('stories.jsonl'), 'utf8').startsWith('what is this\n')).toBe(true);
  });
});

describe('the file of targets', () => {
  it('has its bad and repeated lines counted, the others asked', async () => {
    targets(2);
    appendFileSync(path('targets.jsonl'), `nonsense\n{"id":"x"}\n{"id":"t-0","prompt":"again"}\n[]\nnull\n`);
    expect(await run(told)).toMatchObject({ wanted: 2, stories: 2, badRequests: 4, repeatedRequests: 1 });
  });
  it('of another format is refused before anything is sent', async () => {
    writeFileSync(path('targets.jsonl'), '{"custom_id":"a","body":{}}\n');
    await expect(run(told)).rejects.toThrow(/id and a prompt/);
    expect(stub.asked).toHaveLength(0);
  });
});
