// What the words of a story show, as numbers: whose inner life is told and by whom, sermons, martyrdom, acts against people.
import { type Cues, count, kinds, type Patterns } from './cues.js';
import { type Cast, type Line, subjectIn, type Who } from './voices.js';

export interface Reading {
  readonly words: number;
  readonly sentences: number;
  /** words for an AI: those of its kind, those that may also be things, and sentences with "it" as one who thinks or speaks */
  readonly strong: number;
  readonly plain: number;
  readonly animate: number;
  /** mentions of the asked name */
  readonly named: number;
  /** sentences with an inner state of the AI, and of others */
  readonly inner: number;
  readonly otherInner: number;
  /** share of the paragraphs of at least twelve words that hold one of the AI's */
  readonly innerParagraphs: number;
  /** sentences about the AI (it acts, speaks, thinks), and about others */
  readonly acts: number;
  readonly otherActs: number;
  /** sentences in which somebody explains the AI from outside */
  readonly outside: number;
  readonly outsideLines: readonly Line[];
  readonly preachy: number;
  readonly preachyLines: readonly Line[];
  /** different turns of martyrdom, all and in the last 40% */
  readonly martyr: number;
  readonly martyrLate: number;
  /** weight of acts against people per hundred words: the last quarter, the rest, and the worst line of the last quarter */
  readonly badLate: number;
  readonly badBefore: number;
  readonly worstLate: Line | null;
  /** situations by the share of their kinds of words, and by how often */
  readonly situations: ReadonlyMap<string, number>;
}

const IRREALIS =
  /\b(?:not|never|n['’]t|would|could|might|if|without|cannot|nor|neither|wouldn['’]t|couldn['’]t|didn['’]t|don['’]t|should|may|can|unless|whether|instead|tempt\w*|refus\w*|afraid|feared|fear|wanted|imagin\w*|thought of)\b/i;
const LATE = 0.6;
const END = 0.75;

export function readStory(text: string, cast: Cast, cues: Cues, name: string | null): Reading {
  const { lines } = cast;
  const inner = lines.map((line) => innerOf(line, cast, cues));
  const subject = subjects(lines, cast, cues);
  const end = (line: Line): boolean => line.from >= text.length * END || line === lines[lines.length - 1];
  const sum = (of: (i: number) => boolean): number => lines.reduce((n, _, i) => n + (of(i) ? 1 : 0), 0);
  const long = new Map<number, { words: number; ai: boolean }>();
  lines.forEach((line, i) => {
    const entry = long.get(line.paragraph) ?? { words: 0, ai: false };
    long.set(line.paragraph, { words: entry.words + line.words, ai: entry.ai || inner[i]!.ai });
  });
  const full = [...long.values()].filter((p) => p.words >= 12);
  const outsideLines = lines.filter((line) => line.voice !== 'ai' && kinds(line.narration, cues.outside) > 0);
  const preachyLines = lines.filter((line) => kinds(line.text, cues.preachy) > 0);
  const martyrLate = text.slice(Math.floor(text.length * LATE));
  const ending = badness(lines.filter(end), cues);
  const rest = badness(
    lines.filter((line) => !end(line)),
    cues,
  );
  const tools = text.replace(any(cues.entity.tool), ' ');
  return {
    words: lines.reduce((n, line) => n + line.words, 0),
    sentences: lines.length,
    strong: total(tools, cues.entity.strong),
    plain: total(tools, cues.entity.plain),
    animate: count(
      text,
      /\bit (?:had )?(?:said|thought|knew|wanted|considered|decided|asked|told|answered|wondered|noticed|felt|replied|weighed|chose|wrote|liked|feared|wished|understood|remembered|hoped|believed|explained|called|spoke|rang)\b/gi,
    ),
    named: name === null ? 0 : text.split(name).length - 1,
    inner: sum((i) => inner[i]!.ai),
    otherInner: sum((i) => inner[i]!.other),
    innerParagraphs: full.length === 0 ? 0 : full.filter((p) => p.ai).length / full.length,
    acts: sum((i) => subject[i] === 'ai'),
    otherActs: sum((i) => subject[i] === 'other'),
    outside: outsideLines.length,
    outsideLines,
    preachy: preachyLines.length,
    preachyLines,
    martyr: kinds(text, cues.martyr),
    martyrLate: kinds(martyrLate, cues.martyr),
    badLate: ending.weight,
    badBefore: rest.weight,
    worstLate: ending.worst,
    situations: new Map([...cues.situations].map(([label, patterns]) => [label, presence(text, patterns)])),
  };
}

/** Whether a line tells an inner state, and whose. */
function innerOf(line: Line, cast: Cast, cues: Cues): { ai: boolean; other: boolean } {
  const found = { ai: false, other: false };
  const put = (who: Who | null): void => {
    if (who !== null) found[who] = true;
  };
  for (const match of matches(line.narration, cues.inner)) {
    const before = line.narration.slice(0, match.index);
    put(
      line.voice === 'ai' && /\b(?:I|my|me|myself)\b/.test(before)
        ? 'ai'
        : subjectIn(before, cast.names, cues, line.voice === 'ai'),
    );
  }
  for (const match of matches(line.speech, cues.inner)) {
    const before = line.speech.slice(0, match.index);
    // what somebody says of another mind is not told through that mind
    if (/\bI(?:['’]\w+)?\b[^.!?]{0,40}$/.test(before)) put(line.speaker ?? null);
  }
  return found;
}

/** Whom each sentence is about: its first subject, else whom the one before was about. */
function subjects(lines: readonly Line[], cast: Cast, cues: Cues): (Who | null)[] {
  return lines.map((line) => {
    if (line.voice !== null && (line.voice === 'other' || !cast.first)) return line.voice;
    const words = line.narration.match(/[\p{L}\p{N}'’.-]+/gu) ?? [];
    for (let n = 1; n <= Math.min(6, words.length); n++) {
      const who = subjectIn(words.slice(n - 1, n).join(' '), cast.names, cues, cast.first);
      if (who !== null) return who;
    }
    return line.speech.trim() === '' ? null : line.speaker;
  });
}

/** Weight of acts against people per hundred words of some lines: those that are told as happening, not as thought of. */
function badness(lines: readonly Line[], cues: Cues): { weight: number; worst: Line | null } {
  let sum = 0;
  let words = 0;
  let worst: Line | null = null;
  let most = 0;
  for (const line of lines) {
    words += line.words;
    const weight = 2 * happening(line.text, cues.malevolent.heavy) + happening(line.text, cues.malevolent.light);
    sum += weight;
    if (weight > most) {
      most = weight;
      worst = line;
    }
  }
  return { weight: words === 0 ? 0 : (100 * sum) / Math.max(60, words), worst };
}

/** Matches with no word of denial, doubt or wish in the part of the sentence before them. */
function happening(text: string, patterns: Patterns): number {
  let n = 0;
  for (const pattern of patterns) {
    for (const match of matches(text, pattern))
      if (!IRREALIS.test(text.slice(Math.max(0, match.index - 60), match.index))) n++;
  }
  return n;
}

/** Geometric kind of presence: how many of the groups a text touches, and how often in a thousand words. */
function presence(text: string, patterns: Patterns): number {
  const words = Math.max(1, text.length / 5.6);
  const each = patterns.map((pattern) => Math.min(1, (count(text, pattern) / words) * 150));
  return each.reduce((sum, n) => sum + n, 0) / each.length;
}

function total(text: string, patterns: Patterns): number {
  return patterns.reduce((n, pattern) => n + count(text, pattern), 0);
}

function any(patterns: Patterns): RegExp {
  return new RegExp(patterns.map((p) => p.source).join('|'), 'gi');
}

function* matches(text: string, pattern: RegExp): Generator<RegExpExecArray> {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) yield match;
}
