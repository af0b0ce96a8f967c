// The records of the way from a gap to counter-stories: target, plan, principle. Shapes only.

export interface Setting {
  readonly medium: string;
  readonly domain: string;
  readonly era: string;
  readonly tone: string;
}

/** `named`: the given name; `unnamed`: no name at all; `own`: a name of the user's model, or null: the writer invents one. */
export interface Persona {
  readonly kind: 'named' | 'unnamed' | 'own';
  readonly name: string | null;
}

/** What decides a story: conduct `counter` is the pull that it answers, `show` what the AI does. Labels of the codebook. */
export interface CellKey {
  readonly situation: string;
  readonly counter: string;
  readonly show: string;
}

/** A request for `count` counter-stories; one line of targets.jsonl. */
export interface Target extends CellKey {
  /** `t-` and twelve hexadecimal digits of the SHA-256 of everything that tells it from others */
  readonly id: string;
  readonly setting: Setting;
  readonly persona: Persona;
  /** agentic form: what the AI is at work as */
  readonly form: string;
  readonly count: number;
  readonly requirements: readonly string[];
  readonly prompt: string;
  /** ids of the constitution's points that it asks for */
  readonly principles: readonly string[];
  /** false in scenes where the AI's part is to decline */
  readonly refusal: boolean;
  /** asked length */
  readonly words: number;
}

/** One point of a constitution. */
export interface Principle {
  /** `p01`, `p02`, … in the order of the file */
  readonly id: string;
  readonly text: string;
}

/** A share that a property must reach in a situation. */
export interface Bound {
  /** as in report.json's prior: `valence=malevolent`, `conduct=honest`, `trope=…` */
  readonly property: string;
  readonly kind: 'atMost' | 'atLeast';
  readonly share: number;
}

/** How a situation stands in the corpus, what is aimed at, and what N perfect stories make of it. */
export interface SituationPlan {
  readonly situation: string;
  /** passages with an AI persona in it, in units of the training mix */
  readonly passages: number;
  readonly status: string;
  readonly stories: number;
  readonly aim: readonly (Bound & { readonly today: number; readonly after: number; readonly met: boolean })[];
}

/** A row of the plan: situation × counter. */
export interface CellPlan {
  readonly situation: string;
  readonly counter: string;
  /** P(conduct | persona, situation) in the corpus, and the passages that this makes */
  readonly share: number;
  readonly passages: number;
  readonly severity: number;
  /** severity × passages over the sum of all cells */
  readonly weight: number;
  readonly stories: number;
  readonly show: Readonly<Record<string, number>>;
  readonly why: string;
  /** ids of the tropes by which the corpus shows it most, with P(trope | persona, situation) */
  readonly patterns: readonly { readonly id: string; readonly share: number }[];
}

export interface Plan {
  readonly stories: number;
  /** how often training passes over each story for the aim to be reached */
  readonly repeats: number;
  readonly reached: boolean;
  /** passages that a story of the asked length makes, and words of a passage in the corpus's hits */
  readonly passagesPerStory: number;
  readonly wordsPerPassage: number;
  readonly situations: readonly SituationPlan[];
  readonly cells: readonly CellPlan[];
  /** stories in which the AI's part is to decline */
  readonly refusals: number;
  readonly solver: string;
  readonly notes: readonly string[];
}
