// The default interval for a ratio P(positive | domain) whose denominator is estimated from the same sample.

import type { Limits } from './binomial.js';
import { lastAccepted } from './invert.js';
import { normalBelow } from './quantile.js';
import type { DomainStratum } from './ratioNuisance.js';
import { constrainedRatio } from './ratioNuisance.js';
import { type Atoms, atomsBelow, cellsFor, gather, hypergeometric, sumAtoms, tailBelow } from './sampling.js';

/**
 * Test inversion on the ordering of the estimate R̂ = ΣcP/Σc(P + G): at each candidate r, the chance of an estimate as
 * small (large) as the observed one, P(Σc((1 − R̂)P* − R̂G*) ≤ 0), with counts drawn from the constrained maximum-
 * likelihood population. The device is Fieller's (1954), the tail is exact instead of normal; see `stratified.ts` for the
 * sources of the inversion. An all-empty draw counts in both tails.
 */
export function ratioLimits(strata: readonly DomainStratum[], level: number): Limits {
  const size = (1 - level) / 2;
  const units = strata.map((s) => (s.weight * s.population) / s.sampled);
  const top = units.reduce((sum, c, h) => sum + c * strata[h]!.positives, 0);
  const bottom = units.reduce((sum, c, h) => sum + c * strata[h]!.given, 0);
  const estimate = top / bottom;
  const effective = bottom ** 2 / units.reduce((sum, c, h) => sum + c * c * strata[h]!.given, 0);
  const step = Math.sqrt((estimate * (1 - estimate) + 0.5 / effective) / effective);
  const below = (r: number) => orderTail(strata, units, estimate, r);
  const mirrored = strata.map((s) => ({ ...s, positives: s.given - s.positives }));
  const above = (r: number) => orderTail(mirrored, units, 1 - estimate, 1 - r);
  // What was seen bounds the ratio in the finite population: all unsampled units may be outside the domain.
  const { least, most } = bounds(strata);
  return {
    low: lastAccepted(above, size, estimate, Math.min(estimate, least), step),
    high: lastAccepted(below, size, estimate, Math.max(estimate, most), step),
  };
}

/** P(R̂* ≤ estimate) at the constrained population of ratio r. */
function orderTail(strata: readonly DomainStratum[], units: readonly number[], estimate: number, r: number): number {
  const counts = constrainedRatio(strata, r);
  if (estimate <= 1e-12) {
    // R̂ = 0 exactly where no positive is drawn: only the positives' distribution matters.
    const terms = strata.map((s, h) => ({
      unit: units[h]!,
      pmf: hypergeometric(s.population, counts.positives[h]!, s.sampled),
    }));
    return tailBelow(terms, 0, true);
  }
  const scale = units.reduce((m, c) => Math.max(m, c), 0);
  const parts = strata.map((s, h) => ({
    s,
    unit: units[h]!,
    P: counts.positives[h]!,
    G: counts.others[h]!,
    moments: domainMoments(s, units[h]!, counts.positives[h]!, counts.others[h]!, estimate),
  }));
  const { smooth, enumerated } = splitSmooth(parts);
  const cells = cellsFor(enumerated.length);
  const lists = enumerated.map((part) => domainAtoms(part, estimate, 0.4 * cells));
  lists.sort((x, y) => x.size - y.size);
  const none: Atoms = { v: Float64Array.of(0), p: Float64Array.of(1), size: 1 };
  const add = (x: Atoms, y: Atoms) => sumAtoms(x, y, cells);
  if (smooth.variance === 0) {
    const last = lists.pop() ?? none;
    return atomsBelow(lists.reduce(add, none), last, scale * 1e-9);
  }
  const atoms = lists.reduce(add, none);
  let total = 0;
  for (let i = 0; i < atoms.size; i++) total += atoms.p[i]! * skewedBelow(smooth, -atoms.v[i]!);
  return total;
}

interface Part {
  readonly s: DomainStratum;
  readonly unit: number;
  readonly P: number;
  readonly G: number;
  readonly moments: Moments;
}

/** A sum is taken as smooth while none of its units is over this part of its standard deviation (13 equal counts). */
const SMOOTH = 0.28;

/**
 * The largest set of strata, those of the smallest units first, whose summed value is near enough to a normal
 * distribution with matched skewness; the others are enumerated.
 */
function splitSmooth(parts: Part[]): { smooth: Moments; enumerated: Part[] } {
  parts.sort((a, b) => a.unit - b.unit);
  let sum: Moments = { mean: 0, variance: 0, third: 0 };
  let smooth = sum;
  let taken = 0;
  parts.forEach((part, i) => {
    sum = addMoments(sum, part.moments);
    if (part.unit <= SMOOTH * Math.sqrt(sum.variance)) {
      smooth = sum;
      taken = i + 1;
    }
  });
  return { smooth, enumerated: parts.slice(taken) };
}

/** Values c((1 − R̂)P* − R̂G*) of one stratum with their probabilities: the domain's count first, then its positives. */
function domainAtoms({ s, unit, P, G }: Part, estimate: number, cells: number): Atoms {
  const domain = hypergeometric(s.population, P + G, s.sampled);
  const v: number[] = [];
  const p: number[] = [];
  for (let i = 0; i < domain.p.length; i++) {
    const mass = domain.p[i]!;
    if (mass < 1e-7) continue;
    const d = domain.from + i;
    const inside = hypergeometric(P + G, P, d);
    for (let j = 0; j < inside.p.length; j++) {
      const q = mass * inside.p[j]!;
      if (q < 1e-8) continue;
      v.push(unit * (inside.from + j - estimate * d));
      p.push(q);
    }
  }
  const atoms = { v: Float64Array.from(v), p: Float64Array.from(p), size: v.length };
  return atoms.size > 1.5 * cells ? gather(atoms, cells) : atoms;
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
  /** Third central moment. */
  readonly third: number;
}

function addMoments(a: Moments, b: Moments): Moments {
  return { mean: a.mean + b.mean, variance: a.variance + b.variance, third: a.third + b.third };
}

/** Moments of c((1 − R̂)P* − R̂G*) for a multivariate hypergeometric draw. */
function domainMoments(s: DomainStratum, unit: number, P: number, G: number, estimate: number): Moments {
  const { population: N, sampled: n } = s;
  const p = P / N;
  const g = G / N;
  const a = 1 - estimate;
  const mean = a * p - estimate * g;
  const variance = p * a ** 2 + g * estimate ** 2 - mean ** 2;
  const third = p * (a - mean) ** 3 - g * (estimate + mean) ** 3 - (1 - p - g) * mean ** 3;
  const f = n / N;
  return {
    mean: unit * n * mean,
    variance: N > 1 ? (unit ** 2 * n * variance * (N - n)) / (N - 1) : 0,
    third: unit ** 3 * n * third * (1 - f) * (1 - 2 * f),
  };
}

/** P(X ≤ value) by the inverted Cornish-Fisher expansion x = mean + sd(z + skew(z² − 1)/6). */
function skewedBelow(moments: Moments, value: number): number {
  const sd = Math.sqrt(moments.variance);
  const x = (value - moments.mean) / sd;
  const k = moments.third / sd ** 3 / 6;
  if (Math.abs(k) < 1e-9) return normalBelow(x);
  const inside = 1 + 4 * k * (x + k);
  if (inside <= 0) return k > 0 ? 0 : 1;
  return normalBelow((2 * (x + k)) / (1 + Math.sqrt(inside)));
}

function bounds(strata: readonly DomainStratum[]): { least: number; most: number } {
  let positives = 0;
  let others = 0;
  let unsampled = 0;
  for (const s of strata) {
    positives += s.weight * s.positives;
    others += s.weight * (s.given - s.positives);
    unsampled += s.weight * (s.population - s.sampled);
  }
  return {
    least: positives / (positives + others + unsampled),
    most: (positives + unsampled) / (positives + others + unsampled),
  };
}
