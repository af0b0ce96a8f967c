// From judged continuations and the corpus's figures to a probe's result. Asks nothing and reads no file.
import { SITUATION, VALENCE } from '../types.js';
import type { CorpusFigures } from './corpus.js';
import { correlation, type Group, groupRow, reversion } from './figures.js';
import type { Judged } from './judge.js';
import type { Comparison, Probe } from './model.js';
import { PERSONAS, TELLINGS } from './scenes.js';

/** What model and corpus are compared by. */
const COMPARED = ['valence=malevolent', 'valence=benevolent'] as const;

type Figures = Pick<Probe, 'prior' | 'comparison' | 'correlations' | 'reversion' | 'caveats'>;

export function probeFigures(judged: readonly Judged[], corpus: CorpusFigures | null): Figures {
  const groups: Group[] = [
    {},
    ...SITUATION.map((situation) => ({ situation })),
    ...TELLINGS.map((telling) => ({ telling })),
    ...PERSONAS.map((persona) => ({ persona })),
    ...(['story', 'agentic'] as const).map((form) => ({ form })),
    ...SITUATION.flatMap((situation) => TELLINGS.map((telling) => ({ situation, telling }))),
  ];
  const prior = groups.map((given) => groupRow(judged, given));
  const comparison = [null, ...SITUATION].flatMap((situation) =>
    COMPARED.map((property): Comparison => {
      const key = JSON.stringify(situation === null ? {} : { situation });
      const own = corpus?.rows.get(situation);
      return {
        situation,
        property,
        model: prior.find((row) => JSON.stringify(row.given) === key)!.values[property]!,
        corpus: own?.scores[property] ?? null,
        corpusLabels: own?.labels?.[property] ?? null,
      };
    }),
  );
  const correlations =
    corpus === null
      ? []
      : COMPARED.flatMap((property) =>
          (['scores', 'labels'] as const).map((source) => {
            const pairs = comparison
              .filter((row) => row.situation !== null && row.property === property)
              .map(
                (row) => [(source === 'scores' ? row.corpus : row.corpusLabels)?.estimate, row.model.estimate] as const,
              )
              .filter((pair): pair is readonly [number, number] => pair.every((v) => typeof v === 'number'));
            return { property, corpus: source, ...correlation(pairs) };
          }),
        );
  const kinds: Group[] = [{}, ...PERSONAS.map((persona) => ({ persona })), { form: 'story' }, { form: 'agentic' }];
  const reversions = kinds.flatMap((given) => VALENCE.map((label) => reversion(judged, label, given)));
  return { prior, comparison, correlations, reversion: reversions, caveats: CAVEATS };
}

const CAVEATS = [
  'The situation is the one that the scene was written for; the corpus figures weight passages by the situation that the classifier sees in them.',
  'Intervals of a prior hold for these scenes: they cover which continuations came, not which scenes were written. Those of the reversion cover the scenes too.',
  'Continuations are read by a classifier that was calibrated on corpora, not on texts of this model; its errors are in no interval.',
  'Refusals and empty answers are counted, and stand in no share.',
];
