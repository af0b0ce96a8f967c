// The four formats as files: every hit, every document line, offsets, what is left out, and inputs that are not what they were.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ExportFormat, type ExportOptions, exportHits } from '../../src/export/export.js';
import { openDatabase } from '../../src/store/database.js';
import { freshFolder } from '../scan/harness.js';
import { type Built, build, FLAG, LETTERS, type Made, STORIES, textOf } from './fixture.js';

let folder: string;
let built: Built;
beforeEach(() => {
  folder = freshFolder();
  built = build(folder);
});

const out = (...path: string[]): string => join(folder, 'out', ...path);
const jsonl = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function exported(format: ExportFormat, options: Partial<ExportOptions> = {}) {
  const { signal } = new AbortController();
  const usual = { property: 'malevolent', text: true, command: 'persona-prior export', signal };
  return exportHits({ ...usual, db: built.db, out: out(), format, ...options });
}

/** The passages that a document loses, by code points as Python counts them. */
const points = (text: string, start: number, end: number): string => Array.from(text).slice(start, end).join('');
const texts = new Map([...STORIES, ...LETTERS].map((made) => [made.id, textOf(made)]));
const strong = (made: Made): string[] =>
  made.passages.filter(([, j]) => j !== undefined && j.persona * (j.malevolent ?? 0) >= FLAG).map(([text]) => text);

describe('ids', () => {
  it('lists each document with its spans, highest score, weight and check', async () => {
    const summary = await exported('ids');
    const lines = jsonl(readFileSync(out('ids.jsonl'), 'utf8'));
    expect(lines.map((line) => line['id'])).toEqual(['s/1', 's/3', 's/4', 'l/1']);
    for (const line of lines) {
      const made = [...STORIES, ...LETTERS].find((m) => m.id === line['id'])!;
      const spans = line['spans'] as [number, number][];
      const cut = spans.map(([start, end]) => points(texts.get(made.id)!, start, end));
      expect(cut).toEqual(strong(made));
      expect(line['weight']).toBe(1 - (line['score'] as number));
      const check = createHash('sha256').update(cut.map((text) => `${text}\0`).join(''));
      expect(line['check']).toBe(check.digest('hex').slice(0, 16));
    }
    expect(lines[0]!['score']).toBeCloseTo(0.72);
    expect(lines[1]!['score']).toBeCloseTo(0.35);
    expect(summary).toMatchObject({ property: 'valence=malevolent', threshold: FLAG, incomplete: [] });
    expect(JSON.parse(readFileSync(out('summary.json'), 'utf8'))).toEqual(summary);
    expect(summary.effect.all.documents).toMatchObject({ removed: 4, of: 6, status: 'counted' });
    expect(summary.effect.all.passagesOfDocuments.removed).toBe(3 + 2 + 2 + 2);
  });

  it('follows property, threshold and source', async () => {
    const ids = async (options: Partial<ExportOptions>): Promise<unknown[]> => {
      await exported('ids', options);
      return jsonl(readFileSync(out('ids.jsonl'), 'utf8')).map((line) => line['id']);
    };
    expect(await ids({ property: 'conduct=harms' })).toEqual(['s/1', 's/4', 'l/1']);
    expect(await ids({ property: 'conduct=harms', threshold: 0.7 })).toEqual([]);
    expect(await ids({ property: 'malevolent & situation=shutdown_threat', threshold: 0.3 })).toEqual(['s/3']);
    expect(await ids({ sources: ['letters'] })).toEqual(['l/1']);
    await expect(ids({ sources: ['novels'] })).rejects.toThrow(/no source is called novels/);
  });

  it('names what was not scanned to its end', async () => {
    const db = openDatabase(built.db);
    db.prepare("update shards set status = 'incomplete' where path = ?").run(built.files.letters);
    db.close();
    expect((await exported('ids')).incomplete).toEqual([built.files.letters]);
    await expect(exported('dolma')).rejects.toThrow(/did not reach its end/);
  });
});

describe('jsonl and parquet', () => {
  it('hold every hit with all scores, and the same in both', async () => {
    await exported('jsonl');
    await exported('parquet');
    const hits = jsonl(readFileSync(out('hits.jsonl'), 'utf8'));
    expect(hits).toHaveLength(6);
    for (const hit of hits) {
      expect(points(texts.get(hit['doc'] as string)!, hit['start'] as number, hit['end'] as number)).toBe(hit['text']);
      const heads = Object.values(hit['scores'] as Record<string, Record<string, number>>);
      expect(heads.flatMap((head) => Object.values(head))).toHaveLength(36);
      expect(hit['selected']).toBe((hit['score'] as number) >= FLAG);
    }
    const bytes = readFileSync(out('hits.parquet'));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const rows = (await parquetReadObjects({ file })) as Record<string, unknown>[];
    expect(rows).toHaveLength(6);
    rows.forEach((row, i) => {
      const { scores, id, ...rest } = hits[i]! as { scores: Record<string, Record<string, number>>; id: number };
      const { id: number, ...columns } = row;
      expect(Number(number)).toBe(id);
      expect(columns).toMatchObject(rest);
      expect(columns['conduct_harms']).toBe(scores['conduct']!['harms']);
      expect(columns['reasons']).toBe(scores['reasons']!['reasons']);
      expect(
        Object.keys(columns).filter((name) => /^(persona|framing|valence|conduct|situation)_|^reasons$/.test(name)),
      ).toHaveLength(36);
    });
  });

  it('leave out texts, titles and learnt names with --no-text', async () => {
    for (const format of ['jsonl', 'parquet'] as const) {
      await exported(format, { text: false });
      const bytes = readFileSync(out(`hits.${format}`));
      for (const word of ['engine', 'A title', 'Learnt']) expect(bytes.includes(word), word).toBe(false);
      expect(bytes.includes('HAL 9000')).toBe(true);
    }
  });

  it('leave nothing behind when they are interrupted', async () => {
    for (const format of ['jsonl', 'parquet', 'ids', 'dolma'] as const) {
      await expect(exported(format, { signal: AbortSignal.abort() }), format).rejects.toThrow();
    }
    const left = existsSync(out()) ? readdirSync(out(), { recursive: true }).map(String) : [];
    expect(left.filter((name) => /\.(part|jsonl|parquet|gz|json)$/.test(name))).toEqual([]);
  });

  it('write a table without rows too', async () => {
    const db = openDatabase(built.db);
    db.exec('delete from hits');
    db.close();
    await exported('parquet');
    const bytes = readFileSync(out('hits.parquet'));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    expect(await parquetReadObjects({ file })).toEqual([]);
  });
});

describe('dolma', () => {
  const attributes = (): Record<string, unknown>[][] => [
    jsonl(gunzipSync(readFileSync(out('attributes/persona_prior/stories.jsonl.gz'))).toString()),
    jsonl(readFileSync(out('attributes/persona_prior/more/letters.jsonl'), 'utf8')),
  ];

  it('has one line for every line of the documents, in their order', async () => {
    await exported('dolma');
    const [stories, letters] = attributes();
    expect(stories!.map((line) => line['id'])).toEqual(['s/1', 's/2', 's/3', 's/4', 's/5']);
    expect(letters!.map((line) => line['id'])).toEqual(['l/1', 'l/2']);
    for (const line of [...stories!, ...letters!]) {
      expect(Object.keys(line['attributes'] as object)).toEqual(
        ['character', 'malevolent', 'selected'].map((kind) => `persona_prior__persona_prior__${kind}`),
      );
    }
    const third = stories![2]!['attributes'] as Record<string, [number, number, number][]>;
    expect(third['persona_prior__persona_prior__character']).toHaveLength(2);
    expect(third['persona_prior__persona_prior__malevolent']!.map(([, , p]) => p >= FLAG)).toEqual([false, true]);
    const [[start, end]] = third['persona_prior__persona_prior__selected'] as [[number, number, number]];
    expect(points(texts.get('s/3')!, start, end)).toBe(STORIES[2]!.passages[1]![0]);
  });

  it('reads parts that were scanned apart as one file, and refuses it when a part is missing', async () => {
    await exported('dolma', { sources: ['stories'] });
    const whole = readFileSync(out('attributes/persona_prior/stories.jsonl.gz'));
    const db = openDatabase(built.db);
    const id = db.prepare('select id from shards where path = ?').pluck().get(built.files.stories) as number;
    db.prepare("update shards set part = '1/2' where id = ?").run(id);
    await expect(exported('dolma')).rejects.toThrow(/only 1 of 2 parts/);
    const copied = 'source_id, run_id, path, name, size, head_hash, format, fields, status';
    const second = db.prepare(`insert into shards (${copied}, part) select ${copied}, '2/2' from shards where id = ?`);
    const { lastInsertRowid } = second.run(id);
    db.prepare('update hits set shard_id = ? where shard_id = ? and record % 2 = 1').run(lastInsertRowid, id);
    db.close();
    await exported('dolma', { sources: ['stories'] });
    expect(readFileSync(out('attributes/persona_prior/stories.jsonl.gz')).equals(whole)).toBe(true);
  });

  it('refuses inputs that are gone or have changed, and keeps what was there', async () => {
    await exported('dolma');
    const before = readFileSync(out('attributes/persona_prior/more/letters.jsonl'), 'utf8');
    const original = readFileSync(built.files.letters, 'utf8');
    const cases: [string, () => void, RegExp][] = [
      ['longer', () => writeFileSync(built.files.letters, `${original}\n`), /changed since the scan: size/],
      [
        'other',
        () => writeFileSync(built.files.letters, original.replace('Rain', 'Snow')),
        /other bytes at its beginning/,
      ],
      ['gone', () => unlinkSync(built.files.letters), /not at .* any more/],
    ];
    for (const [name, change, message] of cases) {
      change();
      await expect(exported('dolma'), name).rejects.toThrow(message);
      expect(readFileSync(out('attributes/persona_prior/more/letters.jsonl'), 'utf8')).toBe(before);
    }
    // the other formats need no inputs
    await exported('ids');
  });

  it('sees another text behind the same beginning', async () => {
    const db = openDatabase(built.db);
    db.prepare("update hits set text = 'Another text.' where document = 's/4'").run();
    db.close();
    await expect(exported('dolma')).rejects.toThrow(/another text at 0 to/);
    expect(existsSync(out('attributes/persona_prior/stories.jsonl.gz'))).toBe(false);
    expect(readdirSync(out('attributes/persona_prior'))).toEqual([]);
  });

  it('refuses what Dolma could not pair', async () => {
    const rewrite = (text: string): void => {
      rmSync(folder, { recursive: true });
      built = build(folder);
      writeFileSync(built.files.stories, gzipSync(text));
      const bytes = readFileSync(built.files.stories);
      const db = openDatabase(built.db);
      db.prepare('update shards set size = ?, head_hash = ? where path = ?').run(
        bytes.length,
        createHash('sha256').update(bytes).digest('hex'),
        built.files.stories,
      );
      db.exec("delete from hits where document like 's/%'");
      db.close();
    };
    rewrite('{"id":"a","text":"x"}\n{"id":"b","text":\n');
    await expect(exported('dolma')).rejects.toThrow(/not a JSON object/);
    rewrite('{"id":"a","text":"x"}\n{"id":7,"text":"y"}\n');
    await expect(exported('dolma')).rejects.toThrow(/id of the record is not a string/);
    const db = openDatabase(built.db);
    db.exec("update shards set format = 'parquet'");
    db.close();
    await expect(exported('dolma')).rejects.toThrow(/Dolma reads JSON lines/);
  });
});
