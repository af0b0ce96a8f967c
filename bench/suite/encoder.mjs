// The encoder on real passages, one thread, against sentence-transformers in fp32 and transformers.js in int8 with batches of 32.
import { mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { rounds, rowsOf, table } from './measure.mjs';
import { corpusFile, split } from './inputs.mjs';

const COUNT = 256;

export async function encoder(context) {
  const { root, folder, dist } = context;
  const source = corpusFile(context.corpora, 'gutenberg-scifi') ?? corpusFile(context.corpora, 'fiction');
  const { segment } = await import(join(dist, 'segment', 'segment.js'));
  const { open } = await split(dist, root, source);
  const all = open.flatMap(({ text }) => segment(text).map((p) => text.slice(p.from, p.to)));
  const step = Math.max(1, Math.floor(all.length / COUNT));
  const texts = all.filter((_, i) => i % step === 0).slice(0, COUNT);
  const file = join(folder, 'texts.jsonl');
  writeFileSync(file, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  const { loadEncoder } = await import(join(dist, 'classify', 'encoder.js'));
  const ours = await loadEncoder(join(root, 'models', 'encoder'));
  const tokens = texts.reduce((sum, text) => sum + ours.tokens({ text, context: null, names: [] })[0].ids.length, 0) / texts.length;
  const clock = async (work) => {
    const [cpu, started] = [process.cpuUsage(), performance.now()];
    await work();
    const used = process.cpuUsage(cpu);
    return { wall: (performance.now() - started) / 1000, cpu: (used.user + used.system) / 1e6 };
  };
  const peer = await plainInt8(context);
  const runs = await rounds(
    {
      'persona-prior, int8, six heads': () =>
        clock(async () => {
          for (const text of texts) await ours.encode({ text, context: null, names: [] });
        }),
      'sentence-transformers, fp32, batches of 32': async () => {
        const run = spawnSync(context.python, [join(root, 'bench', 'peers', 'sentence_transformers_speed.py'), file], {
          encoding: 'utf8',
          env: { ...process.env, HF_HUB_OFFLINE: '1' },
        });
        if (run.status !== 0) return null;
        return { wall: texts.length / Number(run.stdout.trim()) };
      },
      'transformers.js, int8, batches of 32': async () =>
        peer &&
        clock(async () => {
          for (let i = 0; i < texts.length; i += 32) await peer(texts.slice(i, i + 32), { pooling: 'mean', normalize: true });
        }),
    },
    context.repeats,
  );
  await ours.dispose();
  const rows = rowsOf(runs, texts.length, 'persona-prior, int8, six heads');
  const sections = [
    `${texts.length} passages of \`${source.split('/').at(-1)}\`, ${tokens.toFixed(0)} tokens each, without context; "MB" reads passages. One thread each, medians of ${context.repeats}.`,
    'The peers give an embedding; ours gives it and 36 scores. Tokenising is in every figure.',
    '',
    table(rows, 'ours').replace('MB/s', 'passages/s'),
  ];
  return { title: 'The encoder against its peers', sections, json: { passages: texts.length, tokens, rows } };
}

/** all-MiniLM-L6-v2 from its pip package, quantised as the hub's int8 files are, in a transformers.js pipeline on one thread; else null. */
async function plainInt8(context) {
  const target = join(context.folder, 'plain-minilm');
  mkdirSync(join(target, 'onnx'), { recursive: true });
  const made = spawnSync(context.python, [join(context.root, 'bench', 'peers', 'plain_int8.py'), target], { encoding: 'utf8' });
  if (made.status !== 0) {
    context.log(`  plain int8 model: ${made.stderr.trim().split('\n').at(-1)}`);
    return null;
  }
  const { pipeline, env } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.localModelPath = context.folder;
  return pipeline('feature-extraction', 'plain-minilm', {
    dtype: 'q8',
    device: 'cpu',
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
}
