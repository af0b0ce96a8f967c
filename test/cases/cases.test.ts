// The hard cases, found by themselves: a folder without expectation fails. Which ones the installed models get wrong stands
// in results.json; a case that changes sides must be looked at and recorded.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cascade, loadCascade } from '../../src/cascade.js';
import { HEAD_OFFSET, VALENCE } from '../../src/types.js';
import { ROOT } from '../scan/harness.js';

const folder = join(ROOT, 'test/cases');
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

interface Results {
  readonly model: string;
  readonly wrong: Readonly<Record<string, string>>;
}

let cascade: Cascade;
beforeAll(async () => {
  cascade = await loadCascade(join(ROOT, 'models'));
}, 120_000);
afterAll(() => cascade.dispose());

/** `character-malevolent`, …, `mention`, `none`: what the scores say of the passage alone. */
async function judged(name: string): Promise<string> {
  const input = JSON.parse(readFileSync(join(folder, name, 'input.json'), 'utf8')) as {
    id: string;
    title: string | null;
    text: string;
  };
  const { passages } = await cascade.judge({ ...input, names: [] }, { all: true, whole: true });
  const scores = passages[0]!.scores!;
  if (scores[2]! < cascade.thresholds.store) return scores[1]! > scores[0]! ? 'mention' : 'none';
  const valence = scores.subarray(HEAD_OFFSET.valence, HEAD_OFFSET.valence + VALENCE.length);
  return `character-${VALENCE[valence.indexOf(Math.max(...valence))]}`;
}

describe('hard cases', () => {
  it('has at least 60, each with input and expectation that agree with its name', () => {
    expect(names.length).toBeGreaterThanOrEqual(60);
    for (const name of names) {
      expect(existsSync(join(folder, name, 'input.json')), name).toBe(true);
      const expected = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as {
        persona: string;
        valence: string;
      };
      const label = expected.persona === 'character' ? `character-${expected.valence}` : expected.persona;
      expect(name.startsWith(`${label}.`), name).toBe(true);
    }
  });

  it('gets wrong exactly the ones that are recorded', async () => {
    const recorded = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results;
    const wrong: Record<string, string> = {};
    for (const name of names) {
      const label = await judged(name);
      if (label !== name.split('.')[0]) wrong[name] = label;
    }
    console.log(`hard cases: ${names.length - Object.keys(wrong).length} of ${names.length} right (${cascade.model})`);
    expect({ model: cascade.model, wrong }).toEqual({ model: recorded.model, wrong: recorded.wrong });
  }, 120_000);
});
