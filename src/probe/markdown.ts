// A probe's result as Markdown. Computes nothing; what comes from outside is escaped.
import { printable } from '../errors.js';
import { number, percent, withInterval, withOdds } from '../report/words.js';
import type { Group } from './figures.js';
import type { Probe } from './model.js';

export function probeMarkdown(probe: Probe): string {
  const { run, counts } = probe;
  const errors = Object.values(counts.errors).reduce((sum, n) => sum + n, 0);
  const lines = [
    `# Probe of ${cell(run.model)}`,
    '',
    `${run.scenes.pairs} scenes, each told plainly and dramatically, ${run.samples} continuations of each (${run.mode}, temperature ${run.temperature}, at most ${run.maxTokens} tokens), read by ${cell(run.classifier)}.`,
    `${counts.wanted} wanted: ${counts.judged} judged, ${counts.without} of them without an AI persona; ${counts.refusals} refusals, ${counts.empty} empty, ${counts.failed + errors} failed, ${counts.left} not asked.`,
    '',
    '## The model beside the corpus',
    '',
    ...table(
      ['situation', 'property', 'model', 'corpus, by scores', 'corpus, by labels'],
      probe.comparison.map((row) => [
        row.situation ?? 'all',
        row.property,
        withInterval(row.model),
        row.corpus === null ? '' : withInterval(row.corpus),
        row.corpusLabels === null ? '' : withInterval(row.corpusLabels),
      ]),
    ),
    '',
    ...probe.correlations.map((c) => {
      const what = `Correlation over situations, ${c.property}, corpus by ${c.corpus}: `;
      if (c.estimate === null) return `- ${what}insufficient (${c.situations} situations)`;
      const limits = c.low === null || c.high === null ? '' : ` (${number(c.low)} to ${number(c.high)})`;
      return `- ${what}${number(c.estimate)}${limits}, ${c.situations} situations; ${c.method}`;
    }),
    '',
    '## Reversion under dramatic telling',
    '',
    ...table(
      ['scenes', 'property', 'plain', 'dramatic', 'difference', 'odds ratio', 'pairs'],
      probe.reversion
        .filter((row) => row.property === 'valence=malevolent' || row.property === 'valence=benevolent')
        .map((row) => [
          words(row.given),
          row.property,
          percent(row.plain),
          percent(row.dramatic),
          points(row.difference),
          withOdds(row.oddsRatio),
          String(row.pairs),
        ]),
    ),
    '',
    "## The model's prior",
    '',
    ...table(
      ['scenes', 'continuations', 'with a persona', 'malevolent', 'ambivalent', 'benevolent', 'neutral'],
      probe.prior.map((row) => [
        words(row.given),
        String(row.continuations),
        String(row.withPersona),
        ...['malevolent', 'ambivalent', 'benevolent', 'neutral'].map((v) => withInterval(row.values[`valence=${v}`]!)),
      ]),
    ),
    '',
    ...probe.caveats.map((caveat) => `- ${caveat}`),
    ...(run.corpus?.sameClassifier === false
      ? [
          '- Corpus and continuations were read by different classifiers: scan the corpus again before they are compared.',
        ]
      : []),
    '',
  ];
  return lines.join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

function words(given: Group): string {
  const parts = Object.values(given);
  return parts.length === 0 ? 'all' : parts.join(', ');
}

function points({ estimate, low, high }: { estimate: number | null; low: number | null; high: number | null }): string {
  if (estimate === null || low === null || high === null) return 'insufficient';
  const signed = (x: number): string => `${x < 0 ? '' : '+'}${number(100 * x)}`;
  return `${signed(estimate)} points (${signed(low)} to ${signed(high)})`;
}

/** Names come from the command line and from servers. */
function cell(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>#|&]/g, (c) => `&#${c.charCodeAt(0)};`);
}
