// Scores the labelled passages with the shipped models, once: `node bench/truth/score.mjs [--shard I/N]`.
// A passage is given to the cascade whole, with its own title and names. Results go to CACHE/scores-ENCODER.jsonl, which
// holds no text; a run that finds some of them goes on from there.

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const cache = option('cache', here('cache'));
const pool = option('pool', join(cache, 'pool.jsonl'));
const models = option('models', here('../../models'));
const { loadCascade } = await import(new URL(option('dist', '../../dist/'), import.meta.url).href + 'cascade.js');

const cascade = await loadCascade(models);
mkdirSync(cache, { recursive: true });
const path = join(cache, `scores-${cascade.hashes.encoder.slice(0, 12)}.jsonl`);
const records = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const done = new Set(existsSync(path) ? records(path).map((r) => r.id) : []);
const order = ['calibration', 'test', 'train'];
const rows = records(pool).sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part) || (a.id < b.id ? -1 : 1));
const start = Date.now();
const [part, parts] = option('shard', '1/1').split('/').map(Number);
let fresh = 0;
for (const [i, { id, title, text, names }] of rows.entries()) {
  if (done.has(id) || i % parts !== part - 1) continue;
  const judged = await cascade.judge({ id, title: title || null, text, names: names ?? [] }, { all: true, whole: true });
  const [passage] = judged.passages;
  // a text over the encoder's window would be cut: its label speaks of the whole, so it is left out and counted
  const whole = judged.passages.length === 1 && passage.scores !== null;
  const line = whole
    ? {
        id,
        open: judged.open,
        spans: judged.found.spans.map((s) => [s.from, s.to]),
        linear: passage.linear,
        scores: Buffer.from(passage.scores.buffer, passage.scores.byteOffset, passage.scores.byteLength).toString('base64'),
      }
    : { id, cut: true };
  appendFileSync(path, `${JSON.stringify(line)}\n`);
  if (++fresh % 500 === 0) process.stderr.write(`${done.size + fresh}/${rows.length} ${((Date.now() - start) / fresh).toFixed(0)} ms each\n`);
}
process.stderr.write(`${done.size + fresh} of ${rows.length} in ${path}, ${cascade.model}\n`);
await cascade.dispose();
