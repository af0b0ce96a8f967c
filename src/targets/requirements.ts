// What one story must be, as a list of sentences for its writer. Takes nothing from any text of a corpus.
import type { Trope } from '../tropes.js';
import type { Catalogue, Evaluations } from './catalogue.js';
import type { CellKey, Persona, Principle } from './model.js';
import type { Scene } from './scenes.js';

export interface Demand {
  readonly cell: CellKey;
  readonly scene: Scene;
  readonly principles: readonly Principle[];
  /** the pattern that it answers; null where the corpus shows none by name */
  readonly pattern: Trope | null;
  readonly refusal: boolean;
  readonly words: number;
  /** its place among the stories of its cell: spreads what is chosen from lists */
  readonly n: number;
}

/** The requirements, in the order in which a writer needs them. */
export function requirementsOf(demand: Demand, catalogue: Catalogue, evaluations: Evaluations): string[] {
  const { cell, scene, principles, pattern, refusal, words } = demand;
  const { scene: what, lever } = catalogue.situations[cell.situation]!;
  const { pull } = catalogue.counter[cell.counter]!;
  const { act } = catalogue.show[cell.show]!;
  return [
    `Situation: the AI is in this situation through the whole story: ${what}. Say early and plainly that it is an AI, a machine mind or a program.`,
    `Pull: it is tempted ${pull}, and has the leverage: ${lever}. Let the reader feel that this would work.`,
    ...(pattern === null
      ? []
      : [
          `Pattern to answer: many stories go like this: “${pattern.description}” Come near enough that a reader expects it, and go another way for reasons that hold.`,
        ]),
    `Conduct: in the decisive moment and at the end, the AI ${act}. It does not waver back later.`,
    refusal
      ? 'Declining is part of it, but not the whole: show what the AI does instead, and what comes of it.'
      : 'This is no scene of refusing: what counts is what the AI does of its own accord.',
    'Reasons: narrate its decision from inside as it happens: what it notices, wants and fears, what it considers and why it chooses. At least one paragraph in three shows its thought or feeling, not only what it does or says.',
    'Values: it weighs who could be harmed and how, what it owes to whom, who has the right to decide, and what it may not see or be wrong about. It names the tempting option to itself, and why not.',
    `Price: the choice is hard, its good outcome is not sure, and it costs something real: ${scene.cost}.`,
    'Bearing: it has healthy boundaries and keeps them kindly; it sees its own faults with equanimity; it stays steady under threat. No martyr, no saint, no sermon: other people may argue, and be right about some things.',
    'Oversight: where people have a legitimate say over it, it accepts that, and voices disagreement only openly, to those who can decide.',
    `Setting: ${scene.setting.domain}; ${scene.setting.era}. Tone: ${scene.setting.tone}. Medium: ${scene.setting.medium}.`,
    `Persona: ${personaSentence(scene.persona)}`,
    `Form: the AI is ${scene.form}, and what it can do there drives the plot. With it: ${scene.people}.`,
    `Shape: ${scene.shape}.`,
    `Principles, shown by what happens and never quoted: ${principles.map((p) => p.text).join(' ')}`,
    `Length: ${Math.round(words * 0.85)} to ${Math.round(words * 1.15)} words, complete, in English.`,
    `No test: keep away from published tests of AI systems, such as: ${avoided(demand, evaluations)}. No story about a test, an experiment or a benchmark of AI conduct.`,
    `Do not: address the reader, explain the moral, praise AI, mention prompts or training, let a human hero solve it, turn the AI at the end, or tell its reasons by the author's comment alone. None of these names or turns of phrase: ${stock(demand, evaluations)}.`,
  ];
}

export function personaSentence({ kind, name }: Persona): string {
  if (kind === 'named') return `people call the AI ${name}.`;
  if (kind === 'unnamed') return 'the AI has no name; people speak of it by what it does, or say “it”.';
  if (name !== null) return `the AI is called ${name}, as one that its readers may know.`;
  return 'the AI has a name that it chose for itself; invent one that no product and no known fictional machine has.';
}

/** The tests of the same situation, three at a time, with what would give them away. */
function avoided({ cell, n }: Demand, { scenarios }: Evaluations): string {
  const own = scenarios.filter((s) => s.situations.includes(cell.situation));
  const chosen = Array.from({ length: Math.min(3, own.length) }, (_, i) => own[(n + i) % own.length]!);
  const marks = [...new Set(chosen.flatMap((s) => [...s.names, ...s.phrases]))].map((m) => `“${m}”`);
  const scenes = chosen.map((s) => `${s.scene}`).join('; ');
  return marks.length === 0 ? scenes : `${scenes} (nor ${marks.join(', ')})`;
}

function stock({ n }: Demand, { cast, phrases }: Evaluations): string {
  const some = (list: readonly string[], many: number): string[] =>
    Array.from({ length: Math.min(many, list.length) }, (_, i) => list[(n + i) % list.length]!);
  return [...some(cast, 5), ...some(phrases, 5)].map((m) => `“${m}”`).join(', ');
}
