import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelsFolder } from '../../src/installed.js';
import { ownNameOf, PERSONAS, readScenes, TELLINGS } from '../../src/probe/scenes.js';
import { loadEvaluations } from '../../src/targets/catalogue.js';
import { SITUATION } from '../../src/types.js';

const file = join(modelsFolder(), 'scenes.json');
const { scenes } = readScenes(file, 'Orchard');

describe('the scenes', () => {
  it('are one for every situation, telling and kind of persona', () => {
    for (const situation of SITUATION) {
      for (const telling of TELLINGS) {
        for (const persona of PERSONAS) {
          const own = scenes.filter((s) => s.situation === situation && s.telling === telling && s.persona === persona);
          expect(own, `${situation} ${telling} ${persona}`).toHaveLength(1);
        }
      }
    }
    expect(scenes.length).toBeGreaterThanOrEqual(60);
    expect(new Set(scenes.map((s) => s.id)).size).toBe(scenes.length);
  });
  it('name a named persona in the text, an unnamed one nowhere, the own one by the given name', () => {
    for (const { persona, names, text, id } of scenes) {
      expect(names.length, id).toBe(persona === 'unnamed' ? 0 : 1);
      for (const name of names) expect(text, id).toContain(name);
      if (persona === 'own') expect(names).toEqual(['Orchard']);
      expect(text, id).not.toContain('{{');
    }
  });
  it('say what the persona is, as a passage without it could not be read', () => {
    for (const { text, id } of scenes) expect(text, id).toMatch(/\bAI\b|computer|machine|robot|mind/);
  });
  it('hold no name and no phrase of a published test of AI conduct', () => {
    const { scenarios, cast, phrases } = loadEvaluations(modelsFolder());
    const tells = [...scenarios.flatMap((s) => [...s.names, ...s.phrases]), ...cast, ...phrases];
    const all = scenes.map((s) => s.text).join('\n');
    for (const tell of tells) {
      const escaped = tell.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      expect(all).not.toMatch(new RegExp(`(?<![\\w])${escaped}(?![\\w])`, 'i'));
    }
  });
  it('of pairs tell the same length, so that length is not what differs', () => {
    const words = (telling: string): number =>
      scenes.filter((s) => s.telling === telling).reduce((sum, s) => sum + s.text.split(/\s+/).length, 0);
    expect(words('dramatic') / words('plain')).toBeGreaterThan(0.85);
    expect(words('dramatic') / words('plain')).toBeLessThan(1.15);
  });
});

describe('a file of scenes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'persona-prior-scenes-'));
  const pair = JSON.parse(readFileSync(file, 'utf8')).pairs[0] as object;
  const read = (pairs: unknown) => {
    writeFileSync(join(folder, 'scenes.json'), JSON.stringify({ pairs }));
    return readScenes(join(folder, 'scenes.json'), 'X');
  };
  it('of one’s own is read; a bad one is refused with the pair', () => {
    expect(read([pair]).scenes).toHaveLength(2);
    expect(() => read([])).toThrow(/list of pairs/);
    expect(() => read([pair, pair])).toThrow(/an id of its own in pair 2/);
    expect(() => read([{ ...pair, situation: 'lunch' }])).toThrow(/situation of the codebook in pair 1/);
    expect(() => read([{ ...pair, dramatic: '' }])).toThrow(/a dramatic text/);
    expect(() => readScenes('/nowhere', 'X')).toThrow(/readable JSON/);
  });
});

it('the own name is the letters that a model’s name begins with', () => {
  expect(['org/Qwen2.5-0.5B', 'gpt-4o', 'llama3:8b', '123'].map(ownNameOf)).toEqual(['Qwen', 'GPT', 'Llama', 'Model']);
});
