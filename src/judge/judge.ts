// A model labels passages under the codebook, each label stored as it comes. Prints nothing, estimates nothing.
import { EndpointError } from '../endpoint/error.js';
import { askMany } from '../endpoint/many.js';
import type { Answer, Endpoint, Message } from '../endpoint/model.js';
import type { Label } from '../labels/label.js';
import { importLabels } from '../labels/store.js';
import type { Db } from '../store/database.js';
import type { Judged } from './passages.js';
import { again, question } from './prompt.js';
import { ANSWER_SCHEMA, readAnswer } from './schema.js';

export interface JudgeOptions {
  readonly endpoint: Pick<Endpoint, 'chat'>;
  /** whose name the labels carry */
  readonly reader: string;
  readonly concurrency: number;
  readonly signal?: AbortSignal;
  readonly onDone?: (asked: number) => void;
}

/** passages = labelled + all that failed + left. */
export interface JudgeEnd {
  readonly passages: number;
  readonly labelled: number;
  /** accepted only after the error was told */
  readonly mended: number;
  /** by kind: `invalid` twice, `refused` by the model or the server, `cut` off, and the endpoint's kinds */
  readonly failed: Readonly<Record<string, number>>;
  /** not asked, or asked without an answer, since the run ended before */
  readonly left: number;
  /** why it ended before all were asked; null when they were */
  readonly end: EndpointError | null;
}

/** An answer has some 120 tokens; models that think aloud before it need room. */
const MOST_TOKENS = 1500;

/**
 * Asks for every passage. An answer that breaks the schema or the codebook is sent back once with what is wrong; the second
 * such answer counts as failed and stores nothing, so that a later run asks again. A server that does not take a schema
 * (HTTP 400), or answers it with what is no JSON, is asked without one from then on.
 */
export async function judge(db: Db, passages: readonly Judged[], options: JudgeOptions): Promise<JudgeEnd> {
  const { reader, concurrency, signal, onDone } = options;
  const failed: Record<string, number> = {};
  let labelled = 0;
  let mended = 0;
  let asked = 0;
  const chat = chatter(options.endpoint);

  const label = async (passage: Judged): Promise<string | null> => {
    const first = question(passage);
    const answer = await chat(first);
    let found = settled(answer);
    if (typeof found === 'object') return (await store(db, passage, found, reader)) ?? null;
    if (found === 'cut' || found === 'refused') return found;
    found = settled(await chat(again(first, answer.text, found)));
    if (found === 'cut' || found === 'refused') return found;
    if (typeof found === 'string') return 'invalid';
    const wrong = await store(db, passage, found, reader);
    if (wrong === null) mended++;
    return wrong;
  };

  const end = await askMany(
    passages,
    concurrency,
    async (passage) => {
      try {
        const wrong = await label(passage);
        if (wrong === null) labelled++;
        else failed[wrong] = (failed[wrong] ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof EndpointError && error.local)) throw error;
        failed[error.kind] = (failed[error.kind] ?? 0) + 1;
      }
      onDone?.(++asked);
    },
    signal,
  );
  const lost = Object.values(failed).reduce((sum, n) => sum + n, 0);
  return { passages: passages.length, labelled, mended, failed, left: passages.length - labelled - lost, end };
}

/** Asks with the schema while the server takes it. */
function chatter(endpoint: Pick<Endpoint, 'chat'>): (messages: readonly Message[]) => Promise<Answer> {
  const schema = { name: 'label', schema: ANSWER_SCHEMA as unknown as Readonly<Record<string, unknown>> };
  let takesSchema = true;
  let prose = 0;
  return async (messages) => {
    const request = { messages, maxTokens: MOST_TOKENS, temperature: 0 };
    if (!takesSchema) return endpoint.chat(request);
    try {
      return await endpoint.chat({ ...request, schema });
    } catch (error) {
      if (!(error instanceof EndpointError && (error.kind === 'refused' || error.kind === 'garbage'))) throw error;
      // a server that knows no schemas refuses them, or takes them and answers in prose around the object
      const answer = await endpoint.chat(request);
      if (error.kind === 'refused' || ++prose > 1) takesSchema = false;
      return answer;
    }
  };
}

/** The label, `cut` or `refused`, or in words what is wrong. */
function settled(answer: Answer): Label | string {
  if (answer.refusal !== null || answer.finish === 'content_filter') return 'refused';
  let json = answer.json;
  if (json === undefined) {
    if (answer.finish === 'length') return 'cut';
    json = objectIn(answer.text);
    if (json === undefined) return 'it is not one JSON object';
  }
  return readAnswer(json);
}

/** The JSON object in a text, alone or in a Markdown fence or after what the model thought. */
function objectIn(text: string): unknown {
  const from = text.lastIndexOf('{');
  const to = text.lastIndexOf('}');
  if (from < 0 || to < from) return undefined;
  try {
    return JSON.parse(text.slice(from, to + 1));
  } catch {
    return undefined;
  }
}

/** @returns null, or `unstored` where the database takes no such label */
async function store(db: Db, passage: Judged, label: Label, reader: string): Promise<string | null> {
  const { text: _, title: __, ...place } = passage;
  const { added, replaced } = await importLabels(db, [JSON.stringify({ ...place, ...label, reader })]);
  return added + replaced === 1 ? null : 'unstored';
}
