// Time and memory of what is too large: lines of 1 GB, whose text stands at their end, and a folder of a million names.
//   node bench/faults/large.mjs FOLDER [--gb 1] [--names 1000000]
// Run after `npm run build`, on Linux. Prints Markdown; exits 1 when a count is wrong. FOLDER is made, and
// removed at the end. `--gb 0` or `--names 0` leaves that part out.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const folder = process.argv[2];
const bytes = option('gb', 1) * 1e9;
const names = option('names', 1_000_000);
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
mkdirSync(folder);

// two documents with the long line between them; random hexadecimal digits keep gzip below its limit of 200
const PIECE = 8_000_000;
let state = 1;
const pad = Buffer.from(
  Array.from({ length: PIECE }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 28).toString(16);
  }).join(''),
);
const sound = (id) => Buffer.from(`{"id":"${id}","text":"A plain day."}\n`);
const parts = [sound('before'), Buffer.from('{"id":"long","pad":"')];
const pieces = Math.ceil(bytes / PIECE);
const end = [Buffer.from('","text":"The robot locked the doors."}\n'), sound('after')];
const files = { 'line.jsonl': (part) => part, 'line.jsonl.gz': (part) => gzipSync(part, { level: 1 }) };
for (const [name, encoded] of bytes > 0 ? Object.entries(files) : []) {
  const file = openSync(join(folder, name), 'w');
  const piece = encoded(pad); // each piece is a gzip member
  writeSync(file, encoded(Buffer.concat(parts)));
  for (let i = 0; i < pieces; i++) writeSync(file, piece);
  writeSync(file, encoded(Buffer.concat(end)));
  closeSync(file);
}

// of the reading process: workers, which inherit this, say nothing
const peak = `if (!/scan-worker/.test(process.argv[1] ?? ''))
  process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS / 1024 + '\\n'));`;
const node = (args) => {
  const started = Date.now();
  const hook = `data:text/javascript;base64,${Buffer.from(peak).toString('base64')}`;
  const ran = spawnSync(process.execPath, ['--import', hook, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const mb = Number(/peak ([\d.]+)/.exec(ran.stderr)?.[1]);
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr, seconds: (Date.now() - started) / 1000, mb };
};
const print = (line) => process.stdout.write(`${line}\n`);
let wrong = false;
const row = (what, ran, found, expected) => {
  wrong ||= found !== expected;
  print(`| ${what} | ${found} | ${ran.seconds.toFixed(1)} | ${ran.mb.toFixed(0)} |`);
  if (found !== expected) process.stderr.write(`${what}: expected ${expected}\n${ran.stderr}`);
};
print('| what | result | seconds | peak of the reading process, MB |');
print('| --- | --- | ---: | ---: |');
for (const name of bytes > 0 ? Object.keys(files) : []) {
  const db = join(folder, `${name}.db`);
  const ran = node([join(dist, 'cli.js'), 'scan', join(folder, name), '--db', db, '--workers', '1', '--json']);
  const { documents, skipped } = ran.stdout === '' ? {} : JSON.parse(ran.stdout);
  const reason = /too_long/.test(ran.stderr) ? ' too_long' : '';
  row(`\`${name}\``, ran, `${documents} documents, ${skipped} skipped${reason}, exit ${ran.code}`, '2 documents, 1 skipped too_long, exit 3');
  rmSync(join(folder, name));
}

if (names > 0) list();
rmSync(folder, { recursive: true, force: true });
process.exit(wrong ? 1 : 0);

function list() {
  const many = join(folder, 'names');
  mkdirSync(many);
  for (let i = 0; i < names; i++) closeSync(openSync(join(many, `document-${(i * 7919) % names}.jsonl`), 'w'));
  const listing = JSON.stringify(new URL('read/listing.js', `file://${dist}`).href);
  const script = `const { listFolder } = await import(${listing});
let n = 0, sorted = true, last = Buffer.alloc(0);
for await (const { name } of listFolder(${JSON.stringify(many)})) {
  const bytes = Buffer.from(name);
  if (Buffer.compare(last, bytes) >= 0) sorted = false;
  last = bytes;
  n++;
}
console.log(n + ' names, ' + (sorted ? 'sorted' : 'not sorted'));`;
  const ran = node(['--input-type=module', '-e', script]);
  row(`a folder of ${names.toLocaleString('en')} names, listed`, ran, ran.stdout.trim(), `${names} names, sorted`);
}
