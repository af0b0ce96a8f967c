// The report of a database of 100,000 hits: seconds, and bytes of report.html. The database is made from a scanned one, whose
// hits are repeated with other words, documents and directions of their embeddings.
//   node bench/report/run.mjs SCANNED.db FOLDER [HITS]
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { openDatabase } = await import(join(root, 'dist', 'store', 'database.js'));
const [, , scanned, folder, wanted = '100000'] = process.argv;
mkdirSync(folder, { recursive: true });
const path = join(folder, 'many.db');
copyFileSync(scanned, path);
const db = openDatabase(path);
const hits = db.prepare('select h.*, v.embedding from hits h join hit_vectors v on v.hit_id = h.id').all();
const columns = Object.keys(hits[0]).filter((c) => c !== 'id' && c !== 'embedding');
const add = db.prepare(`insert into hits (${columns.join(', ')}) values (${columns.map((c) => `@${c}`).join(', ')})`);
const addVector = db.prepare('insert into hit_vectors (hit_id, embedding) values (?, ?)');
const count = db.prepare(`insert into tallies (shard_id, stage, kind, reason, n) values (?, ?, ?, '', 1)
  on conflict do update set n = n + 1`);
let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
let n = hits.length;
db.transaction(() => {
  for (let round = 1; n < Number(wanted); round++) {
    for (const hit of hits) {
      if (n++ >= Number(wanted)) break;
      const { id, embedding, ...row } = hit;
      const text = row.text.split(' ').map((w) => (random() < 0.05 ? `${w}${round}` : w)).join(' ');
      const { lastInsertRowid } = add.run({ ...row, record: row.record + round * 1_000_000, document: `${row.document}-${round}`, text, text_hash: `${round}-${row.text_hash}` });
      const old = new Float32Array(embedding.buffer.slice(embedding.byteOffset, embedding.byteOffset + 1536));
      const vector = old.map((x) => x + 0.03 * (random() - 0.5));
      const length = Math.hypot(...vector);
      addVector.run(BigInt(lastInsertRowid), Buffer.from(vector.map((x) => x / length).buffer));
      for (const stage of ['segment', 'linear', 'transformer']) for (const kind of ['in', 'out']) count.run(row.shard_id, stage, kind);
    }
  }
})();
db.close();
const start = performance.now();
const ran = spawnSync(process.execPath, [join(root, 'dist', 'cli.js'), 'report', '--db', path, '--out', folder], { encoding: 'utf8' });
const seconds = (performance.now() - start) / 1000;
if (ran.status !== 0) throw new Error(ran.stderr);
console.log(`${wanted} hits: ${seconds.toFixed(1)} s; report.html ${(statSync(join(folder, 'report.html')).size / 1e6).toFixed(2)} MB`);
