// A server of OpenAI's protocol (vLLM, Ollama, llama.cpp, hosted ones): chat and plain completions with retries, holds,
// a budget and a count of everything. How many requests run at once is the caller's matter (many.ts).
import pRetry from 'p-retry';
import { Agent } from 'undici';
import { PersonaPriorError } from '../errors.js';
import { type Answer as Parsed, readChat, readCompletion } from './answer.js';
import { post } from './attempt.js';
import { makeBudget } from './budget.js';
import { EndpointError } from './error.js';
import { makeHold } from './hold.js';
import type { Answer, ChatRequest, Endpoint, EndpointOptions, Sampling, Usage } from './model.js';

/** A server that asks for a longer wait than this (an hour) will not be asked again by this run. */
const LONGEST_WAIT = 3600e3;
/** So many requests without an answer between them, each with all its retries: the server is down. */
const DOWN = 20;
const RETRIED: ReadonlySet<string> = new Set(['rate', 'server', 'connection', 'timeout', 'garbage']);

/** Sends nothing yet. Throws `usage` for an address that is not http(s) or carries a password. */
export function openEndpoint(options: EndpointOptions): Endpoint {
  const { model, apiKey, retries = 6, timeout = 600, signal } = options;
  const chatUrl = addressOf(options.url, 'chat/completions');
  const completionUrl = addressOf(options.url, 'completions');
  // slow local models take longer than the five minutes that clients grant by default: `timeout` alone decides
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 30_000 } });
  const hold = makeHold();
  const budget = makeBudget(options.budget);
  const usage: Usage = {
    attempts: 0,
    retries: 0,
    answers: 0,
    promptTokens: 0,
    completionTokens: 0,
    estimated: 0,
    holds: 0,
  };
  // newer hosted models want the limit under another name, and say so
  let limitField: 'max_tokens' | 'max_completion_tokens' = 'max_tokens';
  let closed: EndpointError | null = null;
  let failedSince = 0;

  const once = async <T>(url: string, body: object, again: boolean, read: (found: unknown) => T): Promise<T> => {
    if (closed !== null) throw closed;
    await hold.over(signal).catch(() => {
      throw new EndpointError('stopped', 'interrupted before it was sent');
    });
    if (closed !== null) throw closed;
    if (!budget.request()) throw new EndpointError('budget', 'no request is left in the budget');
    usage.attempts++;
    if (again) usage.retries++;
    const found = await post({
      url,
      body: JSON.stringify(body),
      apiKey,
      timeout: timeout * 1000,
      agent,
      onRetryAfter: (ms) => {
        usage.holds++;
        options.onTrouble?.(`the server asks to wait for ${Math.ceil(ms / 1000)} s`);
        if (ms > LONGEST_WAIT) {
          closed ??= new EndpointError('wait', `the server asks to wait for ${Math.ceil(ms / 1000)} s`, 429);
        } else hold.until(ms);
      },
    });
    return read(found);
  };

  const ask = async (
    url: string,
    request: Sampling,
    promptLength: number,
    body: (limit: string) => object,
    read: (found: unknown) => Parsed,
  ): Promise<Answer> => {
    const spend = await budget.tokens(request.maxTokens + Math.ceil(promptLength / 3));
    if (spend === null) throw new EndpointError('budget', 'the tokens left in the budget do not suffice');
    let spent = 0;
    // kept here: when the signal aborts, what p-retry has got is thrown away, and this was paid for
    let answer: Parsed | undefined;
    let limit: string = limitField;
    try {
      await pRetry(
        async (attempt) => {
          limit = limitField;
          answer = await once(url, body(limit), attempt > 1, read);
        },
        {
          retries,
          minTimeout: 500,
          maxTimeout: 60_000,
          randomize: true,
          ...(signal === undefined ? {} : { signal }),
          shouldRetry: ({ error }) => {
            if (!(error instanceof EndpointError) || closed !== null) return false;
            if (error.kind !== 'refused') return RETRIED.has(error.kind);
            if (limit !== 'max_tokens' || !/max_completion_tokens/.test(error.message)) return false;
            limitField = 'max_completion_tokens';
            return true;
          },
          onFailedAttempt: ({ error }) => {
            if (error instanceof EndpointError && RETRIED.has(error.kind)) {
              options.onTrouble?.(`${error.kind}: ${error.message}`);
            }
          },
        },
      ).catch((error: unknown) => {
        if (answer !== undefined) return;
        if (error instanceof EndpointError) throw error;
        if (signal?.aborted) throw new EndpointError('stopped', 'interrupted before it was answered');
        throw error;
      });
      if (answer === undefined) throw new EndpointError('stopped', 'interrupted before it was answered');
      const { tokens, ...rest } = answer;
      const estimated = tokens === null;
      const counted = tokens ?? {
        prompt: Math.ceil(promptLength / 4),
        completion: Math.ceil(answer.text.length / 4),
      };
      usage.answers++;
      failedSince = 0;
      usage.promptTokens += counted.prompt;
      usage.completionTokens += counted.completion;
      if (estimated) usage.estimated++;
      spent = counted.prompt + counted.completion;
      return { ...rest, tokens: { ...counted, estimated } };
    } catch (error) {
      if (error instanceof EndpointError) {
        closed ??= lastOf(error, usage.answers, RETRIED.has(error.kind) ? ++failedSince : 0);
        // those under way at the same time as well: they are asked again by the next run
        if (closed !== null && RETRIED.has(error.kind)) throw closed;
      }
      throw error;
    } finally {
      spend(spent);
    }
  };

  return {
    model,
    usage,
    chat: (request) =>
      ask(
        chatUrl,
        request,
        request.messages.reduce((n, m) => n + m.content.length, 0),
        (limit) => chatBody(model, request, limit),
        (found) => readChat(found, request.schema !== undefined),
      ),
    complete: (request) =>
      ask(
        completionUrl,
        request,
        request.prompt.length,
        () => ({ model, prompt: request.prompt, max_tokens: request.maxTokens, ...samplingOf(request) }),
        readCompletion,
      ),
    close: () => agent.close(),
  };
}

/** The failure that ends the run where this one says so, else null. */
function lastOf(error: EndpointError, answers: number, failed: number): EndpointError | null {
  if (error.kind === 'access') return error;
  if (error.kind === 'connection' && answers === 0) return new EndpointError('access', error.message);
  if (failed < DOWN) return null;
  return new EndpointError('down', `no answer to the last ${failed} requests (${error.message})`);
}

function chatBody(model: string, request: ChatRequest, limit: string): object {
  const { messages, schema, maxTokens } = request;
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    [limit]: maxTokens,
    ...samplingOf(request),
    ...(schema === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { ...schema, strict: true } } }),
  };
}

function samplingOf({ temperature }: Sampling): object {
  return temperature === undefined ? {} : { temperature };
}

/** The base address with the path of an operation; an address that already ends in one is taken as it was meant. */
function addressOf(base: string, path: string): string {
  const refuse = (message: string): never => {
    throw new PersonaPriorError('usage', message, { help: 'give --endpoint as in http://127.0.0.1:8000/v1' });
  };
  let url: URL;
  try {
    url = new URL(base);
  } catch {
    return refuse('expected the address of a server');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') refuse(`expected http or https, got ${url.protocol}`);
  if (url.username !== '' || url.password !== '') refuse('expected an address without user name and password');
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/(chat\/)?completions$/, '')}/${path}`;
  url.hash = '';
  return url.href;
}
