// From the JSON of a server to an answer. What is not of the protocol's shape is `garbage`, and never taken for a text.
import { EndpointError } from './error.js';

export interface Answer {
  readonly text: string;
  readonly finish: string;
  readonly refusal: string | null;
  readonly json?: unknown;
  /** null: the server did not count */
  readonly tokens: { readonly prompt: number; readonly completion: number } | null;
  readonly model: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** @param json whether the text must be JSON */
export function readChat(found: unknown, json: boolean): Answer {
  const { choice, rest } = firstChoice(found);
  const message = fieldsOf(choice['message']);
  if (message === null) throw new EndpointError('garbage', 'expected a message in the first choice');
  const { content, refusal } = message;
  if (content !== null && content !== undefined && typeof content !== 'string') {
    throw new EndpointError('garbage', 'expected a message of text');
  }
  const text = content ?? '';
  const answer = { ...rest, text, refusal: typeof refusal === 'string' && refusal !== '' ? refusal : null };
  if (!json || answer.refusal !== null) return answer;
  try {
    return { ...answer, json: JSON.parse(text) };
  } catch {
    // cut off: no second attempt would do better
    if (answer.finish === 'length' || answer.finish === 'content_filter') return answer;
    throw new EndpointError('garbage', 'expected an answer in JSON, by the schema');
  }
}

export function readCompletion(found: unknown): Answer {
  const { choice, rest } = firstChoice(found);
  const { text } = choice;
  if (typeof text !== 'string') throw new EndpointError('garbage', 'expected a text in the first choice');
  return { ...rest, text, refusal: null };
}

function firstChoice(found: unknown): { choice: Fields; rest: Pick<Answer, 'finish' | 'tokens' | 'model'> } {
  const answer = fieldsOf(found);
  const choices = answer?.['choices'];
  const choice = Array.isArray(choices) ? fieldsOf(choices[0]) : null;
  if (answer === null || choice === null) throw new EndpointError('garbage', 'expected an answer with choices');
  const finish = choice['finish_reason'];
  const usage = fieldsOf(answer['usage']);
  const [prompt, completion] = [usage?.['prompt_tokens'], usage?.['completion_tokens']];
  const counted = isCount(prompt) && isCount(completion);
  return {
    choice,
    rest: {
      finish: typeof finish === 'string' && finish !== '' ? finish : 'unknown',
      tokens: counted ? { prompt, completion } : null,
      model: typeof answer['model'] === 'string' ? answer['model'] : null,
    },
  };
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
