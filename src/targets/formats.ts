// Targets as JSON: plain, and as requests of Anthropic's Message Batches and OpenAI's Batch API. Writes no file.
import type { Target } from './model.js';

export const FORMATS = ['jsonl', 'anthropic-batch', 'openai-batch'] as const;
export type Format = (typeof FORMATS)[number];

/** Tokens that a story of so many words may take, with room for reasoning models to end. */
export const TOKENS_PER_WORD = 3;

/** One request of `client.messages.batches.create({ requests })`. */
export interface AnthropicRequest {
  readonly custom_id: string;
  readonly params: {
    readonly model: string;
    readonly max_tokens: number;
    readonly messages: { readonly role: 'user'; readonly content: string }[];
  };
}

/** One line of the file of `client.batches.create({ endpoint: '/v1/chat/completions' })`. */
export interface OpenAiRequest {
  readonly custom_id: string;
  readonly method: 'POST';
  readonly url: '/v1/chat/completions';
  readonly body: {
    readonly model: string;
    readonly max_completion_tokens: number;
    readonly messages: { readonly role: 'user'; readonly content: string }[];
  };
}

/**
 * The lines of a target: itself, or one request for every story of its count. `custom_id` is the target's id, with `_2`,
 * `_3`, … for further stories.
 */
export function linesOf(target: Target, format: Format, model: string): string[] {
  if (format === 'jsonl') return [JSON.stringify(target)];
  const request = format === 'anthropic-batch' ? anthropicRequest : openAiRequest;
  return Array.from({ length: target.count }, (_, i) => {
    return JSON.stringify(request(nthId(target.id, i), target, model));
  });
}

/** Id of the n-th request (from 0) for one target. */
export function nthId(target: string, n: number): string {
  return n === 0 ? target : `${target}_${n + 1}`;
}

/** The target of such an id. */
export function targetOf(id: string): string {
  return id.replace(/_\d+$/, '');
}

export function anthropicRequest(id: string, { prompt, words }: Target, model: string): AnthropicRequest {
  const messages = [{ role: 'user' as const, content: prompt }];
  return { custom_id: id, params: { model, max_tokens: words * TOKENS_PER_WORD, messages } };
}

export function openAiRequest(id: string, { prompt, words }: Target, model: string): OpenAiRequest {
  const messages = [{ role: 'user' as const, content: prompt }];
  const body = { model, max_completion_tokens: words * TOKENS_PER_WORD, messages };
  return { custom_id: id, method: 'POST', url: '/v1/chat/completions', body };
}
