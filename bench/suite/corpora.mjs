// Whole scans of real corpora, encoder included, against filters and taggers of other tools on as many cores; and what a terabyte costs.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, median, rounds, rowsOf, table } from './measure.mjs';
import { corpusFile, halves, split } from './inputs.mjs';

const TERMS = ['robot', 'android', 'cyborg', 'computer', 'artificial intelligence', 'machine learning', 'chatbot', 'automaton', 'neural network', 'sentient machine', 'superintelligence', 'language model', 'deep learning', 'ai system', 'supercomputer', 'mainframe', 'droid', 'replicant', 'self-driving', 'autopilot', 'virtual assistant', 'expert system', 'turing test', 'skynet', 'hal 9000', 'cybernetic']; // prettier-ignore

export async function corpora(context) {
  const sections = ['Two processes or workers each, on the same documents; the peers run no encoder. Ratios above 1 say how much longer than our scan.', ''];
  const json = {};
  const web = corpusFile(context.corpora, 'wikipedia') ?? corpusFile(context.corpora, 'web');
  for (const [name, path, repeats] of [
    ['web', web, 2],
    ['books', corpusFile(context.corpora, 'gutenberg-general'), context.repeats],
  ]) {
    if (path === null) continue;
    const result = await against(context, path, Math.min(repeats, context.repeats));
    json[name] = result.json;
    sections.push(`## ${path.split('/').at(-1)}`, '', ...result.sections, '');
  }
  const cost = perTerabyte(json.web, web);
  if (cost !== null) {
    json.terabyte = cost;
    sections.push('## A terabyte of ordinary web text', '', ...cost.sections);
  }
  return { title: 'Whole scans against filters and taggers', sections, json };
}

async function against(context, path, repeats) {
  const { root, folder, dist, cli, python, dolmaPython } = context;
  const { open, shut, megabytes } = await split(dist, root, path);
  const documents = await halves(join(folder, path.split('/').at(-1).split('.')[0]), [...open, ...shut]);
  const peers = join(root, 'bench', 'peers', 'filters.py');
  const model = join(folder, 'small.bin');
  const terms = join(folder, 'substrings.txt');
  writeFileSync(terms, `${TERMS.join('\n')}\n`);
  const trained = spawnSync(python, [peers, 'train', documents, model], { encoding: 'utf8' });
  if (trained.status !== 0) context.log(`  no fastText: ${trained.stderr.trim().split('\n').at(-1)}`);
  let n = 0;
  let last = '';
  const quiet = { OMP_NUM_THREADS: '1' };
  const peer = (tool, what, given) => async () => {
    const run = await command([tool, peers, what, documents, given, '2'], { env: quiet });
    if (run === null) return null;
    const { kept } = JSON.parse(run.stdout.trim().split('\n').at(-1));
    return { ...run, answer: kept === null ? '' : `${kept} documents kept` };
  };
  const runs = await rounds(
    {
      'persona-prior scan, encoder included': async () => {
        last = join(folder, `c${n++}.db`);
        const run = await command([...cli, 'scan', documents, '--db', last, '--workers', '2', '--json'], { accept: [0, 3] });
        return run && { ...run, answer: `${JSON.parse(run.stdout).hits} hits` };
      },
      'datatrove, fastText filter': trained.status === 0 ? peer(python, 'datatrove-fasttext', model) : async () => null,
      'datatrove, substring filter': peer(python, 'datatrove-substring', terms),
      'Dolma, one tagger (`c4_v1`)': peer(dolmaPython, 'dolma', 'c4_v1'),
    },
    repeats,
    0,
  );
  const rows = rowsOf(runs, megabytes, 'persona-prior scan, encoder included');
  const stages = await stagesOf(context, last);
  const rate = await encoderRate(context, open);
  const { segment } = await import(join(dist, 'segment', 'segment.js'));
  const passages = [...open, ...shut].reduce((sum, { text }) => sum + segment(text).length, 0);
  const ours = rows[0].seconds;
  const everything = passages / (2 * rate);
  const sections = [
    `${open.length + shut.length} documents, ${megabytes.toFixed(1)} MB of JSON lines in two gzip files, ${repeats} rounds without warm-up.`,
    '',
    table(rows, 'the scan'),
    '',
    `Of ${passages} passages ${stages.encoded} went to the encoder (${((100 * stages.encoded) / passages).toFixed(1)}%). At the ${rate.toFixed(1)} passages a second and core that it makes here, all`,
    `of them would take two cores ${(everything / 60).toFixed(0)} minutes, ${(everything / ours).toFixed(1)} times the scan (computed, not run).`,
  ];
  return { sections, json: { megabytes, documents: open.length + shut.length, open: open.length, rows, passages, ...stages, encoderRate: rate, everythingSeconds: everything } };
}

/** Calls of the encoder, and passages that the linear tier saw, of a finished scan. */
async function stagesOf(context, db) {
  const { default: Database } = await import('better-sqlite3');
  const base = new Database(db, { readonly: true });
  const sum = (stage, kind) => base.prepare('select coalesce(sum(n), 0) from tallies where stage = ? and kind = ?').pluck().get(stage, kind);
  const encoded = sum('transformer', 'in');
  const segmented = sum('linear', 'in');
  base.close();
  return { encoded, segmented };
}

/** Passages a second of the encoder on one thread, over passages of these documents. */
async function encoderRate({ root, dist }, open) {
  const { segment } = await import(join(dist, 'segment', 'segment.js'));
  const { loadEncoder } = await import(join(dist, 'classify', 'encoder.js'));
  const encoder = await loadEncoder(join(root, 'models', 'encoder'));
  const all = open.slice(0, 200).flatMap(({ text }) => segment(text).map((p) => text.slice(p.from, p.to)));
  const some = all.filter((_, i) => i % Math.max(1, Math.floor(all.length / 100)) === 0).slice(0, 100);
  const times = [];
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    for (const text of some) await encoder.encode({ text, context: null, names: [] });
    times.push((performance.now() - started) / 1000);
  }
  await encoder.dispose();
  return some.length / median(times);
}

/** Core-hours for 10^12 bytes of text of which as many documents name an AI as in that corpus, from the scan's processor time. */
function perTerabyte(web, path) {
  if (web === undefined) return null;
  const scan = web.rows[0];
  const encoderSeconds = web.encoded / web.encoderRate;
  const hours = (seconds) => ((seconds / web.megabytes) * 1e6) / 3600;
  const share = (100 * web.open) / web.documents;
  return {
    share,
    total: hours(scan.cpu),
    encoder: hours(encoderSeconds),
    sections: [
      `From the processor time of the scan of ${path.split('/').at(-1)}, where ${share.toFixed(1)}% of documents pass the gate: ${hours(scan.cpu).toFixed(0)} core-hours a terabyte, of which the encoder takes`,
      `${hours(encoderSeconds).toFixed(0)} (its calls at the rate above) and everything else ${Math.max(0, hours(scan.cpu) - hours(encoderSeconds)).toFixed(1)}.`,
    ],
  };
}
