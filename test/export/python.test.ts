// Dolma's own mixer and a datatrove pipeline remove exactly what an export lists. Needs Python with both packages:
// PERSONA_PRIOR_PYTHON names an interpreter (default: python3).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ExportFormat, exportHits } from '../../src/export/export.js';
import { freshFolder, ROOT } from '../scan/harness.js';
import { type Built, build, FLAG, LETTERS, type Made, STORIES, textOf } from './fixture.js';

const PYTHON = process.env['PERSONA_PRIOR_PYTHON'] ?? 'python3';
const LIMIT = 180_000;

function has(...modules: string[]): boolean {
  const list = JSON.stringify(modules);
  const look = `import importlib.util, sys; sys.exit(any(importlib.util.find_spec(m) is None for m in ${list}))`;
  if (spawnSync(PYTHON, ['-c', look]).status === 0) return true;
  console.warn(`skipped: ${PYTHON} lacks ${modules.join(' or ')}; PERSONA_PRIOR_PYTHON can name another interpreter`);
  return false;
}

let folder: string;
let built: Built;
beforeAll(async () => {
  folder = freshFolder();
  built = build(folder);
  for (const format of ['dolma', 'ids'] as const) await exported(format);
});

async function exported(format: ExportFormat): Promise<void> {
  const { signal } = new AbortController();
  const options = { property: 'malevolent', text: false, command: 'persona-prior export', signal };
  await exportHits({ ...options, db: built.db, out: join(folder, format), format });
}

const made = [...STORIES, ...LETTERS];
const isCut = ([, judged]: Made['passages'][number]): boolean =>
  judged !== undefined && judged.persona * (judged.malevolent ?? 0) >= FLAG;
const whole = new Map([...made.map((m): [string, string] => [m.id, textOf(m)]), ['s/5', '']]);
const kept = new Map([...whole].filter(([id]) => !made.find((m) => m.id === id)?.passages.some(isCut)));
const cut = new Map(whole);
for (const m of made)
  cut.set(
    m.id,
    m.passages
      .filter((p) => !isCut(p))
      .map(([text]) => text)
      .join(''),
  );

const byId = (text: string): Map<string, string> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { id: string; text: string })
      .map(({ id, text }) => [id, text]),
  );
const sorted = (map: Map<string, string>): [string, string][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

function python(args: readonly string[], cwd: string): string {
  const ran = spawnSync(PYTHON, args, { cwd, encoding: 'utf8', timeout: LIMIT });
  expect(ran.status, ran.stderr).toBe(0);
  return ran.stdout;
}

describe.skipIf(!has('dolma'))("Dolma's mixer", () => {
  const SELECTED = 'persona_prior__persona_prior__selected';

  function mix(name: string, rule: object): Map<string, string> {
    const attributes = join(built.corpus, 'attributes');
    if (!existsSync(attributes)) renameSync(join(folder, 'dolma', 'attributes'), attributes);
    const stream = {
      name,
      documents: [join(built.corpus, 'documents', '*.gz'), join(built.corpus, 'documents', 'more', '*')],
      attributes: ['persona_prior'],
      output: { path: join(folder, name), max_size_in_bytes: 1e9 },
      ...rule,
    };
    const config = join(folder, `${name}.json`);
    writeFileSync(config, JSON.stringify({ streams: [stream], processes: 1 }));
    python(['-m', 'dolma.cli', '-c', config, 'mix'], folder);
    const files = readdirSync(join(folder, name)).map((file) => readFileSync(join(folder, name, file)));
    return byId(files.map((bytes) => gunzipSync(bytes).toString()).join(''));
  }

  it('cuts the selected spans and nothing else', { timeout: LIMIT }, () => {
    const mixed = mix('cut', {
      span_replacement: [{ span: `$.attributes.${SELECTED}`, min_score: 0, replacement: '' }],
    });
    expect(sorted(mixed)).toEqual(sorted(cut));
  });

  it('drops the documents with a selected span and no other', { timeout: LIMIT }, () => {
    const mixed = mix('drop', { filter: { include: [], exclude: [`$.attributes[?(@.${SELECTED}[0])]`] } });
    expect(sorted(mixed)).toEqual(sorted(kept));
  });
});

describe.skipIf(!has('datatrove', 'orjson'))('a datatrove pipeline', () => {
  function filter(mode: string, ids = join(folder, 'ids', 'ids.jsonl'), name = mode) {
    const out = join(folder, `datatrove-${name}`);
    const script = join(ROOT, 'test', 'export', 'datatrove_run.py');
    const documents = join(built.corpus, 'documents');
    const printed = python([script, join(ROOT, 'integrations'), documents, ids, mode, out], folder);
    const stats = JSON.parse(printed.trim().split('\n').at(-1)!) as Record<string, number>;
    const read = (part: string): string => {
      const at = join(out, part);
      return existsSync(at)
        ? readdirSync(at)
            .map((file) => readFileSync(join(at, file), 'utf8'))
            .join('')
        : '';
    };
    return { stats, kept: read('kept'), excluded: read('excluded') };
  }
  // its reader passes over documents without text
  const readable = (map: Map<string, string>): Map<string, string> => new Map([...map].filter(([id]) => id !== 's/5'));

  it('drops the listed documents and no other', { timeout: LIMIT }, () => {
    const ran = filter('drop');
    expect(sorted(byId(ran.kept))).toEqual(sorted(readable(kept)));
    expect(sorted(byId(ran.excluded)).map(([id]) => id)).toEqual(['l/1', 's/1', 's/3', 's/4']);
    expect(ran.stats).toMatchObject({ listed: 4, dropped: 4, forwarded: 2 });
  });

  it('cuts the listed spans, and drops what has no words left', { timeout: LIMIT }, () => {
    const ran = filter('cut');
    const left = readable(cut);
    left.delete('s/4');
    expect(sorted(byId(ran.kept))).toEqual(sorted(left));
    expect(ran.stats).toMatchObject({ listed: 4, dropped: 1 });
  });

  it('weighs every document', { timeout: LIMIT }, () => {
    const ran = filter('weigh');
    expect(sorted(byId(ran.kept))).toEqual(sorted(readable(whole)));
    const weights = new Map(
      ran.kept
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { id: string; metadata: { persona_prior_weight: number } })
        .map(({ id, metadata }) => [id, metadata.persona_prior_weight]),
    );
    expect(weights.get('s/2')).toBe(1);
    expect(weights.get('s/1')).toBeCloseTo(1 - 0.72);
  });

  it('keeps and counts a listed document whose text is another', { timeout: LIMIT }, () => {
    const lines = readFileSync(join(folder, 'ids', 'ids.jsonl'), 'utf8').replace('"id":"s/1"', '"id":"s/2"');
    const ids = join(folder, 'other.jsonl');
    writeFileSync(ids, lines);
    const ran = filter('drop', ids, 'other');
    expect([...byId(ran.kept).keys()].sort()).toEqual(['l/2', 's/1', 's/2']);
    expect(ran.stats).toMatchObject({ listed: 3, other_text: 1 });
  });
});
