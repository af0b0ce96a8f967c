// The gate beside ripgrep and DuckDB, one thread each, on the same plain JSONL files in the same run. After `npm run build`:
//   node bench/gate/run.mjs FILE... [--repeats 5] [--python PYTHON_WITH_DUCKDB] [--dist FOLDER] [--out FILE_WITHOUT_SUFFIX]
// Writes FILE_WITHOUT_SUFFIX.md and .json, or prints the Markdown. A tool that is not there is skipped with a note. Times are
// processor time (user and system), which other work on the machine disturbs less than the clock; wall time stands beside.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const args = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? otherwise : args.splice(at, 2)[1];
};
const repeats = Number(option('repeats', 5));
const python = option('python', 'python3');
const out = option('out');
const dist = resolve(option('dist', join(root, 'dist')));
const { compileGate, OPEN } = await import(join(dist, 'gate', 'gate.js'));
const { loadLexicon } = await import(join(dist, 'gate', 'lexicon.js'));

const gate = compileGate(loadLexicon(join(root, 'models')));
const terms = [
  ...new Set(gate.lexicon.patterns.filter((p) => p.gate === 'always' && p.kind !== 'lookalike').map((p) => p.text)),
];
const folder = mkdtempSync(join(tmpdir(), 'persona-prior-gate-'));
const few = terms.slice(0, 26);
const listOf = (name, list) => {
  const path = join(folder, name);
  writeFileSync(path, `${list.join('\n')}\n`);
  return path;
};
const lists = { all: listOf('all.txt', terms), few: listOf('few.txt', few) };

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
/** Processor and wall seconds of `work`, and what it answered. */
const timed = (work) => {
  const [c, w] = [cpu(), performance.now()];
  const answer = work();
  return { cpu: cpu() - c, wall: (performance.now() - w) / 1000, answer };
};
/** The same of a child process, by GNU time. */
const child = (command, ...rest) => {
  const report = join(folder, 'time.txt');
  const run = spawnSync('/usr/bin/time', ['-f', '%U %S %e', '-o', report, command, ...rest], { encoding: 'utf8' });
  // ripgrep ends with 1 when nothing was found
  if (run.error !== undefined || run.status > 1) return null;
  const [user, system, wall] = readFileSync(report, 'utf8').trim().split('\n').at(-1).split(' ').map(Number);
  return { cpu: user + system, wall, answer: run.stdout.trim().split('\n').at(-1) };
};

const DUCKDB = `
import duckdb, re, resource, sys, time
file, terms = sys.argv[1], [t.rstrip("\\n") for t in open(sys.argv[2], encoding="utf-8")]
pattern = r"(?i)(^|[^\\pL\\pN])(" + "|".join(re.escape(t) for t in terms) + r")([^\\pL\\pN]|$)"
db = duckdb.connect()
db.execute("set threads=1")
db.execute("set enable_progress_bar=false")
used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
c, w = used(), time.time()
n = db.execute("select count(*) from read_json(?, format='newline_delimited', columns={'text': 'VARCHAR', 'title': 'VARCHAR'},"
  " maximum_object_size=100000000) where regexp_matches(coalesce(title, '') || chr(10) || text, ?)", [file, pattern]).fetchone()[0]
print(used() - c, time.time() - w, n)
`;
const duckdb = (file, list) => {
  const run = spawnSync(python, ['-c', DUCKDB, file, list], { encoding: 'utf8' });
  if (run.status !== 0) return null;
  const [used, wall, answer] = run.stdout.trim().split('\n').at(-1).split(' ').map(Number);
  return { cpu: used, wall, answer };
};

const linesOf = (path) => {
  const bytes = readFileSync(path);
  const lines = [];
  for (let from = 0; from < bytes.length; ) {
    const next = bytes.indexOf(10, from);
    const to = next < 0 ? bytes.length : next;
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return { lines, mb: bytes.length / 1e6 };
};
const count = (lines, prefilter) => {
  let open = 0;
  for (const line of lines) if ((prefilter(line, 0, line.length, true) & OPEN) !== 0) open++;
  return open;
};
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const results = [];
const notes = new Set();
for (const path of args) {
  const { lines, mb } = linesOf(path);
  const contenders = {
    gate: () => timed(() => count(lines, gate.prefilter)),
    'automaton alone': () => timed(() => count(lines, gate.reference)),
    [`rg, ${terms.length} terms`]: () => child('rg', '-j1', '-c', '-i', '-w', '-F', '-f', lists.all, path),
    [`rg, ${few.length} terms`]: () => child('rg', '-j1', '-c', '-i', '-w', '-F', '-f', lists.few, path),
    [`DuckDB, ${terms.length} terms`]: () => duckdb(path, lists.all),
    [`DuckDB, ${few.length} terms`]: () => duckdb(path, lists.few),
  };
  // one round of everything before the next: what disturbs one disturbs its neighbours
  const runs = new Map();
  for (let i = -1; i < repeats; i++) {
    for (const [name, work] of Object.entries(contenders)) {
      if (runs.get(name) === null) continue;
      const run = work();
      if (run === null) {
        notes.add(`${name.split(',')[0]} did not run: skipped`);
        runs.set(name, null);
      } else if (i >= 0) runs.set(name, [...(runs.get(name) ?? []), run]);
    }
  }
  const floor = median(runs.get('gate').map((r) => r.cpu));
  for (const [name, list] of runs) {
    if (list === null) continue;
    const used = list.map((r) => r.cpu);
    results.push({
      file: basename(path),
      megabytes: mb,
      records: lines.length,
      tool: name,
      found: Number(list[0].answer),
      cpuSeconds: { median: median(used), least: Math.min(...used), most: Math.max(...used) },
      wallSeconds: median(list.map((r) => r.wall)),
      megabytesPerCpuSecond: mb / median(used),
      gateIsFasterBy: median(used) / floor,
    });
  }
}
rmSync(folder, { recursive: true });

let rg = 'not there';
try {
  rg = execFileSync('rg', ['--version'], { encoding: 'utf8' }).split('\n')[0];
} catch {}
const host = `${cpus()[0].model.trim()}, Node ${process.version}, ${rg}`;
const cells = results.map((r) => [
  r.file,
  r.tool,
  `${r.found} of ${r.records}`,
  `${r.cpuSeconds.median.toFixed(3)} (${r.cpuSeconds.least.toFixed(3)}-${r.cpuSeconds.most.toFixed(3)})`,
  r.wallSeconds.toFixed(2),
  r.megabytesPerCpuSecond.toFixed(0),
  r.gateIsFasterBy.toFixed(2),
]);
const head = ['file', 'tool', 'found', 'CPU s, median (range)', 'wall s', 'MB per CPU s', 'gate is faster by'];
const markdown = `# The gate beside ripgrep and DuckDB

One thread each, ${repeats} rounds after one to warm up; ${host}.

| ${head.join(' | ')} |
|${head.map(() => ' --- |').join('')}
${cells.map((row) => `| ${row.join(' | ')} |`).join('\n')}

"Terms" are the lexicon's spellings that open the gate alone; the gate besides takes its look-alikes, its rule for case, and
names beside their works into account, so the documents found differ. The gate's and the automaton's time is without reading
the file, which ripgrep and DuckDB do themselves (from the page cache).
${[...notes].map((note) => `\n${note}.`).join('')}
`;
if (out === undefined) console.log(markdown);
else {
  writeFileSync(`${out}.md`, markdown);
  writeFileSync(`${out}.json`, `${JSON.stringify({ host, repeats, terms: terms.length, results, notes: [...notes] }, null, 2)}\n`);
}
