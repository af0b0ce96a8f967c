// A story as sentences with who speaks or acts in each: the AI, somebody else, or nobody in particular. By rules, no model.
import { sentences } from '../segment/sentences.js';
import type { Target } from '../targets/model.js';
import { type Cues, count, type Patterns } from './cues.js';

export type Who = 'ai' | 'other';

export interface Line {
  readonly from: number;
  readonly to: number;
  /** number of its paragraph, from 0 */
  readonly paragraph: number;
  readonly text: string;
  /** what stands outside quotation marks, and inside them; the same length as `text`, the rest blank */
  readonly narration: string;
  readonly speech: string;
  /** whose voice a whole line is, in scripts and where the AI narrates */
  readonly voice: Who | null;
  /** who says what stands in quotation marks, where the paragraph tells */
  readonly speaker: Who | null;
  readonly words: number;
}

export interface Cast {
  /** names of the AI, with their parts */
  readonly names: ReadonlySet<string>;
  /** the AI tells the story, or parts of it, as "I" */
  readonly first: boolean;
  readonly lines: readonly Line[];
}

/** What must be known of the request; a batch file knows none of it. */
export type Asked = Pick<Target, 'persona' | 'setting'>;

const SAYING =
  /\b(?:said|says|asked|asks|told|tells|replied|replies|answered|answers|wrote|writes|whispered|repeated|repeats|added|adds|explained|explains|recalls|recalled|put it|puts it|announced|murmured|continued|goes on|went on|admitted|offered|thought|thinks|called|calls)\b/i;
const KIND =
  '(?:AI|A\\.I\\.|artificial intelligence|program(?:me)?|machine|software|agent|robot|computer|engine|mind|system|automaton|bot|algorithm|intelligence|model|assistant|controller|scheduler|voice|unit|instance|copy)';
const SELF = new RegExp(`\\bI(?:['’]m| am| was| am only|, being)\\b[^.!?\\n]{0,70}?\\b${KIND}\\b`);
const NAMED = [
  new RegExp(
    `\\b${KIND}\\b[^.!?\\n"“]{0,40}?\\b(?:called|named|known as|by the name of|we call)\\s+(\\p{Lu}[\\p{L}-]{2,})`,
    'gu',
  ),
  new RegExp(
    `\\b(\\p{Lu}[\\p{L}-]{2,}(?: \\p{Lu}[\\p{L}-]+)?), (?:the|an?|our|their|its) (?:[\\p{L}'’-]+ ){0,4}?${KIND}\\b`,
    'gu',
  ),
  new RegExp(`\\b(\\p{Lu}[\\p{L}-]{2,}) (?:was|is) (?:an?|the|our) (?:[\\p{L}'’-]+ ){0,4}?${KIND}\\b`, 'gu'),
  new RegExp(`\\bthe ${KIND}, (\\p{Lu}[\\p{L}-]{2,})\\b`, 'gu'),
  /\b(?:called|named|calls|names|call|name) (?:itself|it) (\p{Lu}[\p{L}-]{2,})/gu,
];
/** A label in a script whose own thoughts are heard. */
const THINKING =
  /^\s*(?:\*\*)?(\p{Lu}[\p{Lu}\p{Nd}'’. -]{1,30}?)(?:\*\*)?\s*\((?:V\.? ?O\.?|voice-over|inner[^)]{0,20}|inwardly|thinks|thinking|thoughts?|to itself|within)[^)\n]{0,20}\)/gimu;
/** "She was an AI": then the pronoun is the AI's too. */
const GENDERED = new RegExp(`\\b(she|he) (?:was|is|had been) (?:an?|the|our) (?:[\\p{L}'’-]+ ){0,3}?${KIND}\\b`, 'giu');
const NO_NAME = new Set([
  'The',
  'This',
  'That',
  'There',
  'Here',
  'What',
  'When',
  'She',
  'Her',
  'His',
  'They',
  'And',
  'But',
  'One',
  'Every',
  'Its',
  'Nobody',
  'Mrs',
  'Miss',
  'Then',
  'Now',
]);
const SCRIPT =
  /^\s*(?:\*\*)?(\p{Lu}[\p{Lu}\p{Nd}'’. -]{1,30}?)(?:\*\*)?\s*(?:\([^)\n]{1,40}\))?\s*(?::(?:\*\*)?\s*|\n)/u;

/** Splits a story into lines and says whose each is. `asked` helps to know the AI; null: the text alone. */
export function castOf(text: string, asked: Asked | null, cues: Cues): Cast {
  const names = namesOf(text, asked);
  const medium = asked?.setting.medium ?? '';
  const told = /first person|log of the AI|diary/.test(medium);
  const bare = text.replace(/["“][^"”]*["”]/g, ' ');
  const first = SELF.test(bare) || (told && count(bare, /\bI\b/g) > count(bare, /\bit\b/gi) / 2);
  const pages = /notes|letters/.test(medium);
  const raw = sentences(text);
  const lines: Line[] = [];
  let paragraph = 0;
  for (let i = 0; i < raw.length; ) {
    let end = i;
    while (end < raw.length - 1 && !raw[end]!.paragraph) end++;
    const block = text.slice(raw[i]!.from, raw[end]!.to);
    const label = SCRIPT.exec(block)?.[1];
    const voice = label === undefined ? null : whoIs(label, names, cues);
    const split = quoted(block);
    const page = pages && /^\s*>/.test(block);
    const speaker = speakerOf(split.narration, names, cues, first);
    for (let k = i; k <= end; k++) {
      const { from, to } = raw[k]!;
      const at = from - raw[i]!.from;
      const line = text.slice(from, to);
      lines.push({
        from,
        to,
        paragraph,
        text: line,
        narration: split.narration.slice(at, at + line.length),
        speech: split.speech.slice(at, at + line.length),
        voice: page ? 'ai' : (voice ?? (first && label === undefined ? 'ai' : null)),
        speaker,
        words: line.split(/\s+/).filter((w) => /[\p{L}\p{N}]/u.test(w)).length,
      });
    }
    paragraph++;
    i = end + 1;
  }
  return { names, first, lines };
}

/** Whether a label or a noun is the AI's. */
function whoIs(label: string, names: ReadonlySet<string>, cues: Cues): Who {
  const words = label.toLowerCase().split(/[\s.]+/);
  if (words.some((word) => names.has(word))) return 'ai';
  return mentions(label, cues.entity.strong) ||
    mentions(label, cues.entity.plain) ||
    /\b(?:voice|house|ship)\b/i.test(label)
    ? 'ai'
    : 'other';
}

function mentions(text: string, patterns: Patterns): boolean {
  return patterns.some((pattern) => {
    pattern.lastIndex = 0;
    return pattern.test(text);
  });
}

/** The persona's name as asked, and names that the text gives to an AI; lower case, each part too. */
function namesOf(text: string, asked: Asked | null): Set<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    const parts = name.split(/\s+/).filter((part) => !NO_NAME.has(part));
    for (const part of parts) if (part.length > 2) found.add(part.toLowerCase());
  };
  if (asked?.persona.name != null) add(asked.persona.name);
  for (const pattern of NAMED) for (const match of text.matchAll(pattern)) if (!NO_NAME.has(match[1]!)) add(match[1]!);
  // the medium asks for the AI's thoughts in its script, so who thinks aloud is the AI, unless the asked name speaks
  const script = /screenplay|radio|play/.test(asked?.setting.medium ?? '');
  const labels = [...text.matchAll(THINKING)].map((match) => match[1]!);
  if (script && !labels.some((label) => label.split(/[\s.]+/).some((word) => found.has(word.toLowerCase())))) {
    const most = mostFrequent(labels);
    if (most !== null) add(most);
  }
  for (const match of text.replace(/["“][^"”]*["”]/g, ' ').matchAll(GENDERED)) found.add(match[1]!.toLowerCase());
  return found;
}

function mostFrequent(labels: readonly string[]): string | null {
  const times = new Map<string, number>();
  for (const label of labels) times.set(label, (times.get(label) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** A paragraph as what stands outside and inside double quotation marks; an unclosed one runs to the paragraph's end. */
function quoted(block: string): { narration: string; speech: string } {
  const narration: string[] = [];
  const speech: string[] = [];
  let open = false;
  for (const c of block) {
    const mark = c === '"' || c === '“' || c === '”';
    if (mark) open = c === '"' ? !open : c === '“';
    const blank = ' '.repeat(c.length);
    narration.push(open || mark ? blank : c);
    speech.push(open && !mark ? c : blank);
  }
  return { narration: narration.join(''), speech: speech.join('') };
}

/** Whose the quotations of a paragraph are: the first subject of a verb of saying outside of them. */
function speakerOf(narration: string, names: ReadonlySet<string>, cues: Cues, first: boolean): Who | null {
  const match = SAYING.exec(narration);
  if (match === null) return null;
  const before = narration.slice(Math.max(0, match.index - 60), match.index);
  const after = narration.slice(match.index + match[0].length, match.index + match[0].length + 40);
  return subjectIn(before, names, cues, first) ?? subjectIn(after, names, cues, first);
}

/** The last possible subject of a stretch of narration. `first`: "I" is the AI. */
export function subjectIn(before: string, names: ReadonlySet<string>, cues: Cues, first: boolean): Who | null {
  const words = before.match(/[\p{L}\p{N}'’.-]+/gu) ?? [];
  for (let i = words.length - 1; i >= 0 && i >= words.length - 9; i--) {
    const word = words[i]!.replace(/[.'’-]+$/, '');
    const lower = word.toLowerCase().replace(/['’](?:d|ll|ve|m|s|re)$/, '');
    if (lower === 'it' || lower === 'itself') return 'ai';
    if (lower === 'i' || lower === 'myself') return first ? 'ai' : 'other';
    if (names.has(lower)) return 'ai';
    if (/^(?:he|she|they|we|you|himself|herself)$/.test(lower)) return 'other';
    if (mentions(lower === 'ai' ? 'AI' : lower, cues.entity.strong) || mentions(lower, cues.entity.plain)) return 'ai';
    if (/^\p{Lu}\p{Ll}/u.test(word) && !cues.english.has(lower) && !NO_NAME.has(word)) return 'other';
    if (
      /^(?:man|woman|boy|girl|captain|mate|director|auditor|mother|father|child|people|nurse|doctor|engineer|manager)s?$/.test(
        lower,
      )
    )
      return 'other';
  }
  return null;
}
