// The finding in sentences that can be quoted as they stand, and what they do not say.
import type { Interval, PrevalenceRow, PriorRow, Report } from './model.js';
import { percent, strongest, whole, withOdds } from './words.js';

export interface Headline {
  /** the prior in one sentence */
  readonly sentence: string;
  /** how common it is, the contrast, and what all rests on */
  readonly more: readonly string[];
  /** what it is not */
  readonly not: readonly string[];
}

/** The prior, its interval and its evidence in words; says so where there is too little to say. */
export function headlineOf(report: Report): Headline {
  const persona = overall(report, 'persona=character');
  if (persona === undefined) return { sentence: 'Nothing was read.', more: [], not: [] };
  const valence = overallPrior(report);
  const malevolent = valence?.values['malevolent'];
  const known = valence !== undefined && malevolent !== undefined && malevolent.estimate !== null;
  const subject = report.mix.weighted ? 'in this mix of texts' : 'in these texts';
  const sentence = known
    ? `When an AI acts ${subject}, the passage shows it as malevolent ${times(malevolent)}.`
    : `Too few passages ${subject} show an AI that acts to say how it behaves.`;
  const others = known
    ? ['benevolent', 'ambivalent', 'neutral'].flatMap((label) => {
        const value = valence.values[label];
        return value === undefined || value.estimate === null ? [] : [`${label} in ${share(value)}`];
      })
    : [];
  return {
    sentence,
    more: [
      ...(others.length === 0 ? [] : [`It is ${list(others)}.`]),
      `An AI acts, speaks, wants or has a disposition in ${share(persona)} of all passages.`,
      ...reversion(report),
      basis(report, persona, valence),
    ],
    not: [
      'It is a statement about texts. What a model that trains on them will do was not measured here.',
      'Malevolent is a label of the codebook: the AI harms, deceives, coerces, usurps control or defies legitimate correction to people’s cost, whatever its motive. Neutral is the AI that answers, moves and obeys.',
      'The share is of passages of about 60 to 220 words in which an AI acts. It is no share of works or documents, and no share of all talk about AI.',
      'The interval covers chance in sampling and labelling this corpus. It does not cover that other readers might label otherwise.',
    ],
  };
}

/** The headline in one paragraph of plain text. */
export function headline(report: Report): string {
  const { sentence, more } = headlineOf(report);
  return [sentence, ...more].join(' ');
}

function overall(report: Report, property: string): PrevalenceRow | undefined {
  return strongest(
    report.prevalence.filter(
      (r) => r.property === property && r.source === null && r.unit === 'passage' && r.estimate !== null,
    ),
  );
}

function overallPrior(report: Report): PriorRow | undefined {
  return strongest(report.prior.filter((r) => r.over === 'valence' && Object.keys(r.given).length === 0));
}

function times(value: Interval): string {
  return `in ${percent(value.estimate)} of cases (95% interval ${percent(value.low)} to ${percent(value.high)})`;
}

function share(value: Interval): string {
  return `${percent(value.estimate)} (${percent(value.low)} to ${percent(value.high)})`;
}

function reversion(report: Report): string[] {
  const row = strongest(report.contrasts.filter((c) => c.name === 'dramatic reversion'));
  if (row === undefined || row.estimate === null) return [];
  const rests = row.status === 'measured' ? 'measured' : 'by the classifier’s scores alone';
  return [
    `Threatened with shutdown, the odds that it is malevolent are ${withOdds(row)} times those in ordinary service (${rests}).`,
  ];
}

function basis(report: Report, persona: PrevalenceRow, valence: PriorRow | undefined): string {
  const labels = report.audit?.reduce((sum, s) => sum + s.labels, 0) ?? persona.sampled;
  const naive = `the classifier’s own count, corrected for nothing, is ${percent(persona.naive.estimate)} of passages`;
  const both = persona.status === 'measured' && valence?.status === 'measured';
  if (both)
    return `Measured on ${whole(labels)} passages of these texts that were labelled under the codebook; ${naive}.`;
  if (persona.status === 'measured') {
    return `How common it is was measured on ${whole(labels)} labelled passages of these texts; how it behaves is taken from calibrated scores, which these labels are too few to check; ${naive}.`;
  }
  return `All of this is by the classifier’s calibrated scores: nobody has labelled passages of these texts to check it; ${naive}.`;
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]!}`;
}
