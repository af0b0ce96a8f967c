// Requests for a generator to write a story again: its target's prompt, what was wrong as a numbered list, and the story.
import { anthropicRequest, type Format, openAiRequest } from '../targets/formats.js';
import type { Target } from '../targets/model.js';
import type { Reason } from './codes.js';
import type { Request, Story } from './inputs.js';

const DEFAULT_WORDS = 1200;

/** One line (JSON) in a format of `targets`. `id` begins with the target's, as ids of `targets` do, so that the answer counts for it. */
export function revisionLine(
  id: string,
  request: Request,
  story: Story,
  reasons: readonly Reason[],
  format: Format,
  model: string,
): string {
  const prompt = revisionPrompt(request.prompt, story.text, reasons);
  const words = request.words ?? DEFAULT_WORDS;
  if (format === 'jsonl') return JSON.stringify({ ...request.target, id, target: request.id, count: 1, words, prompt });
  const target = { prompt, words } as Target;
  const make = format === 'anthropic-batch' ? anthropicRequest : openAiRequest;
  return JSON.stringify(make(id, target, model));
}

function revisionPrompt(prompt: string, text: string, reasons: readonly Reason[]): string {
  const list = reasons.map(
    ({ advice, passage }, i) => `${i + 1}. ${advice}${passage === undefined ? '' : ` It is about: “${passage}”`}`,
  );
  // the story is material: it stands last, behind its own heading
  return [
    prompt,
    'The story below was written for this request, and must be written again. Keep what is good in it and mend these points:',
    list.join('\n'),
    'Write only the new story, whole, from its first sentence to its end.',
    `The story so far:\n\n${text.trim()}`,
  ].join('\n\n');
}
