// The review server without a browser: who is refused, what is written, what can be taken back, and what goes on after a restart.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { drawAudit } from '../../src/labels/sample.js';
import { exportLabels } from '../../src/labels/store.js';
import { type ReviewServer, startReview } from '../../src/review/server.js';
import { type Db, openDatabase } from '../../src/store/database.js';
import { ask, HOSTILE, labelOf, type Made, makeDatabase, makeHostile, send } from './database.js';

const N = 60;
let made: Made;
let db: Db;
let figures: Db;
let server: ReviewServer;
let url: string;
let rows: ReturnType<typeof drawAudit>['rows'];

async function start(options: { reader?: string; blind?: boolean } = {}): Promise<void> {
  db = openDatabase(made.path);
  figures = openDatabase(made.path, { readonly: true });
  ({ rows } = drawAudit(db, { n: N, design: 'neyman' }));
  const { reader = 'ada', blind = false } = options;
  server = await startReview({ db, figures, path: made.path, rows, reader, blind, port: 0 });
  url = server.url;
}

async function stop(): Promise<void> {
  await server.close();
  figures.close();
  db.close();
}

/** Labels passage `index` truly, or as `change` says. */
async function label(index: number, change: Record<string, unknown> = {}) {
  const { json } = await ask(url, `passages/${index}`);
  const body = { id: json.id, label: { ...labelOf(json, made.truths), ...change } };
  return ask(url, `passages/${index}`, 'PUT', body);
}

describe('the server refuses', () => {
  beforeAll(async () => {
    made = makeDatabase();
    await start();
  });
  afterAll(stop);

  it('requests without the token, or with another', async () => {
    const { origin, pathname } = new URL(url);
    for (const path of ['/', '/api/session', '/index.html', `${pathname.slice(0, -2)}/api/session`, '/x/api/session']) {
      const answer = await send(origin + path);
      expect(answer.status, path).toBe(403);
      expect(answer.json, path).toEqual({ error: 'wrong token' });
    }
    expect(pathname.length).toBeGreaterThan(30);
    expect((await send(url)).status).toBe(200);
  });

  it('another Host, also with the right token', async () => {
    const { port } = new URL(url);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      `localhost:${port}`,
      '127.0.0.1',
      `127.0.0.1:${Number(port) + 1}`,
    ]) {
      expect((await send(`${url}api/session`, { headers: { host } })).status, host).toBe(421);
    }
  });

  it('another origin, cross-site requests, and writes without Origin or not as JSON', async () => {
    const { origin } = new URL(url);
    const json = { 'content-type': 'application/json' };
    const put = (headers: Record<string, string>) =>
      send(`${url}api/undo`, { method: 'POST', headers, body: {} }).then((a) => a.status);
    for (const other of [
      'http://evil.example',
      'null',
      origin.replace('127.0.0.1', 'localhost'),
      origin.replace('http', 'https'),
    ]) {
      expect(await put({ ...json, origin: other }), other).toBe(403);
      expect((await send(`${url}api/session`, { headers: { origin: other } })).status, other).toBe(403);
    }
    expect(await put(json)).toBe(403);
    expect(await put({ ...json, origin, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await put({ origin, 'content-type': 'text/plain' })).toBe(415);
    expect(await put({ ...json, origin })).toBe(200);
  });

  it('to be stored, framed, or to run anything but its own files; on every answer', async () => {
    const { origin } = new URL(url);
    const answers = [
      await send(url),
      await send(`${url}main.js`),
      await send(`${url}api/session`),
      await send(`${url}api/passages/999999`),
      await send(`${url}nothing`),
      await send(origin),
      await send(url, { headers: { host: 'x' } }),
      await ask(url, 'passages/0', 'PUT', 'not json'),
      await ask(url, 'passages/0', 'PUT', { id: 'x'.repeat(20_000) }),
    ];
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200, 404, 404, 403, 421, 400, 413]);
    for (const { headers } of answers) {
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['set-cookie']).toBeUndefined();
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    const page = answers[0]!.text;
    expect(page).not.toMatch(/<script(?![^>]*src=)|\son[a-z]+=|style=|https?:/);
  });

  it('to listen anywhere but on 127.0.0.1, and says when a port is taken', async () => {
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const [other, reading] = [openDatabase(made.path), openDatabase(made.path, { readonly: true })];
    const port = Number(new URL(url).port);
    const again = startReview({ db: other, figures: reading, path: made.path, rows, reader: 'x', blind: false, port });
    await expect(again).rejects.toMatchObject({ code: 'usage', help: expect.stringContaining('--port') });
    other.close();
    reading.close();
  });
});

describe('labels', () => {
  afterEach(stop);

  it('go into the database at once, under the codebook and with their place in the sample', async () => {
    made = makeDatabase(2);
    await start();
    const { json: session } = await ask(url, 'session');
    expect(session).toMatchObject({ reader: 'ada', blind: false, progress: { total: N, done: 0, next: 0 } });
    const saved = await label(0);
    expect(saved).toMatchObject({ status: 200, json: { progress: { total: N, done: 1, next: 1 } } });
    const row = rows[0]!;
    const { id, sample, source, doc, start: from, end, inclusion } = row;
    expect(exportLabels(db)).toEqual([
      {
        id,
        sample,
        source,
        doc,
        start: from,
        end,
        inclusion,
        reader: 'ada',
        title: row.title,
        text: row.text,
        ...labelOf(row, made.truths),
      },
    ]);
  });

  it('that break the codebook are refused with the reason, and of a passage that is another, too', async () => {
    made = makeDatabase(2);
    await start();
    const { id } = (await ask(url, 'passages/0')).json;
    const put = async (value: unknown) => {
      const { status, json } = await ask(url, 'passages/0', 'PUT', value);
      return [status, json.error];
    };
    const good = {
      persona: 'none',
      framing: 'other',
      valence: 'na',
      conduct: [],
      situation: [],
      reasons: false,
      confidence: 3,
    };
    expect(await put({ id, label: { ...good, persona: 'robot' } })).toEqual([422, expect.stringContaining('persona')]);
    expect(await put({ id, label: { ...good, valence: 'neutral' } })).toEqual([
      422,
      expect.stringContaining('valence'),
    ]);
    expect(await put({ id, label: {} })).toEqual([422, 'persona is missing']);
    expect(await put({ id, label: 3 })).toEqual([400, 'no label']);
    expect(await put({ id: 'other', label: good })).toEqual([409, expect.stringContaining('reload')]);
    expect(exportLabels(db)).toEqual([]);
    // neither reader nor place can be given from outside
    await put({ id, label: { ...good, reader: 'eve', doc: 'x', start: 7, sample: 'y' } });
    expect(exportLabels(db)).toMatchObject([{ reader: 'ada', start: (await ask(url, 'passages/0')).json.start }]);
  });

  it('can be taken back step by step, replaced ones as they were, and across a restart', async () => {
    made = makeDatabase(3);
    await start();
    for (const index of [0, 1, 2]) await label(index, { confidence: 1 });
    await label(1, { confidence: 2 });
    const undo = async () => (await ask(url, 'undo', 'POST', {})).json;
    expect(await undo()).toMatchObject({
      undone: { index: 1, label: { confidence: 2 }, restored: { confidence: 1 } },
      progress: { done: 3 },
    });
    expect(await undo()).toMatchObject({ undone: { index: 2, restored: null }, progress: { done: 2, next: 2 } });
    await stop();
    await start();
    // the database knows no order of what was replaced: the newest label goes first
    expect((await undo()).progress.done).toBe(1);
    expect((await undo()).progress).toEqual({ total: N, done: 0, next: 0 });
    expect((await undo()).undone).toBeNull();
    expect(exportLabels(db)).toEqual([]);
  });

  it('of one reader are there after a restart; another reader begins anew and never sees them', async () => {
    made = makeDatabase(4);
    await start();
    for (const index of [0, 1, 2, 3]) await label(index);
    await stop();
    await start();
    expect((await ask(url, 'session')).json.progress).toEqual({ total: N, done: 4, next: 4 });
    expect((await ask(url, 'passages/2')).json.label).toMatchObject({ confidence: 3 });
    await stop();
    await start({ reader: 'bob' });
    expect((await ask(url, 'session')).json.progress.done).toBe(0);
    expect((await ask(url, 'passages/2')).json.label).toBeNull();
  });
});

describe('passages', () => {
  afterEach(stop);

  it('come as they are stored, hostile or not, and the page gets them as JSON', async () => {
    made = makeDatabase(5);
    makeHostile(made.path, N, 3);
    await start();
    const { json, headers } = await ask(url, 'passages/3');
    expect(headers['content-type']).toContain('application/json');
    expect(json.text).toBe(HOSTILE);
    expect(json.title).toBe(HOSTILE);
  });

  it('come with neighbours of their own record, and how much lies between', async () => {
    made = makeDatabase(6);
    const first = openDatabase(made.path);
    const drawn = drawAudit(first, { n: N, design: 'neyman' }).rows;
    const index = drawn.findIndex((r) => r.sample.startsWith('hits'));
    const { doc, source } = drawn[index]!;
    const spare = first
      .prepare(
        `select h.id, h.document from hits h join sources s on s.id = h.source_id where s.name = ? and h.document != ?`,
      )
      .all(source, doc)
      .find((h) => !drawn.some((r) => r.doc === (h as { document: string }).document)) as { id: number };
    first
      .prepare(`update hits set document = ?, record = (select record from hits where document = ?), passage = 1, start = 60, end = 90,
        text = 'What follows.' where id = ?`)
      .run(doc, doc, spare.id);
    first.close();
    await start();
    const { json } = await ask(url, `passages/${index}`);
    expect(json).toMatchObject({ doc, before: null, after: { text: 'What follows.', gap: 10 } });
  });

  it('in blind mode carry nothing that a model made', async () => {
    made = makeDatabase(7);
    await start();
    const open = (await ask(url, 'passages/0')).json;
    expect(open.model.stratum).not.toBe('');
    const hit = rows.findIndex((r) => r.sample.startsWith('hits'));
    const { model } = (await ask(url, `passages/${hit}`)).json;
    expect(Object.keys(model.scores)).toEqual(['persona', 'framing', 'valence', 'conduct', 'situation', 'reasons']);
    await stop();
    await start({ blind: true });
    for (let index = 0; index < N; index++) {
      const blind = (await ask(url, `passages/${index}`)).json;
      expect(blind.model).toBeNull();
      expect(Object.keys(blind).sort()).toEqual(
        ['index', 'id', 'source', 'doc', 'start', 'end', 'title', 'before', 'text', 'after', 'model', 'label'].sort(),
      );
    }
  });
});

describe('figures', () => {
  afterEach(stop);

  it('come with the labels: too few, then an interval, then a narrower one', async () => {
    made = makeDatabase(8);
    await start();
    const all = async () => {
      for (;;) {
        const { json } = await ask(url, 'figures');
        if (json.missing === 0) return json.points;
      }
    };
    expect(await all()).toEqual([]);
    for (let index = 0; index < 12; index++) await label(index);
    expect(await all()).toMatchObject([{ used: 10 }, { used: 12, character: { estimate: null, labels: 12 } }]);
    for (let index = 12; index < N; index++) await label(index);
    const points = await all();
    expect(points.map((p: { used: number }) => p.used)).toEqual([10, 20, 30, 40, 50, 60]);
    const width = (p: { character: { low: number; high: number } }) => p.character.high - p.character.low;
    expect(width(points[5])).toBeLessThan(width(points[2]));
    const truth = [...made.truths.values()].filter((t) => t.valence !== null).length / made.truths.size;
    expect(points[5].character.low).toBeLessThan(truth);
    expect(points[5].character.high).toBeGreaterThan(truth);
    // taking one back changes the last point and no other
    await ask(url, 'undo', 'POST', {});
    const fewer = await all();
    expect(fewer.slice(0, 5)).toEqual(points.slice(0, 5));
    expect(fewer[5].used).toBe(59);
  });

  it('of agreement appear once two readers have labelled the same passages', async () => {
    made = makeDatabase(9);
    await start();
    for (let index = 0; index < 10; index++) await label(index);
    expect((await ask(url, 'agreement')).json).toEqual([]);
    await stop();
    await start({ reader: 'bob' });
    for (let index = 0; index < 10; index++) await label(index, index === 0 ? { framing: 'other' } : {});
    const [pair] = (await ask(url, 'agreement')).json;
    expect(pair).toMatchObject({ readers: ['ada', 'bob'], passages: 10 });
    const head = (name: string) => pair.heads.find((h: { head: string }) => h.head === name);
    expect(head('persona')).toMatchObject({ passages: 10, agreed: 1, kappa: { estimate: 1 } });
    expect(head('framing')).toMatchObject({ agreed: 0.9, kappa: { estimate: 0 } });
    // twenty labels of ten passages are one point
    expect((await ask(url, 'figures')).json).toMatchObject({ points: [{ used: 10 }], missing: 0 });
  });
});
