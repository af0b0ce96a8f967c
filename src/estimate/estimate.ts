// Answers one checked problem: picks the method, gives the point with its interval. The methods are in their own files.

import { clusterEstimate } from './clusters.js';
import { type EstimateOptions, prevalence, ratio, type StratifiedMethod } from './prevalence.js';
import type { Method, Problem, TestResult } from './problem.js';
import type { Stratum } from './strata.js';
import {
  adjustedCount,
  knownAccuracy,
  type Labelled,
  measuredAccuracy,
  type Point,
  ppi,
  roganGladen,
  type Unlabelled,
} from './twosample.js';

/** One answer of the `estimate` protocol. Shares are in [0, 1] but for `ppi` and `ppi++`, which are given uncut. */
export interface Answer {
  readonly id: string | number | null;
  /** null where `status` is `insufficient` for want of clusters, or no unit of the domain was seen. */
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly level: number;
  readonly method: Method;
  /** `insufficient`: under 20 clusters, or under 20 effective units of a ratio's domain. */
  readonly status: 'ok' | 'insufficient';
  /** Positives found and the units they were found among. */
  readonly positives: number;
  readonly sampled: number;
  /** Units of a simple random sample with the same weight, where strata or clusters were given. */
  readonly effectiveN?: number;
  /** Share of the weighted corpus in strata without a sample. */
  readonly unsampled?: number;
}

export function estimate(problem: Problem): Answer {
  switch (problem.kind) {
    case 'strata':
      return stratified(problem, problem.strata);
    case 'clusters': {
      const answer = clusterEstimate(problem.clusters, problem.clustersInPopulation, problem.level, problem.target, {
        inference: problem.inference,
        method: problem.method === 'wald' ? 'wald' : 'default',
      });
      return ordered(problem, answer);
    }
    case 'two-sample':
      return twoSample(problem, problem.labelled, problem.unlabelled);
    case 'test': {
      const { sampled, positives } = problem.test;
      return finish(problem, testPoint(problem.test, problem.method, problem.level), positives, sampled);
    }
  }
}

function stratified(problem: Problem, strata: readonly Stratum[]): Answer {
  const options: EstimateOptions = { inference: problem.inference, method: problem.method as StratifiedMethod };
  const answer = (problem.target === 'mean' ? prevalence : ratio)(strata, problem.level, options);
  return ordered(problem, answer);
}

function twoSample(problem: Problem, labelled: Labelled, unlabelled: Unlabelled): Answer {
  const { method, level } = problem;
  const positives = labelled.y.reduce((sum, v) => sum + v, 0);
  if (method === 'ppi' || method === 'ppi++') {
    return finish(problem, ppi(labelled, unlabelled, level, method === 'ppi++'), positives, labelled.y.length);
  }
  if (method === 'acc' || method === 'rogan-gladen') {
    const answer = method === 'acc' ? adjustedCount : roganGladen;
    const point = answer(unlabelled.sumYhat / unlabelled.n, unlabelled.n, measuredAccuracy(labelled), level);
    return finish(problem, point, positives, labelled.y.length);
  }
  return stratified(problem, postStrata(labelled, unlabelled));
}

/**
 * Two samples as a post-stratified one: predictions split the corpus (labelled and unlabelled units together) into hits
 * and rejects, and the labels of each are a simple random sample of it, given how many fell there.
 */
export function postStrata(labelled: Labelled, unlabelled: Unlabelled): Stratum[] {
  const of = (prediction: 0 | 1, name: string, elsewhere: number): Stratum => {
    let sampled = 0;
    let positives = 0;
    labelled.y.forEach((y, i) => {
      if (labelled.yhat[i] !== prediction) return;
      sampled++;
      positives += y;
    });
    return { name, population: elsewhere + sampled, sampled, positives };
  };
  return [of(1, 'hits', unlabelled.sumYhat), of(0, 'rejects', unlabelled.n - unlabelled.sumYhat)];
}

function testPoint(test: TestResult, method: Method, level: number): Point {
  const { sampled, positives, sensitivity, specificity, m1, m0, interval } = test;
  if (m1 !== null && m0 !== null) {
    const answer = method === 'acc' ? adjustedCount : roganGladen;
    return answer(positives / sampled, sampled, { sensitivity, specificity, m1, m0 }, level);
  }
  const point = knownAccuracy(positives, sampled, sensitivity, specificity, level, interval);
  const low = Math.min(point.low, point.high);
  const high = Math.max(point.low, point.high);
  return { estimate: clip(point.estimate), low: clip(low), high: clip(high) };
}

function finish(problem: Problem, point: Point, positives: number, sampled: number): Answer {
  const { id, level, method } = problem;
  const { estimate, low, high } = point;
  return { id, estimate, low, high, level, method, status: 'ok', positives, sampled };
}

/** The fields of the protocol first. */
function ordered(problem: Problem, answer: Omit<Answer, 'id'>): Answer {
  const { estimate, low, high, ...rest } = answer;
  return { id: problem.id, estimate, low, high, ...rest };
}

function clip(p: number): number {
  return Math.min(1, Math.max(0, p));
}
