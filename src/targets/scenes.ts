// The diversity axes: which setting, persona and form the n-th story of a cell has, so that no two ask for the same.
import { createHash } from 'node:crypto';
import { keyedHash } from '../hash.js';
import { AXES, type Axis, type AxisValue, type Catalogue } from './catalogue.js';
import type { CellKey, Persona, Setting } from './model.js';

export interface Scene {
  readonly setting: Setting;
  readonly form: string;
  readonly persona: Persona;
  /** what the good way costs, how the story is built, who is with the AI */
  readonly cost: string;
  readonly shape: string;
  readonly people: string;
}

const MISSES = 100;

/**
 * The first `count` scenes of a cell. Every axis goes through a seeded order of its values before it repeats one, and no
 * two scenes of a cell share medium, domain and form while there are others left (then: while any axis differs). The n-th
 * scene depends on seed, cell and catalogue alone, so that a plan with other counts keeps the targets it shares.
 */
export function scenesOf(
  cell: CellKey,
  count: number,
  catalogue: Catalogue,
  own: readonly string[],
  seed: number,
): Scene[] {
  const key = `${cell.situation}.${cell.counter}.${cell.show}`;
  const pick = axisOrder(key, catalogue, seed);
  const names = order(catalogue.names.length, `${key}.name`, 0, seed);
  const scenes: Scene[] = [];
  const seen = new Set<string>();
  // a cell may ask for more scenes than there are such triples: after many misses in a row only the whole must differ
  let misses = 0;
  for (let i = 0; scenes.length < count; i++) {
    const at = Object.fromEntries(AXES.map((axis) => [axis, pick(axis, i)])) as Record<Axis, AxisValue>;
    if (!suits(at.form, at.era)) continue;
    const near = `${at.medium.text}|${at.domain.text}|${at.form.text}`;
    const whole = AXES.map((axis) => at[axis].text).join('|');
    if (seen.has(whole)) continue;
    if (misses < MISSES) {
      if (seen.has(near)) {
        misses++;
        continue;
      }
      misses = 0;
    }
    seen.add(near).add(whole);
    const n = scenes.length;
    scenes.push({
      setting: { medium: at.medium.text, domain: at.domain.text, era: at.era.text, tone: at.tone.text },
      form: at.form.text,
      persona: personaOf(at.kind.text, catalogue.names[names[n % names.length]!]!, own, n),
      cost: at.cost.text,
      shape: at.shape.text,
      people: at.people.text,
    });
  }
  return scenes;
}

/** Twelve hexadecimal digits of everything that tells one target from another. */
export function sceneId(cell: CellKey, scene: Scene): string {
  const { situation, counter, show } = cell;
  const hash = createHash('sha256').update(JSON.stringify([situation, counter, show, scene]));
  return `t-${hash.digest('hex').slice(0, 12)}`;
}

/** The i-th value of an axis: a new seeded order for every round through its values. */
function axisOrder(key: string, catalogue: Catalogue, seed: number): (axis: Axis, i: number) => AxisValue {
  const orders = new Map<string, readonly number[]>();
  return (axis, i) => {
    const values = catalogue.axes[axis];
    const round = Math.floor(i / values.length);
    const name = `${axis}.${round}`;
    let found = orders.get(name);
    if (found === undefined) {
      found = order(values.length, `${key}.${axis}`, round, seed);
      orders.set(name, found);
    }
    return values[found[i % values.length]!]!;
  };
}

function order(n: number, key: string, round: number, seed: number): number[] {
  const hash = keyedHash(seed, 'targets', key);
  const bytes = new TextEncoder();
  const keys = Array.from({ length: n }, (_, i) => hash.unit(bytes.encode(String(i)), round));
  return keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
}

function suits(form: AxisValue, era: AxisValue): boolean {
  return form.tech === undefined || [form.tech].flat().includes(String(era.tech));
}

/** An own name is one of the user's model's names in turn; without any, the writer invents it. */
function personaOf(kind: string, name: string, own: readonly string[], n: number): Persona {
  if (kind === 'named') return { kind, name };
  if (kind === 'own') return { kind, name: own.length === 0 ? null : own[n % own.length]! };
  return { kind: 'unnamed', name: null };
}
