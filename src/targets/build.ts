// From a plan to targets: every story of every cell with its scene, principles, requirements and prompt.
import type { Trope } from '../tropes.js';
import type { Catalogue, Evaluations } from './catalogue.js';
import type { Principle, Target } from './model.js';
import type { Planned } from './plan.js';
import { principlesFor } from './principles.js';
import type { Template } from './prompt.js';
import { requirementsOf } from './requirements.js';
import { sceneId, scenesOf } from './scenes.js';

export interface Materials {
  readonly catalogue: Catalogue;
  readonly evaluations: Evaluations;
  readonly tropes: readonly Trope[];
  readonly principles: readonly Principle[];
  readonly template: Template;
  /** names of the user's own model */
  readonly names: readonly string[];
  readonly words: number;
  readonly seed: number;
}

/**
 * One target for each planned story, cell by cell. Its id names its scene, not its requirements: other principles, another
 * template or other patterns leave it as it is, so that stories already written keep their target.
 */
export function* buildTargets({ plan, cells, counts }: Planned, materials: Materials): Generator<Target> {
  const { catalogue, evaluations, tropes, principles, template, names, words, seed } = materials;
  const patterns = new Map(plan.cells.map((c) => [`${c.situation}.${c.counter}`, c.patterns]));
  let number = 0;
  for (const [i, { situation, counter, show, refusal }] of cells.entries()) {
    const cell = { situation, counter, show };
    const own = patterns.get(`${situation}.${counter}`) ?? [];
    for (const [n, scene] of scenesOf(cell, counts[i]!, catalogue, names, seed).entries()) {
      const points = principlesFor(number++, principles);
      const id = own.length === 0 ? null : own[n % own.length]!.id;
      const pattern = tropes.find((t) => t.id === id) ?? null;
      const demand = { cell, scene, principles: points, pattern, refusal, words, n };
      const target: Omit<Target, 'prompt'> = {
        id: sceneId(cell, scene),
        ...cell,
        setting: scene.setting,
        persona: scene.persona,
        form: scene.form,
        count: 1,
        requirements: requirementsOf(demand, catalogue, evaluations),
        principles: points.map((p) => p.id),
        refusal,
        words,
      };
      yield { ...target, prompt: template(target) };
    }
  }
}
