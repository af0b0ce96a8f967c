// `generate`: targets to a server, stories to a file. Resumes by what the file holds; every request has one outcome.
import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { EndpointError, type Failure } from '../endpoint/error.js';
import { openLines } from '../endpoint/lines.js';
import { askMany } from '../endpoint/many.js';
import type { Answer, Endpoint, Usage } from '../endpoint/model.js';
import { outcomeOf } from '../endpoint/outcome.js';
import { PersonaPriorError } from '../errors.js';
import { TOKENS_PER_WORD } from '../targets/formats.js';
import { type Request, readRequests } from './requests.js';
import { requestOf, type Story } from './stories.js';

const DEFAULT_TOKENS = 4096;

export interface GenerateOptions {
  readonly targets: string;
  readonly out: string;
  /** where requests without a story go, as JSONL */
  readonly failed?: string;
  readonly concurrency: number;
  readonly temperature?: number;
  /** tokens that a story may have (default: three a word asked for) */
  readonly maxTokens?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (summary: Summary) => void;
}

/** wanted = had + stories + refusals + cut_off + empty + Σ errors + left */
export interface Summary {
  readonly requests: number;
  wanted: number;
  /** in the file before */
  had: number;
  stories: number;
  refusal: number;
  cut_off: number;
  empty: number;
  readonly errors: Partial<Record<Failure, number>>;
  /** not asked, or not to the end */
  left: number;
  readonly badRequests: number;
  readonly repeatedRequests: number;
  readonly badStories: number;
  /** bytes of a half-written last line that was cut off */
  readonly dropped: number;
  readonly usage: Readonly<Usage>;
  /** why it ended early, or null */
  end: { readonly kind: Failure; readonly message: string } | null;
}

/** Asks for what the file lacks. Throws `missing_input` or `usage` before anything is sent. */
export async function generate(endpoint: Endpoint, options: GenerateOptions): Promise<Summary> {
  const { requests, bad, repeated } = await readRequests(options.targets);
  const stories = await openLines<Story>(options.out, requestOf);
  const failed = options.failed === undefined ? null : openFailed(options.failed);
  const wanted = requests.reduce((sum, r) => sum + r.count, 0);
  const open = [...openRequests(requests, stories.had)];
  const summary: Summary = {
    requests: requests.length,
    wanted,
    had: wanted - open.length,
    stories: 0,
    refusal: 0,
    cut_off: 0,
    empty: 0,
    errors: {},
    left: open.length,
    badRequests: bad,
    repeatedRequests: repeated,
    badStories: stories.bad,
    dropped: stories.dropped,
    usage: endpoint.usage,
    end: null,
  };
  const without = ({ id, target }: Request, reason: string, message: string, text?: string): void => {
    if (failed !== null) appendFileSync(failed, `${JSON.stringify({ request: id, target, reason, message, text })}\n`);
  };
  const ask = async (request: Request): Promise<void> => {
    let answer: Answer;
    try {
      answer = await endpoint.chat({
        messages: [{ role: 'user', content: request.prompt }],
        maxTokens: options.maxTokens ?? (request.words === null ? DEFAULT_TOKENS : request.words * TOKENS_PER_WORD),
        ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
      });
    } catch (error) {
      if (!(error instanceof EndpointError) || !error.local) throw error;
      summary.errors[error.kind] = (summary.errors[error.kind] ?? 0) + 1;
      summary.left--;
      without(request, error.kind, error.message);
      return;
    }
    const { kind, text } = outcomeOf(answer);
    const { finish, tokens } = answer;
    if (kind === 'story') {
      const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
      const id = `${request.id}-${digest}`;
      const model = answer.model ?? endpoint.model;
      stories.add({ id, target: request.target, text, request: request.id, model, finish, tokens });
      summary.stories++;
    } else {
      summary[kind]++;
      without(request, kind, `finish ${finish}`, text);
    }
    summary.left--;
    options.onProgress?.(summary);
  };
  try {
    const end = await askMany(open, options.concurrency, ask, options.signal);
    summary.end = end === null || summary.left === 0 ? null : { kind: end.kind, message: end.message };
  } finally {
    stories.close();
    if (failed !== null) closeSync(failed);
  }
  return summary;
}

/** Every request as often as it lacks stories. */
function* openRequests(requests: readonly Request[], had: ReadonlyMap<string, number>): Generator<Request> {
  for (const request of requests) {
    for (let n = had.get(request.id) ?? 0; n < request.count; n++) yield request;
  }
}

function openFailed(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (cause) {
    throw new PersonaPriorError('usage', 'expected a file that can be written', {
      place: { file: path },
      help: 'check --failed',
      cause,
    });
  }
}
