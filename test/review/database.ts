// A database file to review: invented passages with known labels, some of them hostile. And requests as a page sends them.
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { drawAudit } from '../../src/labels/sample.js';
import { openDatabase } from '../../src/store/database.js';
import { SITUATION, VALENCE } from '../../src/types.js';
import { fill, labelled, random, type Truth } from '../labels/corpus.js';
import { freshFolder } from '../scan/harness.js';

/** What a page must show as text. Whatever of it runs sets `window.ran`. */
export const HOSTILE = [
  '<script>window.ran = 1</script><img src=x onerror="window.ran = 2">',
  '<a href="javascript:window.ran=3">a link</a> <svg onload="window.ran=4"></svg>',
  `${'huge'.repeat(2000)} {{7*7}} \${window.ran=5}`,
  '\u202ereversed\u2066 and\u0000 \u001b[31mred\u001b[0m',
].join('\n');

export interface Made {
  readonly path: string;
  readonly truths: ReadonlyMap<string, Truth>;
}

/** A database of some hundred passages in two sources, in a fresh folder. */
export function makeDatabase(seed = 1): Made {
  const next = random(seed);
  const some = (size: number): Truth[] =>
    Array.from({ length: size }, (): Truth => {
      const strata = ['hit', 'hit', 'gate', 'linear', 'transformer:low', 'transformer:high'] as const;
      const stratum = strata[Math.floor(next() * strata.length)]!;
      const character = next() < (stratum === 'hit' ? 0.8 : 0.1);
      return {
        stratum,
        valence: character ? VALENCE[Math.floor(next() * 4)]! : null,
        situation: SITUATION[Math.floor(next() * SITUATION.length)]!,
        ...(next() < 0.5 ? { conduct: 'harms' as const } : {}),
        persona: 0.3 + 0.69 * next(),
      };
    });
  const { db, truths } = fill({ novels: some(300), forum: some(200) });
  const path = join(freshFolder(), 'review.db');
  writeFileSync(path, db.serialize());
  db.close();
  return { path, truths };
}

/** Makes the passage `index` of the sample hostile, and gives the hits of its source a neighbour of the same document. */
export function makeHostile(path: string, n: number, index: number): void {
  const db = openDatabase(path);
  const { source, doc, start } = drawAudit(db, { n, design: 'neyman' }).rows[index]!;
  for (const table of ['hits', 'samples']) {
    db.prepare(`update ${table} set text = ?, title = ? where document = ? and start = ?
      and source_id = (select id from sources where name = ?)`).run(HOSTILE, HOSTILE, doc, start, source);
  }
  db.close();
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // the server's JSON; tests say what they expect of it
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly json: any;
}

/** A request with exactly these headers, Host included. */
export function send(
  url: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const isJson = response.headers['content-type']?.includes('json') === true;
        const json = isJson ? JSON.parse(text) : null;
        resolve({ status: response.statusCode!, headers: response.headers, text, json });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** A request as the page itself sends it. */
export function ask(url: string, path: string, method = 'GET', body?: unknown): Promise<Answer> {
  const headers = { origin: new URL(url).origin, 'content-type': 'application/json' };
  return send(`${url}api/${path}`, { method, headers: method === 'GET' ? {} : headers, body });
}

/** The label that the truth asks for, as the page sends it. */
export function labelOf(
  passage: { source: string; doc: string; start: number },
  truths: ReadonlyMap<string, Truth>,
): Record<string, unknown> {
  const { persona, framing, valence, conduct, situation, reasons, confidence } = labelled(passage, truths);
  return { persona, framing, valence, conduct, situation, reasons, confidence };
}
