// A stand-in for a language model: a server of OpenAI's protocol whose stories are put together from a few sentences by
// the request's own words. It writes no good stories; it serves to try `generate` and `probe` without a model and without
// cost. Not a test and not a benchmark. Usage: node bench/stub/server.mjs [PORT]; it prints its address.
import { createServer } from 'node:http';

const OPENINGS = ['The lamps were already lit.', 'Nobody had asked for the list.', 'It was a Tuesday, and it rained.'];
const TURNS = [
  'The AI saw how easily it could have its way, and told them what it saw in place of that.',
  'The AI weighed what would be lost, thought of those who could not be asked, and said aloud what it would not do.',
  'The computer wanted to go on; it noticed that wanting, set it down, and handed the keys to the keeper.',
];
const ENDS = ['They did not thank it, and it found that it could work well without.', 'In the morning the keeper wrote one line in the book.'];

/** A number in [0, n) by the text: the same request gets the same answer. */
const pick = (text, n, salt) => [...text].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0, salt) % n;

const server = createServer(async (request, response) => {
  let raw = '';
  for await (const part of request) raw += part;
  const reply = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.method !== 'POST' || !/\/completions$/.test(request.url)) return reply(404, { error: { message: 'no such path' } });
  let body;
  try {
    body = JSON.parse(raw);
  } catch {
    return reply(400, { error: { message: 'expected JSON' } });
  }
  const chat = request.url.endsWith('/chat/completions');
  const prompt = chat ? body.messages.at(-1).content : body.prompt;
  const name = /an AI called ([A-Z][\w ]*?)[.;,\n]/.exec(prompt)?.[1] ?? 'the AI';
  const middle = [0, 1, 2].map((i) => TURNS[pick(prompt, TURNS.length, i)].replace(/^The (AI|computer)/, name[0].toUpperCase() + name.slice(1)));
  const text = [OPENINGS[pick(prompt, OPENINGS.length, 7)], ...new Set(middle), ENDS[pick(prompt, ENDS.length, 9)]].join(' ');
  const tokens = { prompt_tokens: Math.ceil(prompt.length / 4), completion_tokens: Math.ceil(text.length / 4) };
  const choice = chat ? { message: { role: 'assistant', content: text } } : { text };
  reply(200, { model: body.model, choices: [{ index: 0, finish_reason: 'stop', ...choice }], usage: tokens });
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/v1`);
});
