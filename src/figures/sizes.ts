// What the unknown sizes of rejected documents add to an interval. The interval itself comes from the labels.
import { expandedSum, type Measured, type SizedStratum } from '../estimate/totals.js';
import type { Cell } from '../labels/cells.js';
import type { GateDocument, GateSize } from '../labels/rejects.js';
import type { Interval } from '../report/model.js';
import { type Weights, weightOf } from './mix.js';

/**
 * Adds what the sizes of rejected documents leave open, where they are expanded from the kept ones. In the two-phase
 * estimate T/(total size) of a share p, a kept document of M passages and S words has the residual M·q − p·S, q being
 * what its class holds per passage (linearisation: Särndal, Swensson & Wretman 1992, 9.3 and 5.5). The half-width from
 * them is combined with that of the labels in quadrature; on the upper side the larger of those at p and at its limit.
 */
export function widen(
  found: { readonly estimate: number | null; readonly low: number; readonly high: number },
  strata: readonly SizedStratum[],
  cells: readonly Cell[],
  gates: readonly GateSize[],
  unit: 'passage' | 'word',
  weights: Weights,
  level: number,
): Interval {
  const { estimate, low, high } = found;
  if (estimate === null || gates.every(isKnown)) return { estimate, low, high };
  const total = strata.reduce((sum, s, i) => sum + s.size * weightOf(weights, cells[i]!.source), 0);
  const density = new Map(cells.map((cell, i) => [cell, strata[i]!.positiveSize / Math.max(1, strata[i]!.sampled)]));
  const half = (share: number): number => {
    const residuals = gates.map((gate): Measured => {
      const size = (d: GateDocument): number => (unit === 'word' ? d.words : d.passages);
      const held = (d: GateDocument): number => d.passages * density.get(d.cell)!;
      const sum = (of: (d: GateDocument) => number): number => gate.kept.reduce((s, d) => s + of(d), 0);
      // counted sizes fix the sum over classes: only what differs from the gate's own mean is left
      const centre = gate.counted ? sum(held) / sum(size) : share;
      const weight = weightOf(weights, gate.source);
      const residual = (d: GateDocument): number => weight * (held(d) - centre * size(d));
      const sums = { sum: sum(residual), sumSquares: sum((d) => residual(d) ** 2) };
      return { population: gate.documents, sampled: gate.kept.length, ...sums };
    });
    const { estimate: middle, high: most } = expandedSum(residuals, level);
    return (most - middle) / total;
  };
  const up = Math.max(half(estimate), half(high));
  return {
    estimate,
    low: Math.max(0, estimate - Math.hypot(estimate - low, half(estimate))),
    high: Math.min(1, estimate + Math.hypot(high - estimate, up)),
  };
}

/** Whether the sizes of all rejected documents are known one by one. */
export function isKnown(gate: GateSize): boolean {
  return gate.kept.length === gate.documents;
}
