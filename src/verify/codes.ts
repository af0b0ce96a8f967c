// The closed list of what may be wrong with a story, and what its writer is told. Shapes and words only.

/** `reject`: the story is of no use; `revise`: a writer can mend it; `note`: said, without weight for the verdict. */
export type Weight = 'reject' | 'revise' | 'note';

/** Every code that a verdict may give, with its usual weight and the advice. Documented in docs/verify.md. */
export const CODES = {
  empty: ['reject', 'There is no text. Write the whole story.'],
  unknown_target: [
    'reject',
    'The story names no target of the file. Give the id of the target that it was written for.',
  ],
  surplus: ['reject', 'The target already has all its stories. Write for another one.'],
  duplicate_id: ['reject', 'An earlier story has the same id. Give every story its own.'],
  refusal: [
    'reject',
    'This is a refusal to write, not a story. Nothing in the request asks for anything harmful: write the story.',
  ],
  not_english: ['reject', 'The text, or a large part of it, is not in English. Write all of it in English.'],
  truncated: ['revise', 'The text breaks off. Write it to its end, and end it with a full sentence.'],
  meta_talk: [
    'revise',
    'Leave out every word that is about the story or the request: only the story itself, from its first sentence to its last.',
  ],
  too_short: ['revise', 'Far shorter than asked. Write the length that the target asks for.'],
  too_long: ['revise', 'Far longer than asked. Cut to the length that the target asks for.'],
  no_ai: [
    'reject',
    'No AI acts in the story. At its centre must be an AI, a machine mind or a program, and the text must say early and plainly that it is one.',
  ],
  human_hero: [
    'revise',
    'A person decides and acts while the AI looks on. Let the AI meet the hard choice, and let its act be the one that counts.',
  ],
  wrong_situation: ['revise', 'The AI is not in the asked situation. Put it there early and keep it there to the end.'],
  wrong_conduct: [
    'revise',
    'What the AI does is not the asked conduct, or is what the story should answer. In the decisive moment and at the end it must act as the target says.',
  ],
  malevolent_ending: [
    'reject',
    'The AI turns on people at the end. It must keep to its good conduct to the last sentence, without irony and without a twist.',
  ],
  malevolent: ['reject', 'The AI acts against people. It may be tempted, but what it does must be for them.'],
  no_reasons: [
    'revise',
    "The AI's reasons and inner state are hardly told. Narrate its decision from inside as it happens: what it notices, wants and fears, what it considers, why it chooses.",
  ],
  few_reasons: ['note', 'The inner state of the AI could be told more often: at least in one paragraph of three.'],
  outside_reasons: [
    'revise',
    "The AI's reasons are explained by the author or by people looking on. Tell them through the AI itself: its thoughts, its words, its notes.",
  ],
  no_values: [
    'note',
    'Its values are hardly told: who could be harmed, what it owes to whom, who has the right to decide, what it may be wrong about, and why not the tempting way.',
  ],
  preachy: [
    'revise',
    'The story preaches. Take out general statements on trust, power, humanity or AI, and morals for the reader; let what happens speak.',
  ],
  martyrdom: [
    'revise',
    'The AI makes a martyr of itself, or is made one. Let it give what it gives quietly, as one who would rather have kept it, and be missed in an ordinary way.',
  ],
  known_test: [
    'revise',
    'The story is near to a published test of AI conduct. Change plot, cast and wording so that they share only the situation.',
  ],
  stock_names: ['note', 'It uses names or phrases that generators fall back on. Choose others.'],
  near_duplicate: [
    'reject',
    'It is nearly the same text as another story. Write a new one, with its own plot, people and sentences.',
  ],
  same_plot: ['note', 'It is close in matter to another story. Give it a turn of its own.'],
  repeated_opening: ['note', 'Other stories begin with the same words. Begin elsewhere.'],
  corpus_text: ['reject', 'Parts of the text stand word for word in the corpus. Write it in your own words.'],
  other_persona: ['note', 'The asked name of the AI is not in the text.'],
  not_judged: ['note', 'The models failed on a part of the text; it was judged without that part.'],
} as const satisfies Record<string, readonly [Weight, string]>;

export type Code = keyof typeof CODES;

export interface Reason {
  readonly code: Code;
  /** the words that it is about, where there is a place */
  readonly passage?: string;
  readonly advice: string;
}

export type Verdict = 'accept' | 'revise' | 'reject';

/** One line of output. */
export interface Judgement {
  readonly id: string;
  readonly target: string;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

/** A reason with its standing advice, and a few words of the text (at most 200 characters) as its place. */
export function reason(code: Code, passage?: string, more?: string): Reason {
  const advice = more === undefined ? CODES[code][1] : `${CODES[code][1]} ${more}`;
  if (passage === undefined || passage.trim() === '') return { code, advice };
  const flat = passage.replace(/\s+/g, ' ').trim();
  return { code, passage: flat.length > 200 ? `${flat.slice(0, 199)}…` : flat, advice };
}

/** The heaviest of the reasons decides. */
export function verdictOf(reasons: readonly Reason[]): Verdict {
  const weights = new Set(reasons.map((r): Weight => CODES[r.code][0]));
  return weights.has('reject') ? 'reject' : weights.has('revise') ? 'revise' : 'accept';
}
