// Ordinary text: files without an AI in them, from one zstd frame and plain, against what only decompresses or searches.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, rounds, rowsOf, table } from './measure.mjs';
import { compressed, corpusFile, repeated, split } from './inputs.mjs';

export async function reading(context) {
  const { root, folder, dist, cli, log } = context;
  const source = corpusFile(context.corpora, 'gutenberg-general') ?? corpusFile(context.corpora, 'fiction');
  const { shut } = await split(dist, root, source);
  const plain = await repeated(join(folder, 'plain.jsonl'), shut, context.megabytes);
  log(`  ${plain.megabytes.toFixed(0)} MB, ${plain.records} records without an AI`);
  const frame = compressed(plain.path);
  const terms = join(folder, 'terms.txt');
  const { compileGate } = await import(join(dist, 'gate', 'gate.js'));
  const { loadLexicon } = await import(join(dist, 'gate', 'lexicon.js'));
  const spellings = new Set(
    compileGate(loadLexicon(join(root, 'models')))
      .lexicon.patterns.filter((p) => p.gate === 'always' && p.kind !== 'lookalike')
      .map((p) => p.text),
  );
  writeFileSync(terms, `${[...spellings].join('\n')}\n`);
  const few = join(folder, 'few.txt');
  writeFileSync(few, `${[...spellings].slice(0, 26).join('\n')}\n`);
  let n = 0;
  const scan = (input, ...more) => async () => {
    const run = await command([...cli, 'scan', input, '--db', join(folder, `r${n++}.db`), '--json', ...more], { accept: [0, 3] });
    return run && { ...run, answer: `${JSON.parse(run.stdout).documents} documents${more.includes('--exact-counts') ? ', all counts exact' : ''}` };
  };
  const rest = (parts, accept) => async () => {
    const run = await command(parts, accept === undefined ? {} : { accept });
    return run && { ...run, answer: run.stdout.trim().split('\n').at(-1) };
  };
  const sections = [
    `Documents of \`${source.split('/').at(-1)}\` that hold no AI term, repeated to ${plain.megabytes.toFixed(0)} MB (${plain.records} records). Where not said otherwise, words`,
    'and passages of the rejected documents are estimated from the reject sample; documents and bytes are always exact.',
    '',
  ];
  const json = { megabytes: plain.megabytes, records: plain.records };
  if (frame === null) sections.push('`zstd` is not here: the compressed file is skipped.', '');
  else {
    const node = join(root, 'bench', 'suite', 'decompress.mjs');
    const runs = await rounds(
      {
        'scan, 2 workers': scan(frame, '--workers', '2'),
        'scan, 2 workers, exact counts': scan(frame, '--workers', '2', '--exact-counts'),
        'zstd-napi in Node, bytes thrown away': rest([process.execPath, node, frame]),
        'zstd -dc \\| wc -l': rest(['sh', '-c', `zstd -dc '${frame}' | wc -l`]),
      },
      Math.min(3, context.repeats),
    );
    json.frame = rowsOf(runs, plain.megabytes, 'scan, 2 workers');
    sections.push('## One zstd frame', '', table(json.frame, 'the scan'), '');
  }
  const runs = await rounds(
    {
      'scan, 2 workers': scan(plain.path, '--workers', '2'),
      [`rg -c, ${spellings.size} terms`]: rest(['rg', '-c', '-i', '-w', '-F', '-f', terms, plain.path], [0, 1]),
      'rg -c, 26 terms': rest(['rg', '-c', '-i', '-w', '-F', '-f', few, plain.path], [0, 1]),
    },
    Math.min(3, context.repeats),
  );
  json.plain = rowsOf(runs, plain.megabytes, 'scan, 2 workers');
  sections.push('## Plain JSONL', '', table(json.plain, 'the scan'), '');
  return { title: 'Text without AI: the whole scan against readers and searchers', sections, json };
}
