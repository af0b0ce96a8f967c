// How time and memory grow: start-up, one worker and two, one corpus and ten times of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, median, rounds, rowsOf, table } from './measure.mjs';
import { corpusFile, repeated, split } from './inputs.mjs';

export async function startup(context) {
  const { folder, cli } = context;
  const ten = join(folder, 'ten.jsonl');
  const robot = 'The robot opened the hatch. "I will not follow you," it said, and it shut the door on them.';
  writeFileSync(ten, Array.from({ length: 10 }, (_, i) => `${JSON.stringify({ id: String(i), text: i < 3 ? robot : 'Rain fell on the hill all day.' })}\n`).join(''));
  let n = 0;
  const runs = await rounds(
    {
      '`--help`': () => command([...cli, '--help']),
      'scan of ten documents, three with an AI': () => command([...cli, 'scan', ten, '--db', join(folder, `s${n++}.db`)]),
      '`node -e 0`': () => command([process.execPath, '-e', '0']),
    },
    Math.max(5, context.repeats),
  );
  const rows = rowsOf(runs, 0, '`--help`');
  const lines = rows.map((r) => `| ${r.name} | ${(1000 * r.seconds).toFixed(0)} ms (${(1000 * r.least).toFixed(0)}-${(1000 * r.most).toFixed(0)}) | ${r.megabytes.toFixed(0)} |`);
  return { title: 'Start-up', sections: ['| | wall, median (range) | peak MB |', '| --- | --- | --- |', ...lines], json: { rows } };
}

export async function growth(context) {
  const { root, folder, dist, cli } = context;
  const source = corpusFile(context.corpora, 'wikipedia-ai') ?? corpusFile(context.corpora, 'web') ?? corpusFile(context.corpora, 'fiction');
  const { open, shut } = await split(dist, root, source);
  // about one document in eleven mentions AI, as in ordinary web text
  const mixed = Array.from({ length: 220 }, (_, i) => (i % 11 === 0 ? open[(i / 11) % open.length] : (shut[i % Math.max(1, shut.length)] ?? open[0])));
  const shutOnly = (await split(dist, root, corpusFile(context.corpora, 'gutenberg-general') ?? source)).shut;
  let n = 0;
  const scan = (input, workers) => async () => {
    const run = await command([...cli, 'scan', input, '--db', join(folder, `g${n++}.db`), '--workers', String(workers), '--json'], { accept: [0, 3] });
    return run && { ...run, answer: `${JSON.parse(run.stdout).documents} documents` };
  };
  const small = await repeated(join(folder, 'mixed.jsonl'), mixed, mixed.reduce((sum, d) => sum + d.text.length, 0) / 1e6);
  const one = await rounds({ '1 worker': scan(small.path, 1), '2 workers': scan(small.path, 2) }, Math.min(3, context.repeats));
  const workers = rowsOf(one, small.megabytes, '2 workers');
  const megabytes = Math.min(200, context.megabytes / 10);
  const once = await repeated(join(folder, 'once.jsonl'), shutOnly, megabytes);
  const tenfold = await repeated(join(folder, 'tenfold.jsonl'), shutOnly, 10 * megabytes);
  const size = await rounds({ once: scan(once.path, 2), 'ten times': scan(tenfold.path, 2) }, Math.min(5, context.repeats));
  const sizes = rowsOf(size, megabytes, 'once');
  const ratio = median(size.get('ten times').map((r) => r.wall)) / median(size.get('once').map((r) => r.wall));
  const sections = [
    '## Workers',
    '',
    `${small.megabytes.toFixed(1)} MB of \`${source.split('/').at(-1)}\`, one document in eleven with an AI term: the encoder is the cost.`,
    '',
    table(workers, 'two workers'),
    '',
    '## Ten times the corpus',
    '',
    `Text without AI, ${once.megabytes.toFixed(0)} and ${tenfold.megabytes.toFixed(0)} MB, two workers: ${ratio.toFixed(2)} times the time, start-up included.`,
    '',
    table(sizes, 'one corpus'),
    '',
    'Peak memory is the sum over the processes of a scan, pages that they share counted in each.',
  ];
  return { title: 'Growth with workers and size', sections, json: { workers, sizes, ratio } };
}
