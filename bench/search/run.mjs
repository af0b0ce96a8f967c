// How often the right hit is among the first five: the 40 queries of test/cases/search-queries.jsonl on the sample corpus.
//   node dist/cli.js scan corpora/sample --db sample.db && node bench/search/run.mjs sample.db
// With a second argument, other queries: test/cases/search-queries-dev.jsonl are those that the search was tuned on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const dist = (path) => import(join(root, 'dist', path));
const { openDatabase } = await dist('store/database.js');
const { loadEncoder } = await dist('classify/encoder.js');
const { search } = await dist('search/search.js');
const db = openDatabase(process.argv[2], { readonly: true });
const encoder = await loadEncoder(join(root, 'models', 'encoder'));
const queries = readFileSync(process.argv[3] ?? join(root, 'test', 'cases', 'search-queries.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const plain = (text) => text.replace(/\s+/g, ' ');
const stored = db.prepare('select document, text from hits').all();
let five = 0;
let one = 0;
const times = [];
const missed = [];
for (const { query, answers } of queries) {
  const start = performance.now();
  const { embedding } = await encoder.encode({ text: query, context: null, names: [] });
  const found = search(db, { text: query, vector: embedding, limit: 5 });
  times.push(performance.now() - start);
  const right = ({ document, text }) => answers.some((a) => a.document === document && plain(text).includes(plain(a.quote)));
  if (found.some(right)) five++;
  else missed.push({ query, isHit: stored.some(right) });
  if (found[0] !== undefined && right(found[0])) one++;
}
times.sort((a, b) => a - b);
console.log(`right hit among the first five: ${five} of ${queries.length}; first: ${one}; answers that are no hit of the scan: ${missed.filter((m) => !m.isHit).length}`);
console.log(`median ${times[times.length >> 1].toFixed(0)} ms, slowest ${times.at(-1).toFixed(0)} ms (encoder included), ${stored.length} hits`);
for (const { query, isHit } of missed) console.log(`- ${query}${isHit ? '' : ' (not a hit)'}`);
db.close();
await encoder.dispose();
