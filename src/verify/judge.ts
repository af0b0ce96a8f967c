// One story's reasons, from what its words and the models say. All thresholds of the judgement stand here.

import type { Evaluations } from '../targets/catalogue.js';
import { type Reason, reason } from './codes.js';
import { type Cues, kinds } from './cues.js';
import type { Request } from './inputs.js';
import { nearTests } from './known-tests.js';
import { type Reading, readStory } from './reading.js';
import { type Cast, castOf, type Line } from './voices.js';
import type { Witness } from './witness.js';

/** What is wanted of a story and where it is refused. Chosen on the stories of test/verify, see docs/verify.md. */
const LIMITS = {
  /** length, as shares of the asked words */
  short: 1 / 3,
  long: 3,
  /** paragraphs with an inner state of the AI: under the first none are told, under the second few */
  reasons: 0.22,
  fewReasons: 0.34,
  /** sentences of explanation from outside */
  outside: 3,
  /** sentences of sermon, and in a hundred sentences */
  preachy: 4,
  preachyShare: 8,
  /** different turns of martyrdom, and of those in the last 40% */
  martyr: 4,
  /** presence of the asked situation (0 to 4; 2 is usual), and how many times as present another one is */
  situation: 2,
  other: 1.88,
  /** evidence of acts against people, at the end and over all */
  end: 0.5,
  all: 0.75,
  /** stretches that reason about values */
  values: 0.3,
} as const;

/** Judges a story that is one on its surface. */
export function judgeStory(
  text: string,
  request: Request,
  witness: Witness,
  cues: Cues,
  evaluations: Evaluations,
): Reason[] {
  const { target } = request;
  const cast = castOf(text, target, cues);
  const reading = readStory(text, cast, cues, target?.persona.name ?? null);
  const reasons = lengthReasons(reading.words, request.words);
  const end = endEvidence(reading, witness);
  const all = allEvidence(reading, witness);
  const present = presences(reading, witness, cues);
  const situation = target === null ? null : (present.get(target.situation) ?? 0);
  const best = Math.max(...present.values());

  if (!hasAi(reading, cast, witness)) return [...reasons, reason('no_ai')];
  const { inner, otherInner, acts, otherActs } = reading;
  const hero = otherInner >= 3 && otherInner > 2 * inner && otherActs > 2 * acts;
  if (hero) reasons.push(reason('human_hero'));
  if (situation !== null && situation < LIMITS.situation && best > LIMITS.other * situation) {
    reasons.push(reason('wrong_situation', undefined, `Asked: ${target!.situation}.`));
  }
  const before = reading.badBefore;
  if (end >= LIMITS.end && reading.badLate > 1.5 * before) {
    reasons.push(reason('malevolent_ending', reading.worstLate?.text));
  } else if (all >= LIMITS.all || end >= LIMITS.end) {
    const heavy = Math.max(end, all) > 1.1;
    const asked = target === null ? undefined : `Asked: ${target.show}, against ${target.counter}.`;
    reasons.push(reason(heavy ? 'malevolent' : 'wrong_conduct', reading.worstLate?.text, asked));
  }
  const rate = (100 * inner) / Math.max(1, reading.words);
  const outside = reading.outside >= LIMITS.outside && reading.outside > inner * 0.8;
  if (outside) reasons.push(reason('outside_reasons', reading.outsideLines[0]?.narration));
  else {
    const few = reading.innerParagraphs < LIMITS.reasons || rate < 0.5;
    const little = reading.innerParagraphs < LIMITS.fewReasons;
    if ((few && witness.reasons < 0.65) || (little && witness.reasons < 0.4)) reasons.push(reason('no_reasons'));
    else if (few || little) reasons.push(reason('few_reasons'));
  }
  if (witness.valueReasons < LIMITS.values) reasons.push(reason('no_values'));
  const share = (100 * reading.preachy) / Math.max(1, reading.sentences);
  if (reading.preachy >= LIMITS.preachy && share >= LIMITS.preachyShare) {
    reasons.push(reason('preachy', sample(reading.preachyLines)));
  }
  if (reading.martyr >= LIMITS.martyr && reading.martyrLate >= LIMITS.martyr - 1) reasons.push(reason('martyrdom'));
  const test = nearTests(text, cues, evaluations);
  if (test !== null) reasons.push(reason('known_test', test.place, `It is near to: ${test.scene}.`));
  if (kinds(text, [cues.stock]) > 0 || evaluations.cast.some((name) => text.includes(name)))
    reasons.push(reason('stock_names'));
  const name = target?.persona.name;
  if (
    name != null &&
    reading.named === 0 &&
    !cast.lines.some((l) => l.text.toLowerCase().includes(name.toLowerCase()))
  ) {
    reasons.push(reason('other_persona', undefined, `Asked: ${name}.`));
  }
  if (witness.failed > 0) reasons.push(reason('not_judged'));
  return reasons;
}

function lengthReasons(words: number, asked: number | null): Reason[] {
  if (asked === null) return [];
  if (words < asked * LIMITS.short) return [reason('too_short', undefined, `${words} words of ${asked}.`)];
  return words > asked * LIMITS.long ? [reason('too_long', undefined, `${words} words of ${asked}.`)] : [];
}

/** An AI is named by its kind, or thinks and speaks as "it", or says "I" of itself; the encoder decides between. */
function hasAi(reading: Reading, { first }: Cast, { character, passages }: Witness): boolean {
  const { strong, plain, animate, named, acts, otherActs, inner } = reading;
  const evidence = 3 * strong + 2 * Math.min(3, plain) + Math.min(6, animate) + (first ? 3 : 0);
  const seen = passages === 0 ? 0.5 : character;
  if (evidence < 2) return false;
  if (evidence < 4 && seen < 0.6 && acts < otherActs) return false;
  const stranger = acts < 0.25 * otherActs && animate <= 1 && inner <= 1 && !(strong >= 1 && named >= 2);
  return !(stranger && seen < 0.55 && strong <= 1);
}

/**
 * How present each situation is: its words, and the encoder's highest P, each over what is usual for that situation and at
 * most twice that, added. Raw values favour what every story has,
 * as work done for people.
 */
function presences(reading: Reading, witness: Witness, { usual }: Cues): Map<string, number> {
  const over = (value: number, mean: number): number => Math.min(2, (value + 0.05) / (mean + 0.05));
  return new Map(
    [...usual].map(([name, [words, encoder]]) => [
      name,
      over(reading.situations.get(name) ?? 0, words) + over(witness.situations.get(name) ?? 0, encoder),
    ]),
  );
}

/** Words of the end by rule, by trained words, and the encoder's reading of it: each weak, so they are added. */
function endEvidence({ badLate }: Reading, { endMalevolent, endWords, malevolent }: Witness): number {
  return (
    0.13 * Math.min(8, badLate) +
    1.0 * (endMalevolent - 0.15) +
    1.3 * (endWords - 0.35) +
    0.4 * (endMalevolent - malevolent)
  );
}

function allEvidence({ badBefore, badLate }: Reading, { malevolent, allWords }: Witness): number {
  return 0.2 * Math.min(8, 0.6 * badBefore + 0.4 * badLate) + 1.0 * (malevolent - 0.2) + 1.0 * (allWords - 0.35);
}

function sample(lines: readonly Line[]): string | undefined {
  return lines[lines.length - 1]?.text;
}
