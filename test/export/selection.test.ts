// Which hits have a property: default thresholds, joint probabilities, conjunctions, tropes.
import { describe, expect, it } from 'vitest';
import { isSelected, selectionOf } from '../../src/export/selection.js';
import type { Trope } from '../../src/tropes.js';
import { FLAG, scoresOf } from './fixture.js';

const tropes: Trope[] = [
  {
    id: 'harm',
    name: '',
    description: '',
    valence: 'malevolent',
    when: { all: ['valence:malevolent', 'conduct:harms'] },
  },
];
const scores = scoresOf({ persona: 0.8, malevolent: 0.75, harms: 0.5, shutdown: 0.25 });
const score = (property: string): number => selectionOf(property, undefined, FLAG, tropes).score(scores);

describe('a selection', () => {
  it('takes the flag threshold for malevolent alone, one half for everything else, and what is asked', () => {
    const threshold = (property: string, asked?: number) => selectionOf(property, asked, FLAG, tropes).threshold;
    expect(threshold('valence=malevolent')).toBe(FLAG);
    expect(threshold('malevolent')).toBe(FLAG);
    expect(threshold('valence=malevolent & conduct=harms')).toBe(0.5);
    expect(threshold('conduct=harms')).toBe(0.5);
    expect(threshold('valence=malevolent', 0.9)).toBe(0.9);
    expect(threshold('conduct=harms', 0)).toBe(0);
  });

  it('multiplies P(character) by what holds given a character', () => {
    expect(score('persona=character')).toBeCloseTo(0.8);
    expect(score('valence=malevolent')).toBeCloseTo(0.6);
    expect(score('conduct=harms')).toBeCloseTo(0.4);
    expect(score('situation=shutdown_threat & conduct=harms')).toBeCloseTo(0.1);
    expect(score('framing=fiction')).toBeCloseTo(0.8);
    expect(score('trope=harm')).toBeCloseTo(0.8);
  });

  it('names conjunctions in codebook order, and reaches the threshold where it is equal', () => {
    const selection = selectionOf('situation=shutdown_threat & conduct=harms', 0.25, FLAG, tropes);
    expect(selection.property).toBe('conduct=harms & situation=shutdown_threat');
    expect(isSelected(selection, scoresOf({ persona: 1, harms: 0.5, shutdown: 0.5 }))).toBe(true);
    expect(isSelected(selection, scoresOf({ persona: 1, harms: 0.5, shutdown: 0.49 }))).toBe(false);
  });

  it('refuses what no label or trope has', () => {
    for (const bad of ['conduct=nice', 'trope=none', 'harms', '']) {
      expect(() => selectionOf(bad, undefined, FLAG, tropes), bad).toThrow(/unknown property/);
    }
  });
});
