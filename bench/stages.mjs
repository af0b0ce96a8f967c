// Speed and memory of each stage on one corpus file, one thread each, medians of repeats. Run after `npm run build`:
//   node bench/stages.mjs FILE [--repeats 5] [--passages 400]
// Needs a JSONL file, plain or compressed. Prints Markdown; nothing is asserted.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const dist = (path) => import(join(root, 'dist', path));
const [file] = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const repeats = option('repeats', 5);
const wanted = option('passages', 400);

const { findInputs } = await dist('read/inputs.js');
const { openInput } = await dist('read/open.js');
const { compileGate, OPEN } = await dist('gate/gate.js');
const { loadLexicon } = await dist('gate/lexicon.js');
const { checkRecord } = await dist('gate/structure.js');
const { segment } = await dist('segment/segment.js');
const { loadLinear } = await dist('classify/linear.js');
const { loadEncoder } = await dist('classify/encoder.js');

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (values) => `${Math.min(...values).toFixed(3)}-${Math.max(...values).toFixed(3)}`;
const seconds = async (work) => {
  const times = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    times.push((performance.now() - start) / 1000);
  }
  return times;
};
const rows = [];
const row = (stage, times, amount, unit, note = '') => {
  const rate = amount / median(times);
  rows.push([stage, `${rate.toFixed(rate < 100 ? 1 : 0)} ${unit}/s`, `${median(times).toFixed(3)} s (${spread(times)})`, note]);
};

const lines = [];
let bytes = 0;
const read = async (keep) => {
  for await (const input of findInputs([file])) {
    const opened = await openInput(input);
    for await (const batch of opened.batches) {
      for (const record of batch.records) {
        if (keep && record.kind === 'json') {
          lines.push(Buffer.from(record.bytes));
          bytes += record.bytes.length;
        }
      }
    }
  }
};
await read(true);
const mb = bytes / 1e6;
row('read (decompress and frame)', await seconds(() => read(false)), mb, 'MB', `${lines.length} records, ${mb.toFixed(1)} MB`);

const gate = compileGate(loadLexicon(join(root, 'models')));
let open = [];
row(
  'gate',
  await seconds(() => {
    open = lines.filter((line) => (gate.prefilter(line, 0, line.length, true) & OPEN) !== 0);
  }),
  mb,
  'MB',
  `${open.length} of ${lines.length} documents let through`,
);
const keys = ['text', 'id'].map((key) => Buffer.from(key));
const spans = new Int32Array(4);
row(
  'structure check of rejects',
  await seconds(() => {
    for (const line of lines) checkRecord(line, 0, line.length, keys, spans);
  }),
  mb,
  'MB',
);
const texts = open.slice(0, 500).map((line) => JSON.parse(line.toString('utf8')).text);
const characters = texts.reduce((n, text) => n + text.length, 0) / 1e6;
let passages = [];
row(
  'segment',
  await seconds(() => {
    passages = texts.flatMap((text) => segment(text).map((p) => text.slice(p.from, p.to)));
  }),
  characters,
  'M characters',
  `${passages.length} passages`,
);
const linear = loadLinear(join(root, 'models', 'linear'));
row(
  'linear tier',
  await seconds(() => {
    for (const text of passages) linear.score(text);
  }),
  passages.length,
  'passages',
);
const encoder = await loadEncoder(join(root, 'models', 'encoder'));
const step = Math.max(1, Math.floor(passages.length / wanted));
const some = passages.filter((_, i) => i % step === 0).slice(0, wanted);
const tokens = some.reduce((n, text) => n + encoder.tokens({ text, context: null, names: [] })[0].ids.length, 0);
row(
  'encoder',
  await seconds(async () => {
    for (const text of some) await encoder.encode({ text, context: null, names: [] });
  }),
  some.length,
  'passages',
  `${(tokens / some.length).toFixed(0)} tokens a passage`,
);
row(
  'tokenizer and marks (part of the encoder)',
  await seconds(() => {
    for (const text of some) encoder.tokens({ text, context: null, names: [] });
  }),
  some.length,
  'passages',
);
console.log(`| stage, one thread | rate | median (range) of ${repeats} | |\n| --- | --- | --- | --- |`);
for (const cells of rows) console.log(`| ${cells.join(' | ')} |`);
console.log(`\nNode ${process.version}, peak memory of this process ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB.`);
await encoder.dispose();
