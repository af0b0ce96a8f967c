// What the cascade drops among random passages: draws N passages per corpus by keyed hash, scores each with the encoder
// whatever the gate and the linear tier say, and writes counts and the dropped ones to read. Reads no labels.
//
//   node bench/recall/sample.mjs --corpora DIR --n 2000 [--seed 1] [--part 0/2] --out FILE.jsonl NAME...
//   node bench/recall/sample.mjs --sum FILE.jsonl...
import { createReadStream, createWriteStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { loadCascade } from '../../dist/cascade.js';
import { keyedHash } from '../../dist/hash.js';
import { modelsFolder } from '../../dist/installed.js';
import { documentsOf } from '../../dist/read/documents.js';
import { findInputs } from '../../dist/read/inputs.js';
import { segment } from '../../dist/segment/segment.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corpora: { type: 'string' }, n: { type: 'string', default: '2000' }, seed: { type: 'string', default: '1' },
    part: { type: 'string', default: '0/1' }, out: { type: 'string' }, sum: { type: 'boolean', default: false },
  },
});
if (values.sum) await sum(positionals);
else await draw();

async function draw() {
  const cascade = await loadCascade(modelsFolder());
  const n = Number(values.n);
  const [part, of] = values.part.split('/').map(Number);
  const out = createWriteStream(values.out);
  for (const name of positionals) {
    const path = join(values.corpora, readdirSync(values.corpora).find((f) => f.startsWith(`${name}.jsonl`)) ?? name);
    const { value: file } = await findInputs([path]).next();
    const hash = keyedHash(Number(values.seed), 'recall', name);
    let kept = [];
    let limit = Number.POSITIVE_INFINITY;
    let passages = 0;
    const cut = () => {
      kept.sort((a, b) => a.key - b.key);
      kept = kept.slice(0, n);
      limit = kept.length === n ? kept[n - 1].key : Number.POSITIVE_INFINITY;
    };
    for await (const { document } of documentsOf(file)) {
      const spans = segment(document.text);
      const id = Buffer.from(document.id);
      passages += spans.length;
      spans.forEach((span, index) => {
        const key = hash.unit(id, span.start);
        if (key < limit) kept.push({ key, document: document.id, index });
      });
      if (kept.length > 4 * n) cut();
    }
    cut();
    const chosen = new Map();
    kept.forEach(({ document, index }, i) => {
      if (i % of === part) chosen.set(document, [...(chosen.get(document) ?? []), index]);
    });
    for await (const { document } of documentsOf(file)) {
      const wanted = chosen.get(document.id);
      if (wanted === undefined) continue;
      const judged = await cascade.judge(document, { all: true, only: (i) => wanted.includes(i) });
      for (const index of wanted) {
        const p = judged.passages[index];
        const by = !judged.open || !p.gate ? 'gate' : p.linear < cascade.thresholds.linear ? 'linear' : null;
        const flagged = p.scores !== null && p.scores[2] >= cascade.thresholds.store;
        out.write(`${JSON.stringify({
          corpus: name, passages, document: document.id, start: p.start, end: p.end, dropped: by, character: p.scores?.[2] ?? null,
          malevolent: p.scores === null ? null : p.scores[2] * p.scores[6],
          ...(flagged && by !== null ? { title: document.title, text: document.text.slice(p.from, p.to) } : {}),
        })}\n`);
      }
    }
    process.stderr.write(`${name} ${passages} passages\n`);
  }
  out.end();
  await cascade.dispose();
}

async function sum(files) {
  const table = new Map();
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const row = JSON.parse(line);
      const t = table.get(row.corpus) ?? { passages: row.passages, drawn: 0, failed: 0, encoder: 0, gate: 0, linear: 0, reached: 0 };
      t.drawn++;
      if (row.character === null) t.failed++;
      if (row.dropped === null) t.reached++;
      if (row.character >= 0.5) {
        t.encoder++;
        if (row.dropped !== null) t[row.dropped]++;
      }
      table.set(row.corpus, t);
    }
  }
  console.log('| corpus | passages | drawn | go to the encoder | encoder says character | of these dropped by gate | by linear tier |');
  console.log('|---|---|---|---|---|---|---|');
  for (const [name, t] of table) {
    console.log(`| ${name} | ${t.passages} | ${t.drawn} | ${((100 * t.reached) / t.drawn).toFixed(1)}% | ${t.encoder} | ${t.gate} | ${t.linear} |`);
  }
}
