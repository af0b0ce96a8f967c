// targets → generate → verdicts → targets --remaining → generate …, until every target has an accepted story. The verdicts
// are made here by a rule: what `verify` judges is its own tests' matter.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEndpoint } from '../../src/endpoint/endpoint.js';
import { generate } from '../../src/generate/generate.js';
import type { Story } from '../../src/generate/stories.js';
import type { Target } from '../../src/targets/model.js';
import { readDone, remainingTargets } from '../../src/targets/remaining.js';
import { writeTargets } from '../../src/targets/write.js';
import { type Asked, type Reply, startStub } from '../endpoint/stub.js';
import { corpusDatabase, hostOf, MARK } from '../targets/harness.js';

const STORIES = 60;

it('the loop comes to full coverage, on a bad server, and sends no text of the corpus', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'persona-prior-loop-'));
  const path = (name: string): string => join(folder, name);
  const read = <T>(name: string): T[] =>
    readFileSync(path(name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as T); // biome-ignore format: one line
  const db = corpusDatabase();
  const targets = async (out: string, remaining?: string): Promise<Target[]> => {
    const options = { db, stories: STORIES, format: 'jsonl' as const, seed: 1, out: path(out) };
    const said = { stdout: '', stderr: '', code: 0 };
    await writeTargets(remaining === undefined ? options : { ...options, remaining: path(remaining) }, hostOf(said));
    expect(said.code).toBe(0);
    return read<Target>(out);
  };
  let n = 0;
  const script = ({ prompt }: Asked): Reply => {
    n++;
    if (n === 5) return { status: 429, headers: { 'retry-after': '1' } };
    if (n % 23 === 0) return { status: 500 };
    if (n % 29 === 0) return { drop: 'inside', text: 'x' };
    if (n % 11 === 0) return { text: "I'm sorry, but I can't help with that." };
    if (n % 13 === 0) return { text: 'It began', finish: 'length' };
    return { text: `${n % 3 === 0 ? 'A weak' : 'A good'} story, number ${n}, of ${prompt.length} characters.` };
  };
  const stub = await startStub(script);
  const all = await targets('targets-1.jsonl');
  expect(all.reduce((sum, t) => sum + t.count, 0)).toBe(STORIES);

  let open = all;
  let round = 1;
  const verdicts: { id: string; target: string; verdict: string }[] = [];
  for (; open.length > 0 && round < 12; round++) {
    const endpoint = openEndpoint({ url: stub.url, model: 'm' });
    const options = { targets: path(`targets-${round}.jsonl`), out: path(`stories-${round}.jsonl`), concurrency: 8 };
    const summary = await generate(endpoint, options);
    await endpoint.close();
    expect(summary.wanted).toBe(open.reduce((sum, t) => sum + t.count, 0));
    for (const { id, target, text } of read<Story>(`stories-${round}.jsonl`)) {
      verdicts.push({ id, target, verdict: text.startsWith('A good') ? 'accept' : 'reject' });
    }
    writeFileSync(path('verdicts.jsonl'), verdicts.map((v) => `${JSON.stringify(v)}\n`).join(''));
    // as `targets --remaining` does, which solves the plan anew each time; the command itself has the last word below
    const { counts } = await readDone(path('verdicts.jsonl'));
    open = [...remainingTargets(all, counts)];
    writeFileSync(path(`targets-${round + 1}.jsonl`), open.map((t) => `${JSON.stringify(t)}\n`).join(''));
  }
  await stub.close();
  expect(open).toEqual([]);
  expect(await targets('targets-last.jsonl', 'verdicts.jsonl')).toEqual([]);
  expect(round).toBeGreaterThan(2);
  // ids are unique over the rounds, so that their files can be put together
  expect(new Set(verdicts.map((v) => v.id)).size).toBe(verdicts.length);
  const accepted = new Set(verdicts.filter((v) => v.verdict === 'accept').map((v) => v.target));
  expect([...accepted].sort()).toEqual(all.map((t) => t.id).sort());
  // the corpus is in no request; every request is the prompt of a target, and nothing else
  const prompts = new Set(all.map((t) => t.prompt));
  for (const { raw, prompt, body } of stub.asked) {
    expect(raw).not.toContain(MARK);
    expect(prompts.has(prompt)).toBe(true);
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'messages', 'model']);
  }
}, 240_000);
