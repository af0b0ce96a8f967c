// What a scan does when its input, its database, its disk or its workers fail: exit codes, messages, and nothing lost.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { lockDatabase } from '../../src/store/lock.js';
import { everything, type Undisturbed, undisturbed } from '../faults/kills.js';
import { documents } from './documents.js';
import { CLI, freshFolder, logicalRows, query, ROOT, run } from './harness.js';

// whole scans, on machines that may be busy
vi.setConfig({ testTimeout: 400_000 });

const dir = freshFolder();
const at = (name: string): string => join(dir, name);
const docs = documents().slice(0, 5);
const lines = docs.map((d) => JSON.stringify(d));
const sabotage = { NODE_OPTIONS: `--import=${join(ROOT, 'test', 'faults', 'sabotage.mjs')}` };
const namespaces = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

let reference: Undisturbed;
beforeAll(async () => {
  reference = await undisturbed(dir, 'jsonl');
  writeFileSync(at('small.jsonl'), `${lines.join('\n')}\n`);
}, 400_000);

describe('--quarantine', () => {
  it('holds every skipped record with its place, reason and bytes, under a safe name', async () => {
    const name = 'evil\n\u001b[31m name.jsonl';
    const bytes = Buffer.from(`${lines[0]}\n{"id":"cut","text":"A rob\n{"text":" "}\n[1]\n{"n":\u0001}\n`);
    writeFileSync(at(name), bytes);
    const ran = await run(['scan', at(name), '--db', at('q.db'), '--quarantine', at('q'), '--workers', '1']);
    expect(ran.code, ran.stderr).toBe(3);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach the terminal
    expect(ran.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(ran.stderr).toContain('4 records in quarantine');
    const [file, ...more] = readdirSync(at('q'));
    expect(more).toEqual([]);
    expect(file).toMatch(/^000001-[A-Za-z0-9._-]+-[0-9a-f]{8}\.jsonl$/);
    const found = readFileSync(join(at('q'), file!), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map((f) => [f.record, f.reason])).toEqual([
      [1, 'malformed'],
      [2, 'empty'],
      [3, 'malformed'],
      [4, 'malformed'],
    ]);
    for (const fault of found) {
      expect(fault).toMatchObject({ file: at(name), stage: 'read', as: 'bytes' });
      const raw = Buffer.from(fault.data, 'base64');
      expect(raw).toEqual(bytes.subarray(fault.offset, fault.offset + fault.bytes));
    }
  });

  it('a folder that cannot be written is exit 2 before anything is scanned', async () => {
    writeFileSync(at('no-folder'), '');
    const ran = await run(['scan', at('small.jsonl'), '--db', at('nq.db'), '--quarantine', at('no-folder')]);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/no-folder: cannot write here.*--quarantine/)]);
  });
});

describe('--strict', () => {
  it('stops at the first fault with its place; without it --resume loses nothing', async () => {
    const db = at('strict.db');
    const args = ['scan', reference.input, '--db', db, '--source', 'same', '--quarantine', `${db}.skipped`];
    const strict = await run([...args, '--strict', '--workers', '2']);
    expect(strict.code).toBe(2);
    expect(strict.stderr).toMatch(/part-0\.jsonl#400@\d+: malformed/);
    const resumed = await run([...args, '--resume']);
    expect(resumed.code, resumed.stderr).toBe(3);
    expect(everything(db, `${db}.skipped`)).toEqual(reference.rows);
  });
});

describe('a worker', () => {
  const bad = [
    ...lines.slice(0, 3),
    '{"id":"crash","text":"A robot. CRASH NOW."}',
    '{"id":"hang","text":"A robot. HANG NOW."}',
    ...lines.slice(3),
  ];

  it('that dies or never comes back costs its document, which is counted with the reason: exit 3', async () => {
    writeFileSync(at('sabotage.jsonl'), bad.join('\n'));
    const args = ['scan', at('sabotage.jsonl'), '--db', at('sabotage.db'), '--source', 's', '--workers', '2'];
    const ran = await run([...args, '--patience', '3', '--json', '--quarantine', at('sq')], { env: sabotage });
    expect(ran.code, ran.stderr).toBe(3);
    expect(JSON.parse(ran.stdout)).toMatchObject({ documents: 7, failed: 2, skipped: 0, status: 'done' });
    expect(query(at('sabotage.db'), 'select stage, reason, record from faults order by record')).toEqual([
      { stage: 'gate', reason: 'crashed', record: 3 },
      { stage: 'gate', reason: 'timed_out', record: 4 },
    ]);
    expect(readdirSync(at('sq'))).toHaveLength(1);
    const alone = await run(['scan', at('small.jsonl'), '--db', at('alone.db'), '--source', 's', '--workers', '1']);
    expect(alone.code).toBe(0);
    const hits = (db: string): unknown[] =>
      query(db, 'select document, start, persona from hits order by document, start');
    expect(hits(at('sabotage.db'))).toEqual(hits(at('alone.db')));
    // the failure is still told when nothing is left to do
    expect((await run([...args, '--resume'])).code).toBe(3);
  });

  it('that dies or hangs at a passage costs that passage: the others of its document are judged as ever', async () => {
    const insert = (text: string, ...words: string[]): string => {
      const paragraphs = text.split('\n\n');
      words.forEach((word, i) => {
        paragraphs.splice(1 + 2 * i, 0, `${word}. ${'The robot locked the doors and said nothing. '.repeat(25)}`);
      });
      return paragraphs.join('\n\n');
    };
    const [first, second, third] = documents()
      .sort((a, b) => b.text.length - a.text.length)
      .slice(1);
    const made = [
      { ...first!, id: 'crash', text: insert(first!.text, 'CRASH HERE') },
      docs[0]!,
      { ...second!, id: 'hang', text: insert(second!.text, 'HANG HERE', 'FAIL HERE') },
      { ...third!, id: 'hopeless', text: insert(third!.text, ...Array(5).fill('CRASH HERE')) },
    ];
    writeFileSync(at('passages.jsonl'), made.map((d) => JSON.stringify(d)).join('\n'));
    const args = ['scan', at('passages.jsonl'), '--source', 's', '--patience', '4', '--json', '--db'];
    const sound = await run([...args, at('sound.db'), '--workers', '2']);
    const broken = await run([...args, at('broken.db'), '--workers', '2'], { env: sabotage });
    expect([sound.code, broken.code], broken.stderr).toEqual([0, 3]);
    expect(JSON.parse(broken.stdout)).toMatchObject({ documents: 4, failed: 4, skipped: 0 });
    expect(query(at('broken.db'), 'select stage, reason, record, message from faults order by record, id')).toEqual([
      {
        stage: 'transformer',
        reason: 'crashed',
        record: 0,
        message: expect.stringMatching(/^\d+: its worker died: SIGKILL/),
      },
      {
        stage: 'transformer',
        reason: 'timed_out',
        record: 2,
        message: expect.stringMatching(/^\d+: its worker gave no sign/),
      },
      { stage: 'transformer', reason: 'error', record: 2, message: expect.stringMatching(/^\d+: it fails here/) },
      {
        stage: 'gate',
        reason: 'crashed',
        record: 3,
        message: expect.stringMatching(/^more than 3 of its passages failed/),
      },
    ]);
    const hits = (db: string, but: string): unknown[] =>
      query(
        db,
        `select document, start, end, hex(scores), names from hits
         where text not like '% HERE.%' and document != '${but}' order by 1, 2`,
      );
    expect(hits(at('broken.db'), '')).toEqual(hits(at('sound.db'), 'hopeless'));
    expect(hits(at('broken.db'), '').length).toBeGreaterThan(2);
    const passages = `select sum(case kind when 'in' then n when 'out' then -n when 'dropped' then -n when 'failed' then -n end) as rest
      from tallies where kind in ('in', 'out', 'dropped', 'failed') and stage != 'sample' group by stage`;
    for (const { rest } of query<{ rest: number }>(at('broken.db'), passages)) expect(rest).toBe(0);
  });

  it('that dies by accident changes nothing', async () => {
    writeFileSync(at('once.jsonl'), `${lines.join('\n')}\n{"id":"once","text":"A robot. CRASH ONCE."}`);
    const rows: string[][] = [];
    for (const env of [{ ...sabotage, SABOTAGE_ONCE: at('once') }, {}] as Record<string, string>[]) {
      const db = at(`once${rows.length}.db`);
      const ran = await run(['scan', at('once.jsonl'), '--db', db, '--workers', '1'], { env });
      expect(ran.code, ran.stderr).toBe(0);
      rows.push(logicalRows(db));
    }
    expect(readdirSync(dir)).toContain('once');
    expect(rows[0]).toEqual(rows[1]);
  });
});

describe('the database', () => {
  it('is held by one scan: a second is refused at once', async () => {
    const unlock = lockDatabase(at('held.db'));
    const ran = await run(['scan', at('small.jsonl'), '--db', at('held.db')]);
    unlock();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/held\.db: another scan is writing to this database \(wait/);
    expect(readdirSync(dir)).not.toContain('held.db');
  });

  it('of other models or another lexicon is refused, and says what is other', async () => {
    const models = at('models');
    mkdirSync(models);
    for (const name of readdirSync(join(ROOT, 'models'))) {
      if (name === 'tropes.json') cpSync(join(ROOT, 'models', name), join(models, name));
      else symlinkSync(join(ROOT, 'models', name), join(models, name));
    }
    writeFileSync(join(models, 'tropes.json'), `${readFileSync(join(models, 'tropes.json'), 'utf8')}\n`);
    const db = at('jsonl.db');
    const ran = await run(['scan', reference.input, '--db', db, '--source', 'same', '--resume'], {
      env: { PERSONA_PRIOR_MODELS: models },
    });
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringMatching(/other models or lexicon: (?:.+, )?tropes.* \(give another --db/),
    ]);
  });

  it.skipIf(!namespaces)(
    'on a disk that fills up: exit 2 says so, and --resume ends as ever',
    () => {
      const db = '/mnt/full.db';
      const scan = `"${process.execPath}" "${CLI}" scan "${reference.input}" --db ${db} --source same --resume --workers 2`;
      const script = `
      mount -t tmpfs -o size=16m tmpfs /mnt
      head -c 15500k /dev/zero > /mnt/filler
      ${scan} --quarantine ${db}.skipped; echo "first $?"
      rm /mnt/filler
      ${scan} --quarantine ${db}.skipped; echo "second $?"
      cp -r /mnt/. "${at('full')}"`;
      mkdirSync(at('full'));
      const shell = spawnSync('unshare', ['-rm', 'bash', '-c', script], { encoding: 'utf8' });
      expect(shell.stdout, shell.stderr).toMatch(/first 2\nsecond 3\n/);
      expect(shell.stderr).toMatch(/disk is full/);
      expect(everything(join(at('full'), 'full.db'), join(at('full'), 'full.db.skipped'))).toEqual(reference.rows);
    },
    200_000,
  );

  it.skipIf(!namespaces)('on a read-only disk: exit 2 with a clear message', () => {
    const script = `
      mount -t tmpfs tmpfs /mnt
      cp "${at('jsonl.db')}" /mnt/old.db
      mount -o remount,ro /mnt
      for db in old new; do
        "${process.execPath}" "${CLI}" scan "${at('small.jsonl')}" --db /mnt/$db.db; echo "$db $?"
      done`;
    const shell = spawnSync('unshare', ['-rm', 'bash', '-c', script], { encoding: 'utf8' });
    expect(shell.stdout, shell.stderr).toBe('old 2\nnew 2\n');
    expect(shell.stderr).toMatch(/\/mnt\/old\.db: .*cannot be written/);
    expect(shell.stderr).toMatch(/\/mnt\/new\.db: .*cannot be written/);
  });
});

describe('what has changed', () => {
  it('a stream that begins otherwise is refused on --resume; the same goes on', async () => {
    const args = ['scan', '-', '--db', at('stream.db'), '--source', 'same', '--workers', '1'];
    const whole = `${lines.join('\n')}\n`;
    expect((await run([...args, '--limit', '2'], { input: whole })).code).toBe(0);
    const other = await run([...args, '--resume'], { input: `{"text":"other"}\n${whole}` });
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/the stream begins otherwise/)]);
    expect((await run([...args, '--resume'], { input: whole })).code).toBe(0);
    expect(query(at('stream.db'), "select n from tallies where stage = 'read' and kind = 'out'")).toEqual([{ n: 5 }]);
  });

  it('a file cut off stays incomplete when it is resumed: exit 3 again, with its name', async () => {
    const folder = at('cut');
    mkdirSync(folder);
    writeFileSync(join(folder, 'cut.json'), `[${lines.join(',')}`);
    const args = ['scan', folder, '--db', at('cut.db'), '--workers', '1'];
    for (const more of [[], ['--resume']]) {
      const ran = await run([...args, ...more]);
      expect(ran.code, ran.stderr).toBe(3);
      expect(ran.stderr).toMatch(/incomplete: .*cut\.json/);
    }
    expect(query(at('cut.db'), 'select status from shards')).toEqual([{ status: 'incomplete' }]);
  });
});
