// `persona-prior sample`: the main job on the bundled corpus, from scan to report. What `npm start` runs.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.js';
import { progressLine, summaryTable } from './progress.js';
import { writeReport } from './report/report.js';
import { scan } from './scan.js';

/** Scans the corpus into a fresh `OUT/sample.db` and writes the report beside it. */
export async function runSample(
  options: { readonly corpus: string; readonly out: string; readonly workers?: number },
  host: Host,
): Promise<void> {
  mkdirSync(options.out, { recursive: true });
  const db = join(options.out, 'sample.db');
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${db}${suffix}`, { force: true });
  const inputs = ['fiction.jsonl', 'screen.csv', 'web.jsonl.gz', 'encyclopedia.json', 'forum.jsonl.zst', 'letters'];
  const draw = progressLine(host.stderr);
  const summary = await scan({
    inputs: inputs.map((name) => join(options.corpus, name)),
    db,
    command: 'persona-prior sample',
    signal: host.signal,
    onProgress: draw.update,
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  draw.clear();
  host.stderr.write(summaryTable(summary));
  const { files } = await writeReport({
    db,
    out: options.out,
    formats: ['html', 'md', 'json'],
    text: true,
    failAbove: [],
    command: 'persona-prior sample',
  });
  for (const file of files) host.stdout.write(`${file}\n`);
}
