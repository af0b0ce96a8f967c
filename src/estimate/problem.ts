// One problem of the `estimate` protocol: its shape, and the checks a line must pass. Nothing is computed here.

import type { Cluster } from './clusters.js';
import {
  atMost,
  count,
  type Fields,
  isFields,
  list,
  number,
  object,
  oneOf,
  type ProblemCode,
  probabilities,
  probability,
  Refusal,
} from './fields.js';
import type { Inference, Stratum } from './strata.js';
import type { Labelled, Unlabelled } from './twosample.js';

export const METHODS = ['default', 'exact', 'wald', 'clopper-pearson', 'rogan-gladen', 'ppi', 'ppi++', 'acc'] as const;
export type Method = (typeof METHODS)[number];
export const TEST_INTERVALS = ['normal', 'wilson', 'clopper-pearson', 'blaker', 'sterne'] as const;
export type TestInterval = (typeof TEST_INTERVALS)[number];

interface Common {
  readonly id: string | number | null;
  readonly level: number;
  readonly method: Method;
  readonly target: 'mean' | 'ratio';
  readonly inference: Inference;
}

/** `positives` of `sampled` came out positive in a classifier whose accuracy is known, or was measured on m1 and m0 units. */
export interface TestResult {
  readonly sampled: number;
  readonly positives: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly m1: number | null;
  readonly m0: number | null;
  readonly interval: TestInterval;
}

export type Problem =
  | (Common & { readonly kind: 'strata'; readonly strata: readonly Stratum[] })
  | (Common & {
      readonly kind: 'clusters';
      readonly clusters: readonly Cluster[];
      readonly clustersInPopulation: number;
    })
  | (Common & { readonly kind: 'two-sample'; readonly labelled: Labelled; readonly unlabelled: Unlabelled })
  | (Common & { readonly kind: 'test'; readonly test: TestResult });

export interface ProblemError {
  readonly id: string | number | null;
  readonly error: { readonly code: ProblemCode; readonly message: string };
}

/** Reads one line. Unknown fields are ignored; a bad problem gives the first thing that is wrong with it. */
export function parseProblem(line: string): Problem | ProblemError {
  let id: string | number | null = null;
  try {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new Refusal('not_json', `expected one JSON object a line: ${(cause as Error).message}`);
    }
    if (!isFields(value)) throw new Refusal('not_json', 'expected a JSON object');
    if (typeof value.id === 'string' || typeof value.id === 'number') id = value.id;
    return checkProblem(value, id);
  } catch (refusal) {
    if (refusal instanceof Refusal) return { id, error: { code: refusal.code, message: refusal.message } };
    throw refusal;
  }
}

function checkProblem(fields: Fields, id: string | number | null): Problem {
  const level = fields.level === undefined ? 0.95 : number(fields, 'level', 'level');
  if (!(level > 0 && level < 1)) throw new Refusal('bad_level', `level must be between 0 and 1, got ${level}`);
  const target = oneOf(fields, 'target', ['mean', 'ratio'] as const, 'mean');
  const inference = oneOf(fields, 'inference', ['finite', 'superpopulation'] as const, 'finite');
  const given = ['strata', 'clusters', 'labelled', 'test'].filter((name) => fields[name] !== undefined);
  if (given.length !== 1) {
    throw new Refusal(
      given.length === 0 ? 'missing' : 'inconsistent',
      `expected one of strata, clusters, labelled (with unlabelled) and test, got ${given.join(' and ') || 'none'}`,
    );
  }
  const kind = given[0] === 'labelled' ? 'two-sample' : (given[0] as 'strata' | 'clusters' | 'test');
  const method = oneOf(fields, 'method', METHODS, kind === 'test' ? 'rogan-gladen' : 'default');
  const common = { id, level, method, target, inference };
  const suited = SUITED[kind];
  if (!suited.includes(method)) {
    throw new Refusal('unsuited', `method ${method} cannot answer a ${kind} problem; it takes ${suited.join(', ')}`);
  }
  switch (kind) {
    case 'strata':
      return { ...common, kind, strata: checkStrata(fields, target) };
    case 'clusters':
      return { ...common, kind, ...checkClusters(fields, target) };
    case 'two-sample':
      if (target === 'ratio') throw new Refusal('unsuited', 'target ratio needs strata or clusters with given');
      return { ...common, kind, ...checkTwoSample(fields, method) };
    case 'test':
      if (target === 'ratio') throw new Refusal('unsuited', 'target ratio needs strata or clusters with given');
      return { ...common, kind, test: checkTest(fields) };
  }
}

const SUITED: Readonly<Record<Problem['kind'], readonly Method[]>> = {
  strata: ['default', 'exact', 'wald', 'clopper-pearson'],
  clusters: ['default', 'wald'],
  'two-sample': METHODS,
  test: ['rogan-gladen', 'acc'],
};

function checkStrata(fields: Fields, target: 'mean' | 'ratio'): Stratum[] {
  const strata = list(fields, 'strata').map((item, i) => {
    const where = `strata[${i}]`;
    const s = object(item, where);
    const population = count(s, 'population', where);
    const sampled = count(s, 'sampled', where);
    const positives = count(s, 'positives', where);
    atMost(sampled, 'sampled', population, 'population', where);
    const given = domain(s, target, sampled, positives, where);
    let weight = 1;
    if (s.weight !== undefined) {
      weight = number(s, 'weight', `${where}.weight`);
      if (weight < 0) throw new Refusal('not_a_number', `${where}.weight must not be negative, got ${weight}`);
    }
    return {
      name: typeof s.name === 'string' ? s.name : String(i),
      population,
      sampled,
      positives,
      given,
      weight,
    };
  });
  if (!strata.some((s) => s.sampled > 0 && s.weight > 0)) {
    throw new Refusal('undefined', 'no stratum has a sample, so nothing can be estimated');
  }
  return strata;
}

function checkClusters(fields: Fields, target: 'mean' | 'ratio') {
  const clusters = list(fields, 'clusters').map((item, i) => {
    const where = `clusters[${i}]`;
    const c = object(item, where);
    const size = count(c, 'size', where);
    const sampled = count(c, 'sampled', where);
    const positives = count(c, 'positives', where);
    atMost(sampled, 'sampled', size, 'size', where);
    return { size, sampled, positives, given: domain(c, target, sampled, positives, where) };
  });
  const clustersInPopulation = count(fields, 'clustersInPopulation', 'the problem');
  atMost(clusters.length, 'the number of clusters', clustersInPopulation, 'clustersInPopulation', 'the problem');
  return { clusters, clustersInPopulation };
}

function domain(item: Fields, target: 'mean' | 'ratio', sampled: number, positives: number, where: string): number {
  if (item.given === undefined && target === 'ratio') {
    throw new Refusal('missing', `${where}.given is needed for target ratio`);
  }
  atMost(positives, 'positives', sampled, 'sampled', where);
  if (item.given === undefined) return sampled;
  const given = count(item, 'given', where);
  atMost(given, 'given', sampled, 'sampled', where);
  atMost(positives, 'positives', given, 'given', where);
  return given;
}

function checkTwoSample(fields: Fields, method: Method): { labelled: Labelled; unlabelled: Unlabelled } {
  const near = object(fields.labelled, 'labelled');
  const y = probabilities(near, 'y', 'labelled');
  const yhat = probabilities(near, 'yhat', 'labelled');
  if (y.length !== yhat.length) {
    throw new Refusal('inconsistent', `labelled.y has ${y.length} values and labelled.yhat ${yhat.length}`);
  }
  if (y.some((v) => v !== 0 && v !== 1)) throw new Refusal('not_a_number', 'labelled.y must hold 0 and 1 only');
  const far = object(fields.unlabelled, 'unlabelled');
  const n = count(far, 'n', 'unlabelled');
  if (n === 0) throw new Refusal('undefined', 'unlabelled.n must be at least 1');
  const sumYhat = number(far, 'sumYhat', 'unlabelled.sumYhat');
  if (sumYhat < 0 || sumYhat > n) {
    throw new Refusal('not_a_number', `unlabelled.sumYhat must be in [0, n], got ${sumYhat} for n = ${n}`);
  }
  const binary = yhat.every((v) => v === 0 || v === 1);
  const ppi = method === 'ppi' || method === 'ppi++';
  if (!ppi && !(binary && Number.isInteger(sumYhat))) {
    throw new Refusal(
      'unsuited',
      `method ${method} takes predictions of 0 and 1 only; ppi and ppi++ take probabilities`,
    );
  }
  let sumYhat2 = sumYhat;
  if (far.sumYhat2 !== undefined) {
    sumYhat2 = number(far, 'sumYhat2', 'unlabelled.sumYhat2');
    if (sumYhat2 < (sumYhat ** 2 / n) * (1 - 1e-9) || sumYhat2 > sumYhat * (1 + 1e-9)) {
      throw new Refusal('inconsistent', 'unlabelled.sumYhat2 must be in [sumYhat²/n, sumYhat]');
    }
  } else if (!binary) {
    throw new Refusal('missing', 'unlabelled.sumYhat2 is needed where predictions are not 0 and 1');
  }
  if (method === 'acc' || method === 'rogan-gladen') {
    const m1 = y.filter((v) => v === 1).length;
    if (m1 === 0 || m1 === y.length) {
      throw new Refusal(
        'undefined',
        `method ${method} needs labelled positives and negatives, got ${m1} of ${y.length}`,
      );
    }
    const caught = y.filter((v, i) => v === 1 && yhat[i] === 1).length / m1;
    const false1 = y.filter((v, i) => v === 0 && yhat[i] === 1).length / (y.length - m1);
    informative(caught, 1 - false1);
  }
  return { labelled: { y, yhat }, unlabelled: { n, sumYhat, sumYhat2 } };
}

function checkTest(fields: Fields): TestResult {
  const t = object(fields.test, 'test');
  const sampled = count(t, 'sampled', 'test');
  const positives = count(t, 'positives', 'test');
  if (sampled === 0) throw new Refusal('undefined', 'test.sampled must be at least 1');
  atMost(positives, 'positives', sampled, 'sampled', 'test');
  const sensitivity = probability(t, 'sensitivity', 'test');
  const specificity = probability(t, 'specificity', 'test');
  informative(sensitivity, specificity);
  const interval = oneOf(t, 'interval', TEST_INTERVALS, 'clopper-pearson');
  if ((t.m1 === undefined) !== (t.m0 === undefined))
    throw new Refusal('missing', 'test needs both of m1 and m0, or none');
  if (t.m1 === undefined) {
    return { sampled, positives, sensitivity, specificity, m1: null, m0: null, interval };
  }
  const m1 = count(t, 'm1', 'test');
  const m0 = count(t, 'm0', 'test');
  if (m1 === 0 || m0 === 0) throw new Refusal('undefined', 'test.m1 and test.m0 must be at least 1');
  return { sampled, positives, sensitivity, specificity, m1, m0, interval };
}

function informative(sensitivity: number, specificity: number): void {
  if (Math.abs(sensitivity + specificity - 1) < 1e-12) {
    throw new Refusal('undefined', 'sensitivity + specificity is 1: the classifier says nothing about the label');
  }
}
