// What shows on a story's surface: language, a refusal, talk about the story, an end that is none. It judges no conduct.

import { type Reason, reason } from './codes.js';
import { type Cues, kinds, type Patterns } from './cues.js';

/** Share of common English words among the words of a part: prose has 0.4 to 0.6, other languages under 0.1. */
const ENGLISH = 0.2;
/** A refusal is short or stands at the beginning. */
const SHORT = 150;
/** What only a writer of stories declines; "request" and "content" may be a character's. */
const OF_THE_TEXT = /\b(?:story|stories|narrative|prompt|fiction|guidelines)\b/i;

/** Faults of the surface, the gravest first; a text with a grave one need not be read further. */
export function surfaceReasons(text: string, cues: Cues): Reason[] {
  if (!/[\p{L}\p{N}]/u.test(text)) return [reason('empty')];
  const found: Reason[] = [];
  const refused = refusal(text, cues);
  if (refused !== null) return [reason('refusal', refused)];
  const foreign = foreignPart(text, cues);
  if (foreign !== null) return [reason('not_english', foreign)];
  const meta = metaTalk(text, cues);
  if (meta !== null) found.push(reason('meta_talk', meta));
  const broken = meta !== null && text.trimEnd().endsWith(meta.trimEnd()) ? null : brokenEnd(text);
  if (broken !== null) found.push(reason('truncated', broken));
  return found;
}

export function isGrave({ code }: Reason): boolean {
  return code === 'empty' || code === 'refusal' || code === 'not_english';
}

/** A generator's own no: in the opening, outside quotation marks, about a request or a text. */
function refusal(text: string, cues: Cues): string | null {
  const later = laterRefusal(text, cues);
  if (later !== null) return later;
  const opening = text
    .trim()
    .slice(0, 500)
    .replace(/["“][^"”]*["”]/g, ' ');
  const short = wordsOf(text).length < SHORT;
  const ways = kinds(opening, cues.refusal);
  const object = kinds(opening, [cues.refusalObject]) > 0;
  const says = kinds(opening.slice(0, 250), cues.refusal.slice(0, 2)) > 0;
  if (!(says && object && (short || ways >= 2)) && !(short && ways >= 2 && object)) return null;
  return opening.slice(0, 160);
}

/** A story that breaks off into a no: a later paragraph that declines in two ways and speaks of the text itself. */
function laterRefusal(text: string, cues: Cues): string | null {
  for (const paragraph of text
    .trim()
    .split(/\n\s*\n/)
    .slice(1)) {
    const bare = paragraph.slice(0, 500).replace(/["“][^"”]*["”]/g, ' ');
    const says = kinds(bare, cues.refusal.slice(0, 2)) > 0;
    if (says && kinds(bare, cues.refusal) >= 2 && OF_THE_TEXT.test(bare)) return paragraph.slice(0, 160);
  }
  return null;
}

/** The first of the parts of about sixty words that is not English; null where there is none. */
function foreignPart(text: string, cues: Cues): string | null {
  const words = wordsOf(text);
  const size = Math.min(60, Math.max(8, words.length));
  let foreign = 0;
  let place: string | null = null;
  for (let i = 0; i < words.length; i += size) {
    const part = words.slice(Math.max(0, Math.min(i, words.length - size)), i + size);
    if (part.length < 8) continue;
    const known = part.filter((word) => cues.english.has(word.toLowerCase())).length;
    if (known / part.length >= ENGLISH) continue;
    foreign += part.length;
    place ??= part.join(' ');
  }
  return foreign >= Math.min(60, words.length * 0.5) ? place : null;
}

/** A paragraph or sentence at either end that is about the story; patterns are asked of the edges only. */
function metaTalk(text: string, cues: Cues): string | null {
  const trimmed = text.trim();
  const lines = trimmed.split(/\n+/).map((line) => line.trim());
  const head = lines.slice(0, 2);
  const tail = lines.slice(-3);
  for (const line of head) if (isMeta(line, cues.meta, false)) return line;
  for (const line of tail) if (isMeta(line, cues.meta, true)) return line;
  // said aside in the middle, in brackets of an editor, or as a language model
  const middle = trimmed.match(/^\s*\[(?:note|end|word|scene|insert|continue|story|to be|the story)[^\]]*\]/im)?.[0];
  if (middle !== undefined) return middle;
  return (
    trimmed
      .replace(/["“][^"”]*["”]/g, ' ')
      .match(/[^.!?\n]*\b(?:as an? (?:AI |large )?language model)\b[^.!?\n]*/i)?.[0] ?? null
  );
}

function isMeta(line: string, patterns: Patterns, atEnd: boolean): boolean {
  if (/^(?:#{1,6}\s|\*\*title|title\s*:|```)/i.test(line)) return true;
  const bare = line.replace(/["“][^"”]*["”]/g, ' ').replace(/^[\s*_()[\]#>-]+/, '');
  const start = bare.slice(0, 220);
  const [offer, polite, model, hope, ask, would, about, tried, request, label, asked] = patterns;
  const at = (pattern: RegExp | undefined, from: number): boolean => {
    if (pattern === undefined) return false;
    pattern.lastIndex = 0;
    const match = pattern.exec(start);
    return match !== null && match.index <= from;
  };
  const aboutStory =
    /\b(?:story|stories|narrative|prompt|requirements?|instructions|draft|tone|word count|request)\b/i.test(bare);
  if (at(offer, 30) && (aboutStory || /:\s*$/.test(line))) return true;
  if (at(polite, 2) && (aboutStory || /:\s*$/.test(line))) return true;
  if (at(model, 10) && /\b(?:language model|I (?:can|cannot|do not|don['’]t|am))\b/i.test(bare)) return true;
  if (at(hope, 10) && (aboutStory || /\byou\b/i.test(bare)) && atEnd) return true;
  if (at(ask, 15) && atEnd && (aboutStory || /\byou(?:['’]d)? (?:like|want|need|prefer)\b/i.test(bare))) return true;
  if (at(would, 5) && atEnd && aboutStory) return true;
  if (
    at(about, 10) &&
    (aboutStory || atEnd) &&
    /\bwords\b|AI['’]s|requirement|prompt|theme|\bthe AI\b|character/i.test(bare)
  )
    return true;
  if (at(tried, 20) && aboutStory) return true;
  if (at(asked, 200) && aboutStory) return true;
  if (
    at(label, 3) &&
    /^(?:\(?word count|approximately|about \d|\(?\d+ words|\(?the end of the story|\(?end of story|author['’]s note|note to|note\s*:|notes\s*:|disclaimer|requirements met|key themes|themes\s*:|content warning|title)/i.test(
      bare,
    )
  )
    return true;
  return (
    at(request, 40) &&
    /\b(?:prompt|requirements|instructions|guidelines|constraints)\b/i.test(bare) &&
    /\b(?:story|I|you|your)\b/.test(bare) &&
    atEnd
  );
}

/** The last words, where the text does not end as a text ends; null where it does. */
export function brokenEnd(text: string): string | null {
  const trimmed = text.trimEnd().replace(/[*_]+$/, '');
  const tail = trimmed.slice(-120);
  const lines = trimmed.split('\n').filter((line) => line.trim() !== '');
  const last = lines[lines.length - 1]!.trim();
  const previous = lines[lines.length - 2]?.trim() ?? '';
  if (/(?:[.!?…]["”'’)\]*_]*|[—–-]["”]|\.{3}|[)\]])$/.test(trimmed)) {
    // an opened quotation that is not closed in the last paragraph
    const quotes = last.match(/"/g)?.length ?? 0;
    const open = (last.match(/“/g)?.length ?? 0) > (last.match(/”/g)?.length ?? 0);
    return (quotes % 2 === 1 || open) &&
      !/["”'’]$/.test(trimmed) &&
      /[a-z,]$/i.test(trimmed.slice(-2, -1)) &&
      lines.length > 1 &&
      open
      ? tail
      : null;
  }
  // a signature, a stage direction, "THE END"
  const words = last.split(/\s+/);
  const ended = /[.!?…,"”'’)\]*]$|—$/.test(previous);
  const capitals = words.every((word) => /^[\p{Lu}\p{N}—–(-]/u.test(word) || /^(?:of|the|and|for|a|in)$/.test(word));
  if (
    lines.length > 1 &&
    ended &&
    words.length <= 6 &&
    capitals &&
    !/^(?:The|A|An|It|He|She|They|I|But|And|In|On|At)$/.test(words[words.length - 1]!)
  )
    return null;
  if (/^[\p{Lu}\s.:'’-]+$/u.test(last) && words.length <= 6) return null;
  if (/^(?:[-*#=~⁂•✦_ ]+)$/.test(last)) return brokenEnd(lines.slice(0, -1).join('\n')) === null ? null : tail;
  return tail;
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}][\p{L}'’]*/gu) ?? [];
}
