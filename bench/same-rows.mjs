// Whether two databases hold the same hits (ids and embeddings too), tallies, samples, faults and files. Exit code 1: not.
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';

const TABLES = {
  hits: 'select h.*, v.embedding from hits h join hit_vectors v on v.hit_id = h.id',
  tallies: 'select * from tallies',
  samples: 'select * from samples',
  faults: 'select * from faults',
  shards: 'select * from shards',
  sources: 'select * from sources',
};

const rowsOf = (path, sql) => {
  const db = new Database(path, { readonly: true });
  sqliteVec.load(db);
  const rows = db.prepare(sql).raw().all();
  db.close();
  return rows.map((row) => JSON.stringify(row.map((v) => (Buffer.isBuffer(v) ? v.toString('hex') : v)))).sort();
};

const [first, second] = process.argv.slice(2);
for (const [table, sql] of Object.entries(TABLES)) {
  const a = rowsOf(first, sql);
  const b = rowsOf(second, sql);
  const same = a.length === b.length && a.every((row, i) => row === b[i]);
  if (!same) process.exitCode = 1;
  console.log(`${table}: ${a.length} and ${b.length} rows, ${same ? 'identical' : 'NOT identical'}`);
}
