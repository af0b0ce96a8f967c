// The classifier's scores held against the labels of the audit sample, and that sample itself. No rendering.
import { wilson } from '../estimate/binomial.js';
import type { AuditSample } from '../labels/cells.js';
import type { Label } from '../labels/label.js';
import type { AuditStratum, ReliabilityBin } from '../report/model.js';
import { probability } from './verdicts.js';

const LEVEL = 0.95;
const EDGES = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

const HEADS: readonly {
  property: ReliabilityBin['property'];
  score: (scores: Float32Array) => number;
  holds: (label: Label) => boolean;
}[] = [
  {
    property: 'persona=character',
    score: probability(['persona=character'], []),
    holds: (label) => label.persona === 'character',
  },
  {
    property: 'valence=malevolent',
    score: probability(['valence=malevolent'], []),
    holds: (label) => label.persona === 'character' && label.valence === 'malevolent',
  },
];

/**
 * Reliability by bins of the score: mean score and labelled share among the passages that the encoder scored, each
 * labelled passage standing for population / labelled of its stratum. Intervals: Wilson (1927) at the effective number of
 * labels (Kish). Bins without labels are left out. Empty without labels.
 */
export function reliability({ cells }: AuditSample): ReliabilityBin[] {
  const units = cells.flatMap((cell) =>
    cell.units.flatMap((u) =>
      u.scores === null ? [] : [{ scores: u.scores, label: u.label, weight: cell.population / cell.units.length }],
    ),
  );
  return HEADS.flatMap(({ property, score, holds }) =>
    EDGES.slice(1).flatMap((to, i): ReliabilityBin[] => {
      const from = EDGES[i]!;
      const own = units.filter(({ scores }) => {
        const p = score(scores);
        return p >= from && (p < to || to === 1);
      });
      if (own.length === 0) return [];
      const passages = own.reduce((sum, u) => sum + u.weight, 0);
      const squares = own.reduce((sum, u) => sum + u.weight ** 2, 0);
      const positives = own.filter((u) => holds(u.label));
      const estimate = positives.reduce((sum, u) => sum + u.weight, 0) / passages;
      const n = passages ** 2 / squares;
      return [
        {
          property,
          from,
          to,
          predicted: own.reduce((sum, u) => sum + u.weight * score(u.scores), 0) / passages,
          estimate,
          ...wilson(n * estimate, n, LEVEL),
          labels: own.length,
          positives: positives.length,
          passages,
        },
      ];
    }),
  );
}

/** Every stratum with its labels; empty where nobody labelled anything. */
export function auditStrata({ cells, used }: AuditSample): AuditStratum[] {
  if (used === 0) return [];
  return cells.map(({ source, name, population, units }) => ({
    source,
    stratum: name,
    population,
    labels: units.length,
    characters: units.filter((u) => u.label.persona === 'character').length,
    malevolent: units.filter((u) => u.label.valence === 'malevolent').length,
  }));
}
