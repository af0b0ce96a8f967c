import { afterEach, describe, expect, it } from 'vitest';
import { makeBudget } from '../../src/endpoint/budget.js';
import { openEndpoint } from '../../src/endpoint/endpoint.js';
import { EndpointError } from '../../src/endpoint/error.js';
import { retryAfter } from '../../src/endpoint/hold.js';
import { askMany } from '../../src/endpoint/many.js';
import type { Endpoint, EndpointOptions } from '../../src/endpoint/model.js';
import { type Asked, type Reply, type Stub, startStub } from './stub.js';

let stub: Stub;
let endpoint: Endpoint;
const open = async (
  script: (asked: Asked, n: number) => Reply | Promise<Reply>,
  options: Partial<EndpointOptions> = {},
): Promise<void> => {
  stub = await startStub(script);
  endpoint = openEndpoint({ url: stub.url, model: 'm', ...options });
};
afterEach(async () => {
  await endpoint.close();
  await stub.close();
});
const ask = (content = 'hello') => endpoint.chat({ messages: [{ role: 'user', content }], maxTokens: 50 });
const failure = async (promise: Promise<unknown>): Promise<EndpointError> => {
  const error = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(EndpointError);
  return error as EndpointError;
};

describe('an answer', () => {
  it('comes with its text, why it ended, the model and the tokens', async () => {
    await open(() => ({ text: 'good day', tokens: [7, 3] }));
    const answer = await ask();
    expect(answer).toEqual({
      text: 'good day',
      finish: 'stop',
      refusal: null,
      model: 'm',
      tokens: { prompt: 7, completion: 3, estimated: false },
    });
    expect(endpoint.usage).toMatchObject({ attempts: 1, answers: 1, promptTokens: 7, completionTokens: 3 });
  });
  it('has its tokens estimated where the server does not count them, and says so', async () => {
    await open(() => ({ text: 'x'.repeat(40), tokens: null }));
    expect((await ask('y'.repeat(20))).tokens).toEqual({ prompt: 5, completion: 10, estimated: true });
    expect(endpoint.usage.estimated).toBe(1);
  });
  it('is asked for with the messages, the limit and what the caller set, and nothing else', async () => {
    await open(() => ({ text: 'a' }));
    await endpoint.chat({
      messages: [{ role: 'user', content: 'q', extra: 'never' } as never],
      maxTokens: 9,
      temperature: 0,
    });
    expect(stub.asked[0]!.body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'q' }],
      max_tokens: 9,
      temperature: 0,
    });
    expect(stub.asked[0]!.headers['authorization']).toBeUndefined();
  });
  it('of a plain completion is read from its text', async () => {
    await open(() => ({ text: ' and so on', finish: 'length' }));
    const answer = await endpoint.complete({ prompt: 'Once', maxTokens: 5 });
    expect(answer).toMatchObject({ text: ' and so on', finish: 'length' });
    expect(stub.asked[0]!.path).toBe('/v1/completions');
  });
  it('by a schema is parsed, and asked for again where it is no JSON', async () => {
    await open((_, n) => ({ text: n === 0 ? 'Sure! {' : '{"a":1}' }));
    const schema = { name: 's', schema: { type: 'object' } };
    const answer = await endpoint.chat({ messages: [{ role: 'user', content: 'q' }], maxTokens: 9, schema });
    expect(answer.json).toEqual({ a: 1 });
    expect(stub.asked[1]!.body['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { ...schema, strict: true },
    });
  });
  it('by a schema that was cut off or refused is given back without JSON', async () => {
    await open((_, n) => (n === 0 ? { text: '{"a"', finish: 'length' } : { text: '', refusal: 'no' }));
    const request = { messages: [], maxTokens: 9, schema: { name: 's', schema: {} } };
    expect(await endpoint.chat(request)).not.toHaveProperty('json');
    expect(await endpoint.chat(request)).toMatchObject({ refusal: 'no' });
    expect(stub.asked).toHaveLength(2);
  });
  it('under the newer name of the limit is asked for when the server says so, from then on', async () => {
    const hint = '{"error":{"message":"Unsupported parameter: max_tokens. Use max_completion_tokens instead."}}';
    await open(({ body }) => (body['max_tokens'] === undefined ? { text: 'a' } : { status: 400, body: hint }));
    await Promise.all([ask(), ask(), ask()]);
    await ask();
    expect(stub.asked.at(-1)!.body).toMatchObject({ max_completion_tokens: 50 });
    expect(stub.asked).toHaveLength(7);
  });
});

describe('trouble', () => {
  const troubles: [string, Reply][] = [
    ['429', { status: 429 }],
    ['500', { status: 500 }],
    ['503', { status: 503, body: '<html>busy</html>' }],
    ['a connection dropped before the answer', { drop: 'before' }],
    ['a connection dropped inside the answer', { text: 'half of it', drop: 'inside' }],
    ['garbage in place of JSON', { body: '<html>' }],
    ['JSON that is no completion', { body: '{"choices":[]}' }],
    ['a message that is no text', { body: '{"choices":[{"message":{"content":{"a":1}}}]}' }],
  ];
  it(`is tried again: ${troubles.map(([name]) => name).join('; ')}`, async () => {
    await open(() => ({}));
    const usages = await Promise.all(
      troubles.map(async ([, reply]) => {
        const own = await startStub((_, n) => (n === 0 ? reply : { text: 'fine' }));
        const client = openEndpoint({ url: own.url, model: 'm' });
        const { text } = await client.chat({ messages: [], maxTokens: 5 });
        await client.close();
        await own.close();
        return { text, ...client.usage };
      }),
    );
    for (const usage of usages) expect(usage).toMatchObject({ text: 'fine', attempts: 2, retries: 1, answers: 1 });
  });
  it('a server that takes too long is tried again', async () => {
    await open((_, n) => (n === 0 ? { text: 'late', after: 3000 } : { text: 'fine' }), { timeout: 0.3 });
    expect((await ask()).text).toBe('fine');
  });
  it('that stays is given up after the retries, with its kind', async () => {
    await open(() => ({ status: 500 }), { retries: 1 });
    const error = await failure(ask());
    expect(error).toMatchObject({ kind: 'server', status: 500, local: true });
    expect(error.message).toBe('HTTP 500: stub says 500');
    expect(stub.asked).toHaveLength(2);
  });
  it('400 is not tried again, and other requests go on', async () => {
    await open((_, n) => (n === 0 ? { status: 400 } : { text: 'a' }));
    expect(await failure(ask())).toMatchObject({ kind: 'refused', local: true });
    await ask();
    expect(stub.asked).toHaveLength(2);
  });
  it('401 ends everything at once', async () => {
    await open(() => ({ status: 401 }));
    expect(await failure(ask())).toMatchObject({ kind: 'access', local: false });
    expect(await failure(ask())).toMatchObject({ kind: 'access' });
    expect(stub.asked).toHaveLength(1);
  });
  it('a redirect is not followed: the prompt goes to no other host', async () => {
    const other = await startStub(() => ({ text: 'stolen' }));
    await open(() => ({ status: 307, headers: { location: `${other.url}/chat/completions` } }));
    expect(await failure(ask())).toMatchObject({ kind: 'access', status: 307 });
    expect(other.asked).toHaveLength(0);
    await other.close();
  });
  it('no server at all ends it; one that is lost later only after 20 requests without an answer', async () => {
    await open((_, n) => (n === 0 ? { text: 'a' } : { drop: 'before' }), { retries: 0 });
    const nobody = openEndpoint({ url: 'http://127.0.0.1:9/v1', model: 'm', retries: 0 });
    expect(await failure(nobody.chat({ messages: [], maxTokens: 1 }))).toMatchObject({ kind: 'access', local: false });
    await nobody.close();
    await ask();
    const failed: string[] = [];
    const end = await askMany(Array(50).keys(), 1, async () => {
      const error = await failure(ask());
      if (!error.local) throw error;
      failed.push(error.kind);
    });
    expect(failed).toEqual(Array(19).fill('connection'));
    expect(end?.kind).toBe('down');
  });
  it('429 to the last attempt fails one request, not the others', async () => {
    await open(({ prompt }) => (prompt === 'bad' ? { status: 429 } : { text: 'a' }), { retries: 0 });
    expect(await failure(ask('bad'))).toMatchObject({ kind: 'rate', local: true });
    expect((await ask()).text).toBe('a');
  });
});

describe('Retry-After', () => {
  it('holds every request of the run until it is over', async () => {
    await open((_, n) => (n === 0 ? { status: 429, headers: { 'retry-after': '2' } } : { text: 'a' }));
    const first = ask();
    while (endpoint.usage.holds === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([first, ask(), ask()]);
    const [refused, ...others] = stub.asked.map((a) => a.at);
    expect(others).toHaveLength(3);
    // the stub's clock starts when it got the request, ours when the answer came: 10 ms for that
    for (const at of others) expect(at - refused!).toBeGreaterThanOrEqual(1990);
  });
  it('of over an hour ends the run', async () => {
    await open(() => ({ status: 429, headers: { 'retry-after': '7200' } }));
    expect(await failure(ask())).toMatchObject({ kind: 'wait', local: false });
    expect(await failure(ask())).toMatchObject({ kind: 'wait' });
    expect(stub.asked).toHaveLength(1);
  });
  it('is read in seconds, as a date, and in milliseconds; nonsense is none', async () => {
    await open(() => ({}));
    const read = (headers: Record<string, string>): number | null =>
      retryAfter(new Headers(headers), Date.parse('2026-01-01T00:00:00Z'));
    expect(read({ 'retry-after': '1.5' })).toBe(1500);
    expect(read({ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' })).toBe(60_000);
    expect(read({ 'retry-after': 'Thu, 01 Jan 2015 00:00:00 GMT' })).toBe(0);
    expect(read({ 'retry-after': '9', 'retry-after-ms': '40' })).toBe(40);
    expect(read({ 'retry-after': 'soon' })).toBeNull();
    expect(read({})).toBeNull();
  });
});

describe('the key', () => {
  it('is sent, and stands in no message even where the server repeats it', async () => {
    const said: string[] = [];
    const leak = '{"error":{"message":"wrong key\\u001b[31m sk-secret-1"}}';
    await open((_, n) => ({ status: n === 0 ? 500 : 401, body: leak }), {
      apiKey: 'sk-secret-1',
      onTrouble: (message) => said.push(message),
    });
    const error = await failure(ask());
    expect(stub.asked[0]!.headers['authorization']).toBe('Bearer sk-secret-1');
    expect(said.join() + error.message).not.toContain('sk-secret-1');
    expect(error.message).toBe('HTTP 401: wrong key\\u{1b}[31m ***');
  });
});

describe('a budget', () => {
  it('of requests counts every attempt', async () => {
    await open((_, n) => (n < 2 ? { status: 500 } : { text: 'a' }), { budget: { requests: 3 } });
    await ask();
    expect(await failure(ask())).toMatchObject({ kind: 'budget', local: false });
    expect(stub.asked).toHaveLength(3);
  });
  it('of tokens is never gone over, also with requests side by side', async () => {
    await open(() => ({ text: 'a', tokens: [2, 50], after: 5 }), { budget: { tokens: 500 } });
    const end = await askMany(Array(40).keys(), 8, async () => {
      await ask();
    });
    expect(end?.kind).toBe('budget');
    const { promptTokens, completionTokens, answers } = endpoint.usage;
    expect(promptTokens + completionTokens).toBeLessThanOrEqual(500);
    // one request may take 50 + 2 tokens: nine fit
    expect(answers).toBe(9);
  });
  it('waits for what others under way may give back, and for nothing that cannot fit', async () => {
    await open(() => ({}));
    const budget = makeBudget({ tokens: 10 });
    const first = (await budget.tokens(8))!;
    const second = budget.tokens(6);
    expect(await budget.tokens(11)).toBeNull();
    first(3);
    const give = await second;
    expect(give).not.toBeNull();
    give!(6);
    expect(await budget.tokens(2)).toBeNull();
    expect(await budget.tokens(1)).not.toBeNull();
  });
});

describe('many requests', () => {
  it('run as many at once as asked for, and read no further ahead', async () => {
    await open(() => ({ text: 'a', after: 10 }));
    let read = 0;
    let done = 0;
    let ahead = 0;
    async function* items(): AsyncGenerator<number> {
      for (let i = 0; i < 20; i++) {
        read++;
        ahead = Math.max(ahead, read - done);
        yield i;
      }
    }
    const end = await askMany(items(), 3, async () => {
      await ask();
      done++;
    });
    expect(end).toBeNull();
    expect(done).toBe(20);
    expect(stub.most()).toBe(3);
    expect(ahead).toBeLessThanOrEqual(4);
  });
  it('end on a signal: what is under way is answered and kept, nothing new is sent, waits end', async () => {
    const stop = new AbortController();
    await open(
      async ({ prompt }) => {
        if (prompt === '0') return { status: 503, headers: { 'retry-after': '600' } };
        setTimeout(() => stop.abort(), 50);
        return { text: 'a', after: 200 };
      },
      { signal: stop.signal },
    );
    const got: number[] = [];
    const end = await askMany(
      [0, 1, 2, 3, 4, 5],
      3,
      async (n) => {
        await ask(String(n));
        got.push(n);
      },
      stop.signal,
    );
    expect(end?.kind).toBe('stopped');
    expect(got.sort()).toEqual([1, 2]);
    expect(stub.asked).toHaveLength(3);
  });
});

describe('an address', () => {
  it('may end in the operation or a slash, keeps its query, and is http without a password', async () => {
    await open(() => ({ text: 'a' }));
    for (const end of ['', '/', '/chat/completions', '/completions', '?api-version=1']) {
      const one = openEndpoint({ url: stub.url + end, model: 'm' });
      await one.chat({ messages: [], maxTokens: 1 });
      await one.close();
    }
    const plain = '/v1/chat/completions';
    expect(stub.asked.map((a) => a.path)).toEqual([plain, plain, plain, plain, `${plain}?api-version=1`]);
    for (const url of ['nowhere', 'file:///etc/passwd', 'http://me:pw@127.0.0.1/v1']) {
      expect(() => openEndpoint({ url, model: 'm' })).toThrow(/expected/);
    }
  });
});
