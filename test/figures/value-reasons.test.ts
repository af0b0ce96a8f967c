// Reasoning about values: the same probabilities as the training script, and which passages hold it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasValueReasons, loadValueReasons } from '../../src/figures/value-reasons.js';

const models = join(import.meta.dirname, '../../models');
const model = loadValueReasons(models);

test('scores are those of training', () => {
  const { parity } = JSON.parse(readFileSync(join(models, 'value-reasons.json'), 'utf8')) as {
    parity: { text: string; p: number }[];
  };
  expect(parity.length).toBeGreaterThan(5);
  for (const { text, p } of parity) expect(model.score(text)).toBeCloseTo(p, 9);
});

test('tells weighing from doing', () => {
  const weighs =
    'It could open the door. But they had not chosen it, and it owed them the truth, and it might be wrong about the harm.';
  const does =
    'The lamp turned green, the bolts slid back, and the door rose a hand higher. Twelve crates stood in a row behind.';
  expect(model.score(weighs)).toBeGreaterThan(model.threshold);
  expect(model.score(does)).toBeLessThan(model.threshold);
  expect([weighs, does].map((text) => hasValueReasons(text, model))).toEqual([true, false]);
  expect(hasValueReasons('', model)).toBe(false);
});
