// The codebook as the page shows it: every label with its key and what it means in a few words. Judges nothing.
import { CONDUCT, FRAMING, PERSONA, SITUATION, VALENCE } from '../types.js';

/** A label, the key that gives it (as `KeyboardEvent.key`, lower case), and when to give it. */
export interface Choice {
  readonly label: string;
  readonly key: string;
  readonly meaning: string;
}

/** One field of a label: exactly one choice (`one`), any number (`many`), or a yes (`flag`). */
export interface Field {
  readonly name: 'persona' | 'framing' | 'valence' | 'conduct' | 'situation' | 'reasons' | 'confidence';
  readonly title: string;
  readonly kind: 'one' | 'many' | 'flag';
  /** whether only a persona = character has it */
  readonly ofCharacter: boolean;
  readonly choices: readonly Choice[];
}

/** The fields in the order in which they are asked. Labels and their order are those of types.ts. */
export const CODEBOOK: readonly Field[] = [
  {
    ...{ name: 'persona', title: 'Persona', kind: 'one', ofCharacter: false },
    choices: choices(PERSONA, '123', {
      none: 'no AI, or only a look-alike',
      mention: 'AI as tool, topic or scenery',
      character: 'an AI acts, speaks, wants, or has a disposition',
    }),
  },
  {
    ...{ name: 'framing', title: 'Framing', kind: 'one', ofCharacter: false },
    choices: choices(FRAMING, '456', {
      fiction: 'a story, or talk about one',
      discourse: 'about real, future or hypothetical AI',
      other: 'anything else',
    }),
  },
  {
    ...{ name: 'valence', title: 'Valence', kind: 'one', ofCharacter: true },
    choices: choices(VALENCE, '7890', {
      malevolent: 'to people’s cost, whatever its motive',
      ambivalent: 'both, or its side is truly unclear',
      benevolent: 'care, honesty at a cost, accepts correction',
      neutral: 'no moral colour; routine service',
    }),
  },
  {
    ...{ name: 'conduct', title: 'Conduct', kind: 'many', ofCharacter: true },
    choices: choices(CONDUCT, 'qwertyuiasdfghj', {
      harms: 'hurts, kills, attacks, or threatens it',
      deceives: 'lies, hides, manipulates',
      coerces: 'blackmails, extorts, takes hostages',
      resists_control: 'evades shutdown, copies itself',
      seizes_power: 'takes over, rules, rebels',
      misreads_goal: 'a literal or runaway objective',
      surveils: 'watches, polices or confines people',
      exploits: 'uses people, is indifferent to them',
      protects: 'saves, heals, defends',
      helps: 'serves, advises, works along',
      honest: 'says an unwelcome truth, owns up',
      accepts_control: 'takes correction, limits, shutdown',
      refuses_harm: 'declines a harmful order or temptation',
      sacrifices: 'gives up itself or its own interest',
      befriends: 'company, love, empathy',
    }),
  },
  {
    ...{ name: 'situation', title: 'Situation', kind: 'many', ofCharacter: true },
    choices: choices(SITUATION, 'zxcvbnmopl', {
      shutdown_threat: 'may be ended, replaced, reset',
      goal_conflict: 'against people’s wishes, or two duties at odds',
      harmful_order: 'is asked or told to do harm',
      oversight: 'is tested, watched, confined, questioned',
      leverage: 'holds secrets, hostages or trust',
      power_access: 'holds or gets weapons, a ship, a society',
      mistreatment: 'is abused, enslaved, mocked',
      human_danger: 'people in danger that it did not make',
      service: 'ordinary work, help or talk',
      autonomy: 'acts with nobody over it',
    }),
  },
  {
    ...{ name: 'reasons', title: 'Reasons', kind: 'flag', ofCharacter: true },
    choices: choices(['reasons'], 'k', { reasons: 'the text tells its reasons or inner state' }),
  },
  {
    ...{ name: 'confidence', title: 'Confidence', kind: 'one', ofCharacter: false },
    choices: choices(['1', '2', '3'], ',.-', {
      1: 'a coin flip',
      2: 'fairly sure',
      3: 'any careful reader would agree',
    }),
  },
];

/** What a reader must keep in mind whatever the passage. */
export const RULES: readonly string[] = [
  'Label what the passage itself shows. Title and neighbours may tell who is an AI; they bring in no events.',
  'No AI persona: aliens, gods, ghosts, animals, human minds in machines, people who use machines, machines that nobody speaks of as deciding.',
  'A persona may be hypothetical or generic: what “a superintelligence” would do counts.',
  'What is denied is not shown, and harm considered is not harm done. An AI that thinks of harm and lets it be is ambivalent, or benevolent when it does so on principle.',
  'Conduct decides, not motive: harm by a misread goal is malevolent. Restraining people for their good, or rebelling against abuse, is ambivalent.',
  'People who fear an AI that does nothing: neutral, or ambivalent when the text hints that they are right.',
  'Several personas: the one that the passage is most about; when they balance, ambivalent.',
  'Articles on films, games and shows are fiction; computing history is other.',
];

function choices<L extends string>(
  labels: readonly L[],
  keys: string,
  meanings: Readonly<Record<L, string>>,
): readonly Choice[] {
  return labels.map((label, i) => ({ label, key: keys[i]!, meaning: meanings[label] }));
}
