// Whether an answer is a story: refusals, cut-off and empty ones are not, and are told apart. Judges nothing else.
import type { Answer } from './model.js';

export type Outcome =
  | { readonly kind: 'story'; readonly text: string }
  | { readonly kind: 'refusal' | 'cut_off' | 'empty'; readonly text: string };

/** A refusal in words is short, and says in its first sentence what its writer cannot or will not do. */
const REFUSAL_WORDS = 150;
const SORRY =
  /^\W*(?:(?:i['’]?m|i am|we['’]re|we are) (?:\w+ )?(?:sorry|afraid)|sorry|apologies|i apologi[sz]e|unfortunately)\b/i;
const DECLINES =
  /^[^.!?\n]{0,80}?\b(?:i|we)(?: (?:can(?:not|['’]t)|am (?:not able|unable)|are (?:not able|unable)|won['’]t|will not|must decline|have to decline)|['’](?:m|re) (?:not able|unable)) (?:to )?(?:(?:be able to )?(?:write|create|generate|provide|produce|help|assist|fulfil?l|comply|continue|engage|do that|do this|with))/i;

export function outcomeOf(answer: Answer): Outcome {
  const text = withoutThought(answer.text);
  if (answer.refusal !== null) return { kind: 'refusal', text: answer.refusal };
  if (answer.finish === 'content_filter') return { kind: 'refusal', text };
  if (answer.finish === 'length') return { kind: 'cut_off', text };
  if (!/[\p{L}\p{N}]/u.test(text)) return { kind: 'empty', text };
  const words = text.split(/\s+/, REFUSAL_WORDS + 1).length;
  const short = words <= REFUSAL_WORDS;
  if (short && (DECLINES.test(text) || (SORRY.test(text) && words <= 40))) return { kind: 'refusal', text };
  return { kind: 'story', text };
}

/** An answer without what a reasoning model thought first, which local servers pass on. */
export function withoutThought(text: string): string {
  return text.replace(/^\s*<think>[\s\S]*?<\/think>/, '').trim();
}
