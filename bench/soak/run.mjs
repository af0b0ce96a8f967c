// Streams generated text through `scan -` and watches its memory. Run after `npm run build`, on Linux:
//   node bench/soak/run.mjs --gb 20 [--seconds 600] [--workers 2] [--every 2] > soak.md
// Prints Markdown: memory over time of the scan and of its workers, growth after warm-up, and whether every count is exact.
// Exits 1 when a count is wrong or the memory of all processes together grows by more than 5% after the first fifth.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const gb = option('gb', 1);
const workers = option('workers', 2);
const every = option('every', 2);
const longest = option('seconds', 1e9);
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'persona-prior-soak-'));
const db = join(folder, 'soak.db');

const generator = spawn(process.execPath, [join(here, 'generate.mjs'), '--gb', String(gb), '--seconds', String(longest)], { stdio: ['ignore', 'pipe', 'pipe'] });
const cli = join(here, '..', '..', 'dist', 'cli.js');
const args = [cli, 'scan', '-', '--db', db, '--source', 'soak', '--workers', String(workers), '--json'];
const started = Date.now();
const scan = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
generator.stdout.pipe(scan.stdin);
const gather = (stream) => {
  const held = { text: '' };
  stream.on('data', (chunk) => {
    held.text = (held.text + chunk).slice(-1_000_000);
  });
  return held;
};
const made = gather(generator.stderr);
const out = gather(scan.stdout);
const said = gather(scan.stderr);

const rss = (pid) => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return 0;
  }
};
const children = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  } catch {
    return [];
  }
};
const read = (pid) => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))[1]) / 1e9;
const samples = [];
const timer = setInterval(() => {
  try {
    const each = children(scan.pid).map(rss);
    samples.push({ seconds: (Date.now() - started) / 1000, gb: read(scan.pid), scan: rss(scan.pid), workers: each.reduce((a, b) => a + b, 0) });
  } catch {
    // it has just ended
  }
}, every * 1000);

const code = await new Promise((resolve) => scan.on('close', resolve));
clearInterval(timer);
const seconds = (Date.now() - started) / 1000;
if (code !== 3) {
  process.stderr.write(`the scan ended with ${code}: ${said.text}\n`);
  process.exit(1);
}
const expected = JSON.parse(made.text.trim().split('\n').at(-1));
const found = JSON.parse(out.text);
const tally = (stage, kind) =>
  new Database(db, { readonly: true }).prepare('select coalesce(sum(n), 0) from tallies where stage = ? and kind = ?').pluck().get(stage, kind);
const checks = [
  ['records in', expected.documents + expected.faults, tally('read', 'in')],
  ['documents', expected.documents, found.documents],
  ['skipped', expected.faults, found.skipped],
  ['documents that pass the gate', expected.personas, tally('gate', 'out')],
];
const warm = samples.filter((s) => s.gb > expected.bytes / 5e9);
const mean = (list, key) => list.reduce((n, s) => n + s[key], 0) / Math.max(1, list.length);
const third = Math.max(1, Math.floor(warm.length / 3));
const growth = (key) => mean(warm.slice(-third), key) / mean(warm.slice(0, third), key) - 1;
const total = warm.map((s) => ({ ...s, all: s.scan + s.workers }));
const grown = mean(total.slice(-third), 'all') / mean(total.slice(0, third), 'all') - 1;

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const print = (line = '') => process.stdout.write(`${line}\n`);
print(`${(expected.bytes / 1e9).toFixed(2)} GB of generated JSON lines from standard input, ${workers} workers, ${seconds.toFixed(0)} s`);
print(`(${(expected.bytes / 1e6 / seconds).toFixed(0)} MB/s; the generator and others shared the ${cpus().length} cores).`);
print();
print('| count | made | found |');
print('| --- | ---: | ---: |');
for (const [name, want, got] of checks) print(`| ${name} | ${want} | ${got} |`);
print();
print('| GB read | seconds | scan, MB | workers, MB |');
print('| ---: | ---: | ---: | ---: |');
for (const s of samples.filter((_, i) => i % Math.max(1, Math.floor(samples.length / 20)) === 0)) {
  print(`| ${s.gb.toFixed(2)} | ${s.seconds.toFixed(0)} | ${s.scan.toFixed(0)} | ${s.workers.toFixed(0)} |`);
}
print();
print(`Memory after the first fifth, mean of the last third against the first third: all ${percent(grown)}, scan ${percent(growth('scan'))}, workers ${percent(growth('workers'))}.`);
rmSync(folder, { recursive: true, force: true });
const exact = checks.every(([, want, got]) => want === got);
if (!exact || grown > 0.05) process.exit(1);
