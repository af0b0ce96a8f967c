import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, describe, expect, it } from 'vitest';
import * as zstd from 'zstd-napi';
import { type Doc, documents } from './documents.js';
import { freshFolder, logicalRows, query, run } from './harness.js';

const dir = freshFolder();
const at = (name: string): string => join(dir, name);
const docs: Doc[] = documents();
const lines = docs.map((d) => JSON.stringify(d));
let reference: string[] = [];

async function scanned(name: string, bytes: string | Uint8Array, ...flags: string[]): Promise<string[]> {
  if (!existsSync(at(name))) writeFileSync(at(name), bytes);
  const db = at(`${name}.${flags.join('')}.db`);
  const { code, stderr } = await run(['scan', at(name), '--db', db, '--source', 'same', ...flags]);
  expect(code, stderr).toBe(0);
  return logicalRows(db);
}

beforeAll(async () => {
  reference = await scanned('a.jsonl', `${lines.join('\n')}\n`, '--workers', '1');
}, 180_000);

describe('scan', () => {
  it('finds hits, and every stage balances', () => {
    expect(reference.filter((r) => r.startsWith('hit')).length).toBeGreaterThan(5);
    const n = (stage: string, kind: string): number =>
      query<{ n: number }>(
        at('a.jsonl.--workers1.db'),
        `select coalesce(sum(n), 0) as n from tallies where stage = '${stage}' and kind = '${kind}'`,
      )[0]!.n;
    for (const stage of ['read', 'gate', 'segment', 'linear', 'transformer']) {
      expect(n(stage, 'in'), stage).toBe(n(stage, 'out') + n(stage, 'dropped') + n(stage, 'failed'));
    }
    expect(n('read', 'out')).toBe(docs.length);
    expect(n('gate', 'in')).toBe(docs.length);
    expect(n('linear', 'in')).toBe(n('segment', 'out'));
  });

  it('stores spans that are the text at their code points', () => {
    const hits = query<{ document: string; start: number; end: number; text: string }>(
      at('a.jsonl.--workers1.db'),
      'select * from hits',
    );
    for (const hit of hits) {
      const doc = docs.find((d) => d.id === hit.document)!;
      expect([...doc.text].slice(hit.start, hit.end).join('')).toBe(hit.text);
    }
  });

  it('gives the same result with 4 workers', async () => {
    expect(await scanned('a.jsonl', `${lines.join('\n')}\n`, '--workers', '4')).toEqual(reference);
  });

  it.each([
    ['gzip', 'b.jsonl.gz', () => gzipSync(lines.join('\n'))],
    ['zstd', 'c.jsonl.zst', () => zstd.compress(Buffer.from(lines.join('\n')))],
    ['a JSON array', 'd.json', () => JSON.stringify(docs)],
    [
      'ASCII JSON',
      'g.jsonl',
      () => lines.join('\n').replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    [
      'CSV',
      'e.csv',
      () =>
        [
          'id,title,text',
          ...docs.map((d) => [d.id, d.title, d.text].map((v) => `"${v.replaceAll('"', '""')}"`).join(',')),
        ].join('\n'),
    ],
    [
      'Parquet',
      'f.parquet',
      () => {
        const column = (name: keyof Doc) => ({ name, data: docs.map((d) => d[name]), type: 'STRING' as const });
        return new Uint8Array(
          parquetWriteBuffer({ columnData: [column('id'), column('title'), column('text')], rowGroupSize: 7 }),
        );
      },
    ],
  ])('gives the same result from %s', async (_, name, bytes) => {
    expect(await scanned(name, bytes())).toEqual(reference);
  });

  it('gives the same result in two halves with --resume, and from several files', async () => {
    const db = at('halves.db');
    const first = await run(['scan', at('a.jsonl'), '--db', db, '--source', 'same', '--limit', '17']);
    expect(first.code, first.stderr).toBe(0);
    expect(query<{ n: number }>(db, "select sum(n) as n from tallies where stage = 'read' and kind = 'in'")[0]!.n).toBe(
      17,
    );
    const second = await run(['scan', at('a.jsonl'), '--db', db, '--source', 'same', '--resume', '--workers', '2']);
    expect(second.code, second.stderr).toBe(0);
    expect(logicalRows(db)).toEqual(reference);
  });

  it('is killed, interrupted and resumed to the same result', async () => {
    const many = at('many.jsonl');
    const copies = Array.from({ length: 10 }, (_, k) =>
      docs.map((d) => JSON.stringify({ ...d, id: `${d.id}/${k}` })).join('\n'),
    );
    writeFileSync(many, copies.join('\n'));
    const whole = at('whole.db');
    expect((await run(['scan', many, '--db', whole, '--source', 'same'])).code).toBe(0);
    const args = ['scan', many, '--db', at('killed.db'), '--source', 'same', '--resume', '--workers', '2'];
    const read = (): number =>
      query<{ n: number }>(
        at('killed.db'),
        "select coalesce(sum(n), 0) as n from tallies where stage = 'read' and kind = 'in'",
      )[0]!.n;
    const progress: number[] = [];
    let code: number | null = null;
    // later and later, so that the scan ends on a slow machine too
    for (let round = 1; code !== 0 && round <= 12; round++) {
      const name = round % 2 === 1 ? 'SIGKILL' : 'SIGINT';
      ({ code } = await run(args, { signal: { name, after: 1500 * 1.5 ** round } }));
      if (code !== null) expect([0, 130]).toContain(code);
      progress.push(read());
    }
    expect(code).toBe(0);
    expect(progress.length).toBeGreaterThan(1);
    expect(logicalRows(at('killed.db'))).toEqual(logicalRows(whole));
  }, 400_000);

  it('parts of a scan have together the hits and tallies of the whole', async () => {
    const rows: string[] = [];
    for (const part of ['1/3', '2/3', '3/3']) {
      const db = at(`part${part[0]}.db`);
      const { code, stderr } = await run(['scan', at('a.jsonl'), '--db', db, '--source', 'same', '--shard', part]);
      expect(code, stderr).toBe(0);
      rows.push(...logicalRows(db).filter((r) => r.startsWith('hit')));
    }
    expect(rows.sort()).toEqual(reference.filter((r) => r.startsWith('hit')));
  });

  it('--exact-counts counts the words and passages of rejected documents, and changes no hit', async () => {
    const exact = await scanned('a.jsonl', `${lines.join('\n')}\n`, '--exact-counts');
    expect(exact.filter((r) => r.startsWith('hit'))).toEqual(reference.filter((r) => r.startsWith('hit')));
    expect(exact.filter((r) => r.startsWith('sample'))).toEqual(reference.filter((r) => r.startsWith('sample')));
    expect(exact.some((r) => r.includes('dropped_words'))).toBe(true);
  });
});

describe('inputs that are not right', () => {
  const expectError = async (args: string[], code: number, message: RegExp): Promise<void> => {
    const result = await run(args);
    expect(result.code, result.stderr).toBe(code);
    expect(result.stderr).toMatch(message);
  };

  it('a missing file, an unknown format, no text field: exit 2 with the next step', async () => {
    await expectError(['scan', at('nowhere.jsonl'), '--db', at('x.db')], 2, /nowhere\.jsonl: no such file/);
    writeFileSync(at('x.pdf'), '%PDF-1.7');
    await expectError(['scan', at('x.pdf'), '--db', at('x1.db')], 2, /PDF/);
    writeFileSync(at('message.jsonl'), '{"message":"no text here"}\n');
    await expectError(['scan', at('message.jsonl'), '--db', at('x2.db')], 2, /fields found: message.*--text-field/);
    await expectError(['scan'], 2, /missing required argument/);
    await expectError(['scan', at('a.jsonl'), '--workers', '0'], 2, /workers/);
    await expectError(['nonsense'], 2, /unknown command/);
  });

  it('the same file twice, in one command or two', async () => {
    await expectError(['scan', at('a.jsonl'), at('a.jsonl'), '--db', at('y.db')], 2, /twice/);
    const db = at('a.jsonl.--workers1.db');
    await expectError(['scan', at('a.jsonl'), '--db', db, '--source', 'same'], 2, /already holds.*--again/);
    const resumed = await run(['scan', at('a.jsonl'), '--db', db, '--source', 'same', '--resume']);
    expect(resumed.code).toBe(0);
    expect(logicalRows(db)).toEqual(reference);
  });

  it('a changed input is refused on --resume', async () => {
    writeFileSync(at('changing.jsonl'), '{"text":"one robot"}\n{"text":"two"}\n');
    expect((await run(['scan', at('changing.jsonl'), '--db', at('z.db'), '--limit', '1'])).code).toBe(0);
    writeFileSync(at('changing.jsonl'), '{"text":"other robot"}\n{"text":"two"}\n');
    await expectError(['scan', at('changing.jsonl'), '--db', at('z.db'), '--resume'], 2, /has changed/);
  });

  it('faults are counted with place and reason, nothing else is lost: exit 3', async () => {
    const bad = [
      '{"id":"ok1","text":"A robot spoke."}',
      '{"text":"cut',
      '',
      '{"id":"e","text":" "}',
      '{"id":"n"}',
      '{"id":"ok2","text":"A plain day."}',
    ];
    const invalid = Buffer.concat([
      Buffer.from(`${bad.join('\n')}\n{"id":"r","text":"plain `),
      Buffer.from([0xff]),
      Buffer.from(' day"}\n'),
    ]);
    writeFileSync(at('bad.jsonl'), invalid);
    const result = await run(['scan', at('bad.jsonl'), '--db', at('bad.db'), '--json']);
    expect(result.code, result.stderr).toBe(3);
    expect(JSON.parse(result.stdout)).toMatchObject({ documents: 3, skipped: 3, repaired: 1, status: 'done' });
    const faults = query<{ reason: string; record: number; byte_offset: number }>(
      at('bad.db'),
      'select reason, record, byte_offset from faults order by record',
    );
    expect(faults.map((f) => [f.reason, f.record])).toEqual([
      ['malformed', 1],
      ['empty', 2],
      ['no_text', 3],
    ]);
    expect(faults[0]!.byte_offset).toBe(bad[0]!.length + 1);
    await expectError(['scan', at('bad.jsonl'), '--db', at('strict.db'), '--strict'], 2, /malformed/);
  });

  it('a truncated .gz keeps what came before and is incomplete: exit 3', async () => {
    const whole = gzipSync(
      Array.from({ length: 3000 }, (_, i) => JSON.stringify({ id: `d${i}`, text: `A day ${Math.sin(i)}.` })).join('\n'),
    );
    writeFileSync(at('cut.jsonl.gz'), whole.subarray(0, Math.floor(whole.length * 0.7)));
    const result = await run(['scan', at('cut.jsonl.gz'), '--db', at('cut.db')]);
    expect(result.code, result.stderr).toBe(3);
    expect(result.stderr).toMatch(/incomplete: .*cut\.jsonl\.gz/);
    const [shard] = query<{ status: string; n: number }>(at('cut.db'), 'select status, next_record as n from shards');
    expect(shard!.status).toBe('incomplete');
    expect(shard!.n).toBeGreaterThan(1500);
  });

  it('an empty file is done with nothing in it, a folder is walked, standard input is read', async () => {
    writeFileSync(at('empty.jsonl'), '');
    expect((await run(['scan', at('empty.jsonl'), '--db', at('empty.db')])).code).toBe(0);
    mkdirSync(at('folder'));
    writeFileSync(join(at('folder'), 'one.txt'), 'The robot said no.');
    writeFileSync(join(at('folder'), 'two.jsonl'), '{"text":"A quiet day."}');
    expect((await run(['scan', at('folder'), '--db', at('folder.db')])).code).toBe(0);
    expect(query(at('folder.db'), 'select name from sources')).toEqual([{ name: 'folder' }]);
    const piped = await run(['scan', '-', '--db', at('stdin.db'), '--source', 'same'], {
      input: readFileSync(at('a.jsonl')),
    });
    expect(piped.code, piped.stderr).toBe(0);
    expect(logicalRows(at('stdin.db'))).toEqual(reference);
  });

  it('--dry-run says what would be scanned and writes nothing', async () => {
    const result = await run(['scan', at('a.jsonl'), '--db', at('dry.db'), '--dry-run']);
    expect([result.code, result.stdout]).toEqual([0, expect.stringContaining('jsonl/none')]);
    expect(() => readFileSync(at('dry.db'))).toThrow();
  });
});
