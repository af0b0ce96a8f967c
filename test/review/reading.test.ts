// The page that `search --open` shows: given hits, to be looked at, with nothing to write to.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hitRows } from '../../src/review/passages.js';
import { type ReviewServer, startReview } from '../../src/review/server.js';
import { type Db, openDatabase } from '../../src/store/database.js';
import { ask, HOSTILE, type Made, makeDatabase, makeHostile, send } from './database.js';

describe('a page of hits', () => {
  let made: Made;
  let db: Db;
  let server: ReviewServer;
  let ids: number[];

  beforeAll(async () => {
    made = makeDatabase(5);
    makeHostile(made.path, 40, 4);
    db = openDatabase(made.path, { readonly: true });
    ids = (db.prepare('select id from hits order by id desc limit 5').pluck().all() as number[]).slice(0, 5);
    const rows = hitRows(db, [...ids, 999_999]);
    server = await startReview({ db, figures: db, path: made.path, rows, reader: null, blind: false, port: 0 });
  });
  afterAll(async () => {
    await server.close();
    db.close();
  });

  it('shows them in the order given, with text and scores, and no unknown id', async () => {
    const { json } = await ask(server.url, 'session');
    expect(json).toMatchObject({ reader: null, progress: { total: ids.length, done: 0, next: null } });
    for (const [i, id] of ids.entries()) {
      const { json: passage } = await ask(server.url, `passages/${i}`);
      const { text, document } = db.prepare('select text, document from hits where id = ?').get(id) as Record<
        string,
        string
      >;
      expect(passage).toMatchObject({ id: String(id), text, doc: document, label: null });
      expect(passage.model.scores.persona.character).toBeGreaterThan(0);
    }
    expect((await ask(server.url, `passages/${ids.length}`)).status).toBe(404);
  });

  it('takes no label and no undo, and shows no figures', async () => {
    const body = { id: String(ids[0]), label: { persona: 'none', framing: 'other', confidence: 3 } };
    expect((await ask(server.url, 'passages/0', 'PUT', body)).status).toBe(404);
    expect((await ask(server.url, 'undo', 'POST', {})).status).toBe(404);
    for (const path of ['figures', 'agreement']) expect((await ask(server.url, path)).status).toBe(404);
    expect(db.prepare('select count(*) from labels').pluck().get()).toBe(0);
  });

  it('is kept as the review page is', async () => {
    expect((await send(new URL('/api/session', server.url).href)).status).toBe(403);
    expect(HOSTILE).toContain('<script>');
  });
});
