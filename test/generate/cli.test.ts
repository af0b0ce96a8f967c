// The command as a process: killed, interrupted, refused; and what its exit code says.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Story } from '../../src/generate/stories.js';
import { packagePath } from '../../src/installed.js';
import { type Asked, type Reply, type Stub, startStub } from '../endpoint/stub.js';

const folder = mkdtempSync(join(tmpdir(), 'persona-prior-generate-cli-'));
let number = 0;
let stub: Stub;
afterEach(() => stub.close());

interface Run {
  readonly child: ChildProcess;
  readonly done: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

const start = (args: readonly string[], env: Record<string, string> = {}): Run => {
  const child = spawn(process.execPath, [packagePath('dist', 'cli.js'), 'generate', '--model', 'm', ...args], {
    env: { PATH: process.env['PATH'], ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (d) => (stdout += d));
  child.stderr.on('data', (d) => (stderr += d));
  return { child, done: new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr }))) };
};
const files = (n: number): { targets: string; out: string } => {
  const name = join(folder, String(number++));
  const all = Array.from({ length: n }, (_, i) => `${JSON.stringify({ id: `t-${i}`, prompt: `story ${i}` })}\n`);
  writeFileSync(`${name}-targets.jsonl`, all.join(''));
  return { targets: `${name}-targets.jsonl`, out: `${name}-stories.jsonl` };
};
const args = ({ targets, out }: { targets: string; out: string }): string[] => [
  ...['--endpoint', stub.url, '--targets', targets, '--out', out],
];
const storiesOf = (path: string): Story[] =>
  (existsSync(path) ? readFileSync(path, 'utf8') : '')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Story);
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const told = ({ prompt }: Asked): Reply => ({ text: `A tale to ${prompt}, told to its end.`, after: 20 });

describe('generate as a process', () => {
  it('is killed three times, and loses nothing: no story is asked for that the file has', async () => {
    stub = await startStub(told);
    const own = files(80);
    const again: string[] = [];
    for (const enough of [15, 35, 55]) {
      const had = new Set(storiesOf(own.out).map((s) => s.target));
      const before = stub.asked.length;
      const { child, done } = start([...args(own), '--concurrency', '3']);
      await until(() => storiesOf(own.out).length >= enough);
      child.kill('SIGKILL');
      await done;
      for (const { prompt } of stub.asked.slice(before)) if (had.has(`t-${prompt.slice(6)}`)) again.push(prompt);
      // the kill fell into a write
      appendFileSync(own.out, '{"id":"t-79-0","target":"t-79","text":"half of a sto');
    }
    const { code, stdout } = await start([...args(own), '--json']).done;
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as { had: number; stories: number; dropped: number };
    expect(summary.had).toBeGreaterThanOrEqual(55);
    expect(summary.had + summary.stories).toBe(80);
    expect(summary.dropped).toBe(52);
    expect(again).toEqual([]);
    const stories = storiesOf(own.out);
    expect(stories.map((s) => Number(s.target.slice(2))).sort((a, b) => a - b)).toEqual([...Array(80).keys()]);
    for (const { target, text } of stories) expect(text).toBe(`A tale to story ${target.slice(2)}, told to its end.`);
    // at each kill three requests at most were under way, whose answers nobody kept
    expect(stub.asked.length).toBeLessThanOrEqual(80 + 3 * 3);
  });
  it('finishes what is under way on SIGINT, exits 130, and goes on later', async () => {
    stub = await startStub((asked) => ({ ...told(asked), after: 150 }));
    const own = files(40);
    const { child, done } = start([...args(own), '--concurrency', '5']);
    await until(() => storiesOf(own.out).length >= 5 && stub.asked.length >= 8);
    child.kill('SIGINT');
    const { code, stderr } = await done;
    expect(code).toBe(130);
    expect(stderr).toMatch(/ended early: interrupted.*goes on from here/);
    expect(storiesOf(own.out)).toHaveLength(stub.asked.length);
    expect((await start([...args(own), '--concurrency', '20']).done).code).toBe(0);
    expect(stub.asked).toHaveLength(40);
  });
  it('exits 3 where stories are missing, with the counts', async () => {
    stub = await startStub((asked) => (asked.prompt === 'story 1' ? { text: '', refusal: 'no' } : told(asked)));
    const { code, stderr, stdout } = await start(args(files(3))).done;
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain(
      '3 stories wanted, 0 of them there before: 2 new, 1 refused, 0 cut off, 0 empty, 0 failed',
    );
  });
  it('exits 3 at the budget', async () => {
    stub = await startStub(told);
    const { code, stderr } = await start([...args(files(5)), '--budget-requests', '2']).done;
    expect(code).toBe(3);
    expect(stderr).toContain('3 not asked');
    expect(stub.asked).toHaveLength(2);
  });
  it('exits 2 where the server refuses it, or the command line is wrong', async () => {
    stub = await startStub(() => ({ status: 401 }));
    const refused = await start(args(files(5))).done;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('check --endpoint, --model and the API key');
    const own = args(files(1));
    expect((await start([...own, '--concurrency', '0']).done).code).toBe(2);
    expect((await start([...own, '--temperature', 'hot']).done).code).toBe(2);
    expect((await start([...own, '--targets', '/nowhere']).done).code).toBe(2);
    expect((await start([...own, '--endpoint', 'ftp://a']).done).code).toBe(2);
    const unset = await start([...own, '--api-key-env', 'MY_KEY']).done;
    expect(unset).toMatchObject({ code: 2, stdout: '' });
    expect(unset.stderr).toContain('MY_KEY is not set');
    expect(stub.asked.length).toBeLessThanOrEqual(4);
  });
  it('takes the key from the environment, sends it, and writes it nowhere', async () => {
    stub = await startStub((asked, n) =>
      n === 0 ? { status: 500, body: `key ${asked.headers.authorization}` } : told(asked),
    );
    const own = files(2);
    const failed = `${own.out}.failed`;
    const { code, stdout, stderr } = await start(
      [...args(own), '--api-key-env', 'MY_KEY', '--json', '--failed', failed],
      {
        MY_KEY: 'sk-very-secret',
        OPENAI_API_KEY: 'sk-another',
      },
    ).done;
    expect(code).toBe(0);
    for (const { headers } of stub.asked) expect(headers.authorization).toBe('Bearer sk-very-secret');
    const all = [stdout, stderr, readFileSync(own.out, 'utf8'), readFileSync(failed, 'utf8')].join('\n');
    expect(all).toContain('***');
    expect(all).not.toMatch(/sk-(very-secret|another)/);
  });
});
