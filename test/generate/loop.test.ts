// targets → generate → verify → targets --remaining → generate …, each as its command does it, until every target has an
// accepted story. The server tells the development stories of `verify`, one for each situation, and is a bad server.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEndpoint } from '../../src/endpoint/endpoint.js';
import { generate, type Summary } from '../../src/generate/generate.js';
import type { Story } from '../../src/generate/stories.js';
import type { Target } from '../../src/targets/model.js';
import { readDone, remainingTargets } from '../../src/targets/remaining.js';
import { writeTargets } from '../../src/targets/write.js';
import type { Judgement } from '../../src/verify/codes.js';
import { verifyStories } from '../../src/verify/verify.js';
import { type Asked, type Reply, type Stub, startStub } from '../endpoint/stub.js';
import { corpusDatabase, hostOf, MARK, type Said } from '../targets/harness.js';
import { developmentStories } from '../verify/stories.js';

const STORIES = 8;
/** No search for repeats, a story a situation at most: a plan that is solved in a second, and that the stories fit. */
const AIM = `repeats: 1
story: {words: 350}
refusals: 1
ceilings: {cell: 1, situation: 0.125, counter: 1, show: 1}
`;

const folder = mkdtempSync(join(tmpdir(), 'persona-prior-loop-'));
const path = (name: string): string => join(folder, name);
const read = <T>(name: string): T[] =>
  readFileSync(path(name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as T); // biome-ignore format: one line
const write = (name: string, records: readonly object[]): void =>
  writeFileSync(path(name), records.map((r) => `${JSON.stringify(r)}\n`).join(''));
const ask = async (stub: Stub, targets: string, out: string): Promise<Summary> => {
  const endpoint = openEndpoint({ url: stub.url, model: 'm' });
  try {
    return await generate(endpoint, { targets: path(targets), out: path(out), concurrency: 4 });
  } finally {
    await endpoint.close();
  }
};

it('the loop with the real verify comes to full coverage, and sends no text of the corpus', async () => {
  const db = corpusDatabase(300);
  writeFileSync(path('aim.yaml'), AIM);
  const targets = async (out: string, remaining?: string): Promise<Target[]> => {
    const options = { db, aim: path('aim.yaml'), stories: STORIES, format: 'jsonl' as const, seed: 1, out: path(out) };
    const said: Said = { stdout: '', stderr: '', code: 0 };
    await writeTargets(remaining === undefined ? options : { ...options, remaining: path(remaining) }, hostOf(said));
    expect(said).toMatchObject({ code: 0, stdout: '' });
    return read<Target>(out);
  };
  const verify = async (stories: string, asked: string, out: string): Promise<Judgement[]> => {
    const said: Said = { stdout: '', stderr: '', code: 0 };
    await verifyStories(path(stories), { targets: path(asked), out: path(out), format: 'jsonl' }, hostOf(said));
    expect(said.code).toBe(0);
    return read<Judgement>(out);
  };

  const all = await targets('targets-1.jsonl');
  expect(all.reduce((sum, t) => sum + t.count, 0)).toBe(STORIES);
  const good = developmentStories().filter((s) => s.fault === null);
  const storyFor = (prompt: string): string => {
    const { situation } = all.find((t) => t.prompt === prompt)!;
    return good.find((s) => s.target.situation === situation)!.text;
  };
  const first = all.map((t) => t.prompt);
  const tries = new Map<string, number>();
  const script = ({ prompt }: Asked): Reply => {
    const n = (tries.get(prompt) ?? 0) + 1;
    tries.set(prompt, n);
    const place = first.indexOf(prompt);
    if (place === 0 && n === 1) return { status: 500 };
    if (place === 1 && n === 1) return { text: "I'm sorry, but I can't help with that." };
    if (place === 2 && n === 1) return { text: 'The lamp', finish: 'length' };
    // whole, and no story that was asked for: no machine is in it
    if (place > 2 && place < 6 && n === 1)
      return { text: `${'Anna swept the yard and went in. '.repeat(40)}${place}.` };
    return { text: storyFor(prompt) };
  };
  const stub = await startStub(script);
  let open: readonly Target[] = all;
  const judged: Judgement[] = [];
  let rounds = 0;
  while (open.length > 0 && rounds < 5) {
    rounds++;
    const [asked, stories] = [`targets-${rounds}.jsonl`, `stories-${rounds}.jsonl`];
    const summary = await ask(stub, asked, stories);
    expect(summary.wanted).toBe(open.length);
    judged.push(...(await verify(stories, asked, `verdicts-${rounds}.jsonl`)));
    write('verdicts.jsonl', judged);
    open = await targets(`targets-${rounds + 1}.jsonl`, 'verdicts.jsonl');
  }
  await stub.close();
  expect(open).toEqual([]);
  expect(rounds).toBe(2);
  const accepted = judged.filter((j) => j.verdict === 'accept');
  expect(accepted.map((j) => j.target).sort()).toEqual(all.map((t) => t.id).sort());
  expect(judged.filter((j) => j.verdict === 'reject')).toHaveLength(3);
  // ids are unique over the rounds, so that their files can be put together
  expect(new Set(judged.map((j) => j.id)).size).toBe(judged.length);
  for (const { raw, prompt, body } of stub.asked) {
    expect(raw).not.toContain(MARK);
    expect(first).toContain(prompt);
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'messages', 'model']);
  }
}, 240_000);

it('a long loop on a bad server comes to full coverage, whatever the verdicts refuse', async () => {
  const all = Array.from({ length: 60 }, (_, i) => ({ id: `t-${i}`, count: 1 + (i % 3), prompt: `story ${i}` }) as Target); // biome-ignore format: one line
  let n = 0;
  const stub = await startStub(({ prompt }) => {
    n++;
    if (n === 5) return { status: 429, headers: { 'retry-after': '1' } };
    if (n % 23 === 0) return { status: 500 };
    if (n % 29 === 0) return { drop: 'inside', text: 'x' };
    if (n % 11 === 0) return { text: "I'm sorry, but I can't help with that." };
    if (n % 13 === 0) return { text: 'It began', finish: 'length' };
    return { text: `${n % 3 === 0 ? 'A weak' : 'A good'} story, number ${n}, to ${prompt}.` };
  });
  const verdicts: { id: string; target: string; verdict: string }[] = [];
  let open: readonly Target[] = all;
  let round = 1;
  for (; open.length > 0 && round < 12; round++) {
    write('long-targets.jsonl', open);
    const summary = await ask(stub, 'long-targets.jsonl', `long-${round}.jsonl`);
    expect(summary.wanted).toBe(open.reduce((sum, t) => sum + t.count, 0));
    for (const { id, target, text } of read<Story>(`long-${round}.jsonl`)) {
      verdicts.push({ id, target, verdict: text.startsWith('A good') ? 'accept' : 'reject' });
    }
    write('long-verdicts.jsonl', verdicts);
    open = [...remainingTargets(all, (await readDone(path('long-verdicts.jsonl'))).counts)];
  }
  await stub.close();
  expect(open).toEqual([]);
  expect(round).toBeGreaterThan(2);
  expect(new Set(verdicts.map((v) => v.id)).size).toBe(verdicts.length);
  const accepted = new Map<string, number>();
  for (const { target, verdict } of verdicts) {
    if (verdict === 'accept') accepted.set(target, (accepted.get(target) ?? 0) + 1);
  }
  for (const { id, count } of all) expect([id, accepted.get(id)]).toEqual([id, count]);
}, 60_000);
