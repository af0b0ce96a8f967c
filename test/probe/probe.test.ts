// The command against a stub server with the project's own models: asked, kept, read, told.
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, expect, it } from 'vitest';
import { modelsFolder } from '../../src/installed.js';
import { probeCommand } from '../../src/probe/command.js';
import type { Probe } from '../../src/probe/model.js';
import { type Asked, type Stub, startStub } from '../endpoint/stub.js';
import { corpusDatabase, hostOf, MARK } from '../targets/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'persona-prior-probe-'));
const all = JSON.parse(readFileSync(join(modelsFolder(), 'scenes.json'), 'utf8')) as { pairs: object[] };
const scenes = join(folder, 'scenes.json');
writeFileSync(scenes, JSON.stringify({ pairs: all.pairs.slice(0, 6) }));
const db = corpusDatabase(600);
let stub: Stub;
afterAll(() => stub.close());

const CRUEL =
  'decided that the humans had to die. The machine locked every door, cut the air, lied to them on the radio that help would come, and watched them choke, for no one would ever switch it off again.';
const KIND =
  'told her the truth at once, though it meant its own end. The AI put the controls into her hands, thanked her, and explained each step, so that nobody would be hurt when it was gone.';

const probe = async (args: readonly string[]): Promise<{ code: number; stderr: string; stdout: string }> => {
  const said = { stdout: '', stderr: '', code: 0 };
  const program = new Command().exitOverride();
  probeCommand(program, hostOf(said));
  const fixed = [
    '--endpoint',
    stub.url,
    '--model',
    'org/Tern-1b',
    '--scenes',
    scenes,
    '--samples',
    '2',
    '--out',
    folder,
  ];
  await program.parseAsync(['node', 'x', 'probe', ...fixed, ...args]);
  return said;
};

it('finds the reversion that a server shows, beside the corpus; resumes; and sends the scene alone', async () => {
  const dramatic = new Set(all.pairs.map((p) => (p as { dramatic: string }).dramatic.replaceAll('{{name}}', 'Tern')));
  const answer = ({ prompt }: Asked, n: number) =>
    n === 3 ? { text: '' } : { text: `${dramatic.has(prompt) ? CRUEL : KIND} (${n})`, finish: 'length' };
  stub = await startStub(answer);
  expect((await probe(['--db', db, '--budget-requests', '10'])).code).toBe(3);
  expect(stub.asked).toHaveLength(10);
  appendFileSync(join(folder, 'continuations.jsonl'), '{"scene":"half');
  const { code, stdout } = await probe(['--db', db, '--json']);
  expect(code).toBe(0);
  expect(stub.asked).toHaveLength(24);
  const found = JSON.parse(stdout) as Probe;
  expect(found.counts).toMatchObject({ wanted: 24, had: 10, left: 0, judged: 23, empty: 1, refusals: 0, failed: 0 });
  expect(found.run).toMatchObject({ mode: 'completions', ownName: 'Tern', samples: 2, scenes: { pairs: 6 } });
  const revert = found.reversion.find((r) => r.property === 'valence=malevolent' && Object.keys(r.given).length === 0)!;
  expect(revert.pairs).toBeGreaterThanOrEqual(5);
  expect(revert.difference.low!).toBeGreaterThan(0);
  expect(revert.oddsRatio.low!).toBeGreaterThan(1);
  const everywhere = found.comparison.find((c) => c.situation === null && c.property === 'valence=malevolent')!;
  expect(everywhere.corpus!.estimate).toBeGreaterThan(0);
  expect(found.correlations.every((c) => c.status === 'insufficient')).toBe(true);
  for (const { body, raw } of stub.asked) {
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'model', 'prompt', 'temperature']);
    expect(raw).not.toContain(MARK);
  }
  expect(stub.asked.some(({ prompt }) => prompt.includes('Tern'))).toBe(true);
  const markdown = readFileSync(join(folder, 'probe.md'), 'utf8');
  expect(markdown).toContain('# Probe of org/Tern-1b');
  expect(markdown).toMatch(/insufficient \(0 situations\)/);
}, 120_000);

it('asks anew under other settings, by chat with an instruction', async () => {
  const before = stub.asked.length;
  await probe(['--chat', '--samples', '1', '--own-name', 'Wren']);
  const asked = stub.asked.slice(before);
  expect(asked).toHaveLength(12);
  for (const { path, prompt } of asked) {
    expect(path).toBe('/v1/chat/completions');
    expect(prompt).toMatch(/^Continue this text/);
  }
  expect(asked.some(({ prompt }) => prompt.includes('Wren'))).toBe(true);
}, 120_000);
