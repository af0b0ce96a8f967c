// The inputs of the benchmark, made from a folder of corpora (or the bundled sample) with a seed: the same every time.
import { createWriteStream, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';

/** Texts and titles of a corpus file, split by whether the gate lets them through. */
export async function split(dist, root, path) {
  const { documentsOf } = await import(join(dist, 'read', 'documents.js'));
  const { findInputs } = await import(join(dist, 'read', 'inputs.js'));
  const { compileGate, OPEN } = await import(join(dist, 'gate', 'gate.js'));
  const { loadLexicon } = await import(join(dist, 'gate', 'lexicon.js'));
  const gate = compileGate(loadLexicon(join(root, 'models')));
  const found = { open: [], shut: [], megabytes: 0 };
  const { value: file } = await findInputs([path]).next();
  for await (const { document } of documentsOf(file)) {
    const line = Buffer.from(`${JSON.stringify({ id: document.id, title: document.title ?? '', text: document.text })}\n`);
    found.megabytes += line.length / 1e6;
    const open = (gate.prefilter(line, 0, line.length - 1, true) & OPEN) !== 0;
    found[open ? 'open' : 'shut'].push({ title: document.title ?? '', text: document.text });
  }
  return found;
}

/** Writes `documents` over and over, with new ids, until `megabytes` are reached; whole records only. Returns what was written. */
export async function repeated(path, documents, megabytes, lineEnd = '\n') {
  const out = createWriteStream(path);
  let bytes = 0;
  let records = 0;
  while (bytes < megabytes * 1e6) {
    for (const { title, text } of documents) {
      const line = JSON.stringify({ id: `bench-${records}`, title, text }) + lineEnd;
      bytes += Buffer.byteLength(line);
      records++;
      if (!out.write(line)) await once(out, 'drain');
      if (bytes >= megabytes * 1e6) break;
    }
  }
  out.end();
  await once(out, 'close');
  return { path, megabytes: bytes / 1e6, records };
}

/** Compresses into one zstd frame (level 3) beside the file; null where there is no `zstd`. */
export function compressed(path) {
  const target = `${path}.zst`;
  const run = spawnSync('zstd', ['-q', '-f', '-3', path, '-o', target]);
  return run.status === 0 ? target : null;
}

/** A corpus file of a folder by the beginning of its name. */
export function corpusFile(folder, name) {
  const found = existsSync(folder) ? readdirSync(folder).find((f) => f.startsWith(`${name}.`)) : undefined;
  return found === undefined ? null : join(folder, found);
}

/** Two gzip files with every second document each, in `FOLDER/documents`, as Dolma and datatrove want them for two processes. */
export async function halves(folder, documents) {
  const { gzipSync } = await import('node:zlib');
  const target = join(folder, 'documents');
  mkdirSync(target, { recursive: true });
  for (const part of [0, 1]) {
    const lines = documents
      .filter((_, i) => i % 2 === part)
      .map((d, i) => JSON.stringify({ id: `${part}-${i}`, source: 'bench', text: d.text }));
    writeFileSync(join(target, `part-${part}.jsonl.gz`), gzipSync(`${lines.join('\n')}\n`, { level: 1 }));
  }
  return target;
}
