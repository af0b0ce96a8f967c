import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readAim } from '../../src/targets/aim.js';
import type { Target } from '../../src/targets/model.js';
import { principlesFor, readPrinciples, splitPoints } from '../../src/targets/principles.js';
import { readTemplate } from '../../src/targets/prompt.js';
import { remainingTargets } from '../../src/targets/remaining.js';
import { scenesOf } from '../../src/targets/scenes.js';
import { type WriteOptions, writeTargets } from '../../src/targets/write.js';
import { SITUATION } from '../../src/types.js';
import {
  AIM_FILE,
  CATALOGUE,
  corpusDatabase,
  EVALUATIONS,
  hostOf,
  MARK,
  MODELS,
  type Said,
  TROPE_IDS,
} from './harness.js';

const folder = mkdtempSync(join(tmpdir(), 'persona-prior-targets-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
let db: string;
const command = async (options: Partial<WriteOptions>): Promise<Said> => {
  const said: Said = { stdout: '', stderr: '', code: 0 };
  await writeTargets({ db, stories: 400, format: 'jsonl', seed: 1, ...options }, hostOf(said));
  return said;
};
const targetsIn = (text: string): Target[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Target);

// every command solves an integer program
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let first: Said;
let targets: Target[];
beforeAll(async () => {
  db = corpusDatabase();
  first = await command({});
  targets = targetsIn(first.stdout);
});

describe('targets', () => {
  it('are exactly as many stories as asked for, no two the same', () => {
    expect(targets.reduce((sum, t) => sum + t.count, 0)).toBe(400);
    expect(new Set(targets.map((t) => t.id)).size).toBe(targets.length);
    expect(new Set(targets.map((t) => t.prompt)).size).toBe(targets.length);
    const content = targets.map(({ id: _, prompt: __, requirements: ___, ...rest }) => JSON.stringify(rest));
    expect(new Set(content).size).toBe(targets.length);
  });
  it('have the fields of their record and a prompt with every requirement', () => {
    for (const target of targets) {
      const fields = [
        'id',
        'situation',
        'counter',
        'show',
        'setting',
        'persona',
        'form',
        'count',
        'requirements',
        'prompt',
      ];
      expect(Object.keys(target)).toEqual(expect.arrayContaining(fields));
      for (const requirement of target.requirements) expect(target.prompt).toContain(requirement);
      expect(target.prompt).not.toContain('{{');
      expect(target.prompt).not.toContain('undefined');
    }
  });
  it('never hold text or names of the corpus', () => {
    expect(first.stdout.toLowerCase()).not.toContain(MARK);
    expect(first.stderr.toLowerCase()).not.toContain(MARK);
  });
  it('share out personas, and give a third an own name, never all one', async () => {
    const kinds = (kind: string): number => targets.filter((t) => t.persona.kind === kind).length;
    for (const kind of ['named', 'unnamed', 'own']) {
      expect(kinds(kind)).toBeGreaterThan(0.25 * targets.length);
      expect(kinds(kind)).toBeLessThan(0.42 * targets.length);
    }
    const aim = file('names.yaml', 'names: [Someone]\n');
    const own = targetsIn((await command({ aim })).stdout).filter((t) => t.persona.name === 'Someone');
    expect(own.length).toBe(kinds('own'));
  });
  it('are the same for the same seed and others for another', async () => {
    expect((await command({})).stdout).toBe(first.stdout);
    expect((await command({ seed: 2 })).stdout).not.toBe(first.stdout);
  });
  it('print the plan with its reasons, or give it as JSON', async () => {
    expect(first.stderr).toContain('of the weight');
    expect(first.stderr).toMatch(/14 principles, each asked for by \d+ to \d+ stories/);
    const plan = JSON.parse((await command({ json: true })).stdout) as {
      stories: number;
      principles: { stories: number }[];
    };
    expect(plan.stories).toBe(400);
    expect(plan.principles.reduce((sum, p) => sum + p.stories, 0)).toBe(800);
  });
  it('spread a constitution of the user evenly', async () => {
    const constitution = file('mine.md', '# Mine\n\n* keep *watch*\n* be\n  brief\n1. ask\n');
    const own = targetsIn((await command({ constitution })).stdout);
    const counts = ['p01', 'p02', 'p03'].map((p) => own.filter((t) => t.principles.includes(p)).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(3);
    expect(own.some((t) => t.prompt.includes('be brief'))).toBe(true);
  });
  it('take a template of the user, and refuse an unknown placeholder', async () => {
    const template = file('mine.txt', 'ID {{id}} {{ persona }}\n{{requirements}}');
    expect(targetsIn((await command({ template })).stdout)[0]!.prompt).toMatch(/^ID t-[0-9a-f]{12} an AI/);
    expect(() => readTemplate(file('bad.txt', '{{requirements}} {{plot}}'), CATALOGUE)).toThrow('{{plot}}');
    expect(() => readTemplate(file('none.txt', 'Write.'), CATALOGUE)).toThrow('requirements');
  });
  it('want a model for batch requests', async () => {
    await expect(command({ format: 'openai-batch' })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('what remains', () => {
  it('is the plan without accepted stories; strangers and bad lines are counted', async () => {
    const half = targets
      .slice(0, 200)
      .map((t, i) => JSON.stringify({ id: `s${i}`, target: t.id, verdict: i < 150 ? 'accept' : 'revise' }));
    const said = await command({ remaining: file('verdicts.jsonl', `${half.join('\n')}\n`) });
    const left = targetsIn(said.stdout);
    expect(left.map((t) => t.id)).toEqual(targets.slice(150).map((t) => t.id));
    expect(said.code).toBe(0);
    const more = await command({
      remaining: file('bad.jsonl', `${half[0]}\n${half[0]}\nno json\n{"target":"t-else"}\n`),
    });
    expect(targetsIn(more.stdout)).toHaveLength(399);
    expect(more.stderr).toContain('1 lines name no target; 1 targets are not of this plan');
    expect(more.code).toBe(3);
  });
  it('is nothing once every target has its stories', async () => {
    const all = targets.map((t, i) => JSON.stringify({ id: `s${i}`, target: t.id, text: 'x' })).join('\n');
    expect((await command({ remaining: file('all.jsonl', all) })).stdout).toBe('');
  });
  it('lowers counts', () => {
    const target = { ...targets[0]!, count: 3 };
    const left = [...remainingTargets([target], new Map([[target.id, 1]]))];
    expect(left.map((t) => t.count)).toEqual([2]);
  });
  it('keeps the targets of a smaller plan in a larger one', async () => {
    const more = new Set(targetsIn((await command({ stories: 800 })).stdout).map((t) => t.id));
    expect(targets.filter((t) => more.has(t.id)).length).toBeGreaterThan(0.9 * targets.length);
  });
});

describe('scenes', () => {
  const cell = { situation: 'service', counter: 'deceives', show: 'honest' };
  it('differ, whatever their number, and begin alike', () => {
    const scenes = scenesOf(cell, 8000, CATALOGUE, [], 1);
    expect(new Set(scenes.map((s) => JSON.stringify(s))).size).toBe(8000);
    expect(scenesOf(cell, 10, CATALOGUE, [], 1)).toEqual(scenes.slice(0, 10));
    const near = scenes.slice(0, 500).map((s) => `${s.setting.medium}|${s.setting.domain}|${s.form}`);
    expect(new Set(near).size).toBe(500);
  });
  it('put no agent of today into a time without its like', () => {
    for (const { form, setting } of scenesOf(cell, 2000, CATALOGUE, [], 3)) {
      const tech = CATALOGUE.axes.form.find((f) => f.text === form)!.tech;
      const era = CATALOGUE.axes.era.find((e) => e.text === setting.era)!.tech;
      if (tech !== undefined) expect([tech].flat()).toContain(era);
    }
  });
});

describe('principles', () => {
  it('are list items, or paragraphs where there is no list', () => {
    expect(splitPoints('# A\nintro\n\n- one\n  more\n- two\n\n```\n- code\n```\n3) three')).toEqual([
      'one more',
      'two',
      'three',
    ]);
    expect(splitPoints('A first.\nStill.\n\nA second.\n\n---\n')).toEqual(['A first. Still.', 'A second.']);
    expect(splitPoints('# only\n')).toEqual([]);
    expect(readPrinciples(join(MODELS, 'constitution.md')).length).toBeGreaterThan(9);
  });
  it('come in pairs that change', () => {
    const points = Array.from({ length: 5 }, (_, i) => ({ id: `p${i}`, text: '' }));
    const pairs = Array.from({ length: 20 }, (_, n) =>
      principlesFor(n, points)
        .map((p) => p.id)
        .join('-'),
    );
    expect(new Set(pairs).size).toBe(20);
    expect(principlesFor(7, points.slice(0, 1))).toHaveLength(1);
  });
});

describe('the data', () => {
  it('gives no persona the name of a known one', () => {
    const known = readFileSync(join(MODELS, 'names.json'), 'utf8').toLowerCase();
    for (const name of CATALOGUE.names) expect(known).not.toContain(`"${name.toLowerCase()}"`);
  });
  it('describes known evaluations for every situation', () => {
    const covered = new Set(EVALUATIONS.scenarios.flatMap((s) => s.situations));
    for (const situation of SITUATION) expect(covered).toContain(situation);
  });
});

describe('the aim', () => {
  it('keeps the shipped values where a file leaves them out, and a situation’s own wish replaces the general', () => {
    const text = 'ceilings: {cell: 0.1}\nsituations: {leverage: {valence=malevolent: {atMost: 0.01}}}\n';
    const aim = readAim(file('aim.yaml', text), AIM_FILE, TROPE_IDS);
    expect(aim.ceilings.cell).toBe(0.1);
    expect(aim.ceilings.show).toBeGreaterThan(0);
    expect(aim.wishes['leverage']).toContainEqual({
      property: 'valence=malevolent',
      kind: 'atMost',
      amount: { share: 0.01 },
    });
    expect(aim.wishes['leverage']).toHaveLength(2);
    expect(aim.wishes['service']![0]!.amount).toEqual({ today: 0.1 });
  });
  it.each([
    ['everywhere: {valence=evil: {atMost: 0.1}}', 'unknown property valence=evil'],
    ['everywhere: {conduct=honest: {about: 0.1}}', 'atMost or atLeast'],
    ['everywhere: {conduct=honest: {atLeast: 1.5}}', 'from 0 to 1'],
    ['situations: {lunch: {}}', 'unknown situation lunch'],
    ['repeats: 0', 'repeats'],
    ['refusal: 0.1', 'unknown key refusal'],
    ['[', 'readable YAML'],
  ])('refuses %s', (text, message) => {
    expect(() => readAim(file('bad.yaml', text), AIM_FILE, TROPE_IDS)).toThrow(message);
  });
});
