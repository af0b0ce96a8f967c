// A server of OpenAI's protocol in this process that does what a script says, and keeps everything it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  /** the whole body as sent */
  readonly raw: string;
  /** content of the last message, or the prompt */
  readonly prompt: string;
  /** milliseconds of performance.now() */
  readonly at: number;
}

/** What to do with a request. `text` alone is a good answer. */
export interface Reply {
  readonly text?: string;
  readonly finish?: string;
  readonly refusal?: string;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** sent as it is in place of a completion */
  readonly body?: string;
  /** the connection is broken: before anything is sent, or in the middle of the body */
  readonly drop?: 'before' | 'inside';
  /** milliseconds before the answer */
  readonly after?: number;
  /** tokens to report; null: no usage at all */
  readonly tokens?: [number, number] | null;
}

export interface Stub {
  readonly url: string;
  readonly asked: Asked[];
  /** most requests that were open at the same time */
  readonly most: () => number;
  close(): Promise<void>;
}

/** @param script what to do with the n-th request (from 0) */
export async function startStub(script: (asked: Asked, n: number) => Reply | Promise<Reply>): Promise<Stub> {
  const asked: Asked[] = [];
  let open = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    open++;
    most = Math.max(most, open);
    response.once('close', () => open--);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const raw = Buffer.concat(parts).toString('utf8');
    const body = JSON.parse(raw) as Record<string, unknown>;
    const messages = body['messages'] as { content: string }[] | undefined;
    const prompt = messages?.at(-1)?.content ?? String(body['prompt']);
    const own = { path: request.url ?? '', headers: request.headers, body, raw, prompt, at: performance.now() };
    asked.push(own);
    const reply = await script(own, asked.length - 1);
    if (reply.after !== undefined) await new Promise((resolve) => setTimeout(resolve, reply.after));
    send(reply, own, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    most: () => most,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send(reply: Reply, asked: Asked, response: ServerResponse): void {
  if (reply.drop === 'before') {
    response.socket?.destroy();
    return;
  }
  const { status = 200 } = reply;
  const text = reply.body ?? JSON.stringify(status === 200 ? completion(reply, asked) : errorOf(status));
  response.writeHead(status, { 'content-type': 'application/json', ...reply.headers });
  if (reply.drop === 'inside') {
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
    return;
  }
  response.end(text);
}

function completion(reply: Reply, { body, path, prompt }: Asked): object {
  const { text = '', finish = 'stop', refusal = null, tokens } = reply;
  const [inTokens, outTokens] = tokens ?? [Math.ceil(prompt.length / 4), Math.ceil(text.length / 4)];
  const choice = path.includes('/chat/')
    ? { index: 0, finish_reason: finish, message: { role: 'assistant', content: text, refusal } }
    : { index: 0, finish_reason: finish, text };
  return {
    id: 'stub',
    object: path.includes('/chat/') ? 'chat.completion' : 'text_completion',
    model: body['model'],
    choices: [choice],
    ...(tokens === null ? {} : { usage: { prompt_tokens: inTokens, completion_tokens: outTokens } }),
  };
}

const errorOf = (status: number): object => ({ error: { message: `stub says ${status}`, type: 'stub' } });
