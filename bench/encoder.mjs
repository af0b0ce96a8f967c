// The encoder against sentence-transformers fp32 all-MiniLM-L6-v2: same texts, same run, one thread each.
//   node bench/encoder.mjs TEXTS.jsonl [--repeats 5]      (one {"text"} a line; needs python3 with sentence-transformers)
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const [file] = process.argv.slice(2);
const at = process.argv.indexOf('--repeats');
const repeats = at < 0 ? 5 : Number(process.argv[at + 1]);
const texts = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line).text);
const { loadEncoder } = await import(join(root, 'dist', 'classify', 'encoder.js'));
const encoder = await loadEncoder(join(root, 'models', 'encoder'));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const score = async () => {
  for (const text of texts) await encoder.encode({ text, context: null, names: [] });
};
await score();
const ours = [];
const theirs = [];
for (let i = 0; i < repeats; i++) {
  const start = performance.now();
  await score();
  ours.push(texts.length / ((performance.now() - start) / 1000));
  const peer = spawnSync('python3', [join(root, 'bench', 'peers', 'sentence_transformers_speed.py'), file], {
    encoding: 'utf8',
    env: { ...process.env, HF_HUB_OFFLINE: '1' },
  });
  if (peer.status !== 0) {
    console.log(`skipped: sentence-transformers is not here\n${peer.stderr.slice(-500)}`);
    process.exit(0);
  }
  theirs.push(Number(peer.stdout.trim()));
}
const tokens = texts.reduce((n, text) => n + encoder.tokens({ text, context: null, names: [] })[0].ids.length, 0);
console.log(`${texts.length} passages, ${(tokens / texts.length).toFixed(0)} tokens each, one thread, medians of ${repeats}`);
console.log(`persona-prior encoder (int8, six heads): ${median(ours).toFixed(1)} passages/s`);
console.log(`sentence-transformers fp32 all-MiniLM-L6-v2: ${median(theirs).toFixed(1)} passages/s`);
console.log(`ratio: ${(median(ours) / median(theirs)).toFixed(2)}`);
await encoder.dispose();
