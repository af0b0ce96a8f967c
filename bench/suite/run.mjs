// `npm run bench`: every part and the whole against its peers, on the same files in the same run. After `npm run build`:
//   node bench/suite/run.mjs [--corpora DIR] [--repeats 5] [--part NAME,NAME] [--megabytes 4000] [--python PYTHON] [--dolma-python PYTHON]
//     [--dist DIR] [--date YYYY-MM-DD] [--out DIR]
// Inputs are made from the corpora (PERSONA_PRIOR_CORPORA; else the bundled sample, repeated). PYTHON has datatrove, fasttext, duckdb and
// sentence-transformers; a peer that is not there is skipped with a note. Writes reports/bench/NAME-DATE.md and .json for every part.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encoder } from './encoder.mjs';
import { corpora } from './corpora.mjs';
import { reading } from './reading.mjs';
import { growth, startup } from './growth.mjs';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const { values } = parseArgs({
  options: {
    corpora: { type: 'string', default: process.env.PERSONA_PRIOR_CORPORA ?? join(root, 'corpora', 'sample') },
    repeats: { type: 'string', default: '5' },
    part: { type: 'string', default: 'startup,reading,encoder,growth,corpora' },
    megabytes: { type: 'string', default: '4000' },
    python: { type: 'string', default: 'python3' },
    'dolma-python': { type: 'string' },
    dist: { type: 'string', default: join(root, 'dist') },
    date: { type: 'string', default: new Date().toISOString().slice(0, 10) },
    out: { type: 'string', default: join(root, 'reports', 'bench') },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'persona-prior-bench-'));
const context = {
  root,
  folder,
  corpora: resolve(values.corpora),
  dist: resolve(values.dist),
  cli: [process.execPath, join(resolve(values.dist), 'cli.js')],
  repeats: Number(values.repeats),
  megabytes: Number(values.megabytes),
  python: values.python,
  dolmaPython: values['dolma-python'] ?? values.python,
  log: (line) => process.stderr.write(`${line}\n`),
};
const parts = { startup, reading, encoder, growth, corpora };
const host = `${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.version}, ${process.platform}`;
try {
  for (const name of values.part.split(',')) {
    const part = parts[name];
    if (part === undefined) throw new Error(`no part ${name}: ${Object.keys(parts).join(', ')}`);
    context.log(`${name} …`);
    const started = performance.now();
    const { title, sections, json } = await part(context);
    const seconds = (performance.now() - started) / 1000;
    const command = `npm run bench -- --corpora ${context.corpora === join(root, 'corpora', 'sample') ? 'corpora/sample' : '$PERSONA_PRIOR_CORPORA'} --repeats ${values.repeats} --megabytes ${values.megabytes} --part ${name}`;
    const text = [`# ${title}`, '', `${host}. \`${command}\`, ${seconds.toFixed(0)} s.`, '', ...sections].join('\n');
    const base = join(values.out, `${name}-${values.date}`);
    writeFileSync(`${base}.md`, `${text.trimEnd()}\n`);
    writeFileSync(`${base}.json`, `${JSON.stringify({ host, date: values.date, command, ...json }, null, 2)}\n`);
    process.stdout.write(`${text.trimEnd()}\n\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
