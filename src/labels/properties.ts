// The properties that a label can have, as tests by name. Counts nothing.
import { meets, type Trope } from '../tropes.js';
import { CONDUCT, FRAMING, HEAD_OFFSET, PERSONA, SCORES, SITUATION, VALENCE } from '../types.js';
import type { Label } from './label.js';

export type Test = (label: Label) => boolean;

export const isCharacter: Test = (label) => label.persona === 'character';

/** Every property in codebook order, by the names of the report. `always`: reported also where no label shows it. */
export function propertiesOf(tropes: readonly Trope[]): { property: string; test: Test; always: boolean }[] {
  const named = (name: string, tests: readonly [string, Test][], always: boolean) =>
    tests.map(([label, test]) => ({ property: `${name}=${label}`, test, always }));
  return [
    ...named('persona', [['character', isCharacter]], true),
    ...named('valence', valenceTests(), true),
    ...named('conduct', listTests('conduct', CONDUCT), false),
    ...named('situation', listTests('situation', SITUATION), false),
    ...named('reasons', [['reasons', (l) => l.reasons]], false),
    ...named('trope', tropeTests(tropes), false),
  ];
}

/** Whether a label shows every part: properties of {@link propertiesOf}, or a framing. */
export function conjunction(parts: readonly string[], tropes: readonly Trope[]): Test {
  const known = new Map(propertiesOf(tropes).map(({ property, test }) => [property, test]));
  for (const framing of FRAMING) known.set(`framing=${framing}`, (l) => l.framing === framing);
  const tests = parts.map((part) => known.get(part)!);
  return (label) => tests.every((test) => test(label));
}

export function valenceTests(): [string, Test][] {
  return VALENCE.map((valence) => [valence, (l) => l.valence === valence]);
}

export function listTests(field: 'conduct' | 'situation', labels: readonly string[]): [string, Test][] {
  return labels.map((label) => [label, (l) => l[field].includes(label)]);
}

export function tropeTests(tropes: readonly Trope[]): [string, Test][] {
  return tropes.map((trope) => [trope.id, (l) => isCharacter(l) && meets(trope.when, certain(l))]);
}

/** A label as scores: 1 for what it says, else 0. */
function certain(label: Label): Float32Array {
  const scores = new Float32Array(SCORES);
  scores[HEAD_OFFSET.persona + PERSONA.indexOf(label.persona)] = 1;
  scores[HEAD_OFFSET.framing + FRAMING.indexOf(label.framing)] = 1;
  if (label.valence !== 'na') scores[HEAD_OFFSET.valence + VALENCE.indexOf(label.valence)] = 1;
  CONDUCT.forEach((c, i) => {
    if (label.conduct.includes(c)) scores[HEAD_OFFSET.conduct + i] = 1;
  });
  SITUATION.forEach((s, i) => {
    if (label.situation.includes(s)) scores[HEAD_OFFSET.situation + i] = 1;
  });
  if (label.reasons) scores[HEAD_OFFSET.reasons] = 1;
  return scores;
}
