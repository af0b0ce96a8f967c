// What persona-prior and, where they are installed, datatrove and Dolma make of the same faulty files. Markdown on stdout.
//   node bench/faults/compare.mjs FOLDER [--python PYTHON]...  (each with datatrove, dolma or both; the first that has one counts)
// FOLDER is what make.mjs wrote; PYTHON has datatrove and dolma (see peers.py). Run after `npm run build`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const here = fileURLToPath(new URL('.', import.meta.url));
const [folder] = process.argv.slice(2);
const pythons = process.argv.filter((_, i) => process.argv[i - 1] === '--python');
const expected = JSON.parse(readFileSync(join(folder, '.expected.json'), 'utf8'));
const out = mkdtempSync(join(tmpdir(), 'persona-prior-compare-'));

// one scan of the folder: a file that is refused by name is counted as incomplete there
const cli = join(here, '..', '..', 'dist', 'cli.js');
const db = join(out, 'faults.db');
const ran = spawnSync(process.execPath, [cli, 'scan', folder, '--db', db, '--workers', '1'], { encoding: 'utf8' });
if (ran.status !== 3) throw new Error(`the scan ended with ${ran.status}: ${ran.stderr}`);
const store = new Database(db, { readonly: true });
const shards = store.prepare('select id, status, fault from shards where path like ?');
const tallies = store.prepare("select kind, reason, n from tallies where shard_id = ? and stage = 'read'");
const ours = (name) => {
  const { id, status, fault } = shards.get(`%/${name}`);
  const counts = tallies.all(id);
  const of = (kind) => counts.filter((row) => row.kind === kind);
  const total = (kind) => of(kind).reduce((n, row) => n + row.n, 0);
  const parts = [`${total('out')} documents`];
  if (total('dropped') > 0) parts.push(`skipped: ${of('dropped').map((row) => `${row.n} ${row.reason}`).join(', ')}`);
  if (total('repaired') > 0) parts.push(`${total('repaired')} repaired`);
  if (status !== 'done') parts.push(`incomplete: ${JSON.parse(fault).reason}`);
  return `${parts.join('; ')} (exit ${parts.length > 1 ? 3 : 0})`;
};

const peers = { versions: {} };
for (const python of pythons) {
  const ran = spawnSync(python, [join(here, 'peers.py'), folder], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (ran.status !== 0) process.stderr.write(ran.stderr);
  else {
    const { versions, ...found } = JSON.parse(ran.stdout.trim().split('\n').at(-1));
    for (const [tool, version] of Object.entries(versions)) {
      if (tool in peers.versions) continue;
      peers.versions[tool] = version;
      peers[tool] = found[tool];
    }
  }
}
const tools = Object.keys(peers.versions);
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
process.stdout.write(`| file | what is wrong | persona-prior |${tools.map((t) => ` ${t} ${peers.versions[t]} |`).join('')}\n`);
process.stdout.write(`| --- | --- | --- |${tools.map(() => ' --- |').join('')}\n`);
for (const [name, { what, documents }] of Object.entries(expected)) {
  const sound = documents === null ? '' : ` (${documents} documents)`;
  const row = [`\`${name}\``, what + sound, ours(name), ...tools.map((t) => peers[t]?.[name] ?? 'not run')];
  process.stdout.write(`| ${row.map(cell).join(' | ')} |\n`);
}
