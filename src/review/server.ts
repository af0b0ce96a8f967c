// The labelling page's server: the page's files and a small JSON interface, on 127.0.0.1. Opens no browser.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { describeError, PersonaPriorError } from '../errors.js';
import { loadReportData } from '../report/load.js';
import { asDatabaseError, type Db } from '../store/database.js';
import { agreements } from './agreement.js';
import { type Answers, openAnswers } from './answers.js';
import { CODEBOOK, RULES } from './codebook.js';
import { guard } from './guard.js';
import { openPassages, type Shown } from './passages.js';
import { openTrail, type Trail } from './trail.js';

const HOST = '127.0.0.1';
const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};
const FILES = [
  'index.html',
  'ground.css',
  'review.css',
  'main.js',
  'dom.js',
  'form.js',
  'passage.js',
  'figures.js',
] as const;

export interface ReviewOptions {
  /** labels are written through this connection */
  readonly db: Db;
  /** a connection of its own to the same database, for the figures */
  readonly figures: Db;
  /** its file, for messages */
  readonly path: string;
  readonly rows: readonly Shown[];
  /** whose labels; null: the page only shows the passages, and nothing can be written through it */
  readonly reader: string | null;
  readonly blind: boolean;
  /** 0 for any free one */
  readonly port: number;
}

export interface ReviewServer {
  /** with the token: whoever has it can label */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the server; resolves when it listens. Rejects with `usage` when the port is taken. */
export async function startReview(options: ReviewOptions): Promise<ReviewServer> {
  const token = randomBytes(24).toString('base64url');
  let place = '';
  const app = new Hono();
  app.use(guard(token, () => place));
  app.route(`/${token}/`, pages(options));
  app.notFound((c) => c.json({ error: 'no such page' }, 404));
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE' || cause.code === 'EACCES';
      reject(
        taken
          ? new PersonaPriorError('usage', `port ${options.port} cannot be used`, {
              help: 'give another --port',
              cause,
            })
          : cause,
      );
    });
    server.listen(options.port, HOST, resolve);
  });
  place = `${HOST}:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${place}/${token}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

/** What lies under the token. */
function pages(options: ReviewOptions): Hono {
  const { db, path, rows, reader, blind } = options;
  const passageAt = openPassages(db, rows, blind);
  const answers = reader === null ? null : openAnswers(db, rows, reader);
  const app = new Hono();
  app.onError((cause, c) => {
    if (cause instanceof HTTPException) return c.json({ error: cause.message }, cause.status);
    const error = asDatabaseError(cause, path);
    const busy = error.code === 'database_busy';
    return c.json({ error: describeError(error) }, busy ? 503 : 500);
  });
  for (const name of FILES) {
    const body = readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
    const type = TYPES[name.split('.')[1] as keyof typeof TYPES];
    app.get(name === 'index.html' ? '/' : `/${name}`, (c) => c.body(body, 200, { 'content-type': type }));
  }
  app.get('/api/session', (c) => {
    const progress = answers?.progress() ?? { total: rows.length, done: 0, next: null };
    return c.json({ reader, blind, codebook: CODEBOOK, rules: RULES, progress });
  });
  app.get('/api/passages/:index{[0-9]+}', (c) => {
    const index = Number(c.req.param('index'));
    if (index >= rows.length) return c.json({ error: 'no such passage' }, 404);
    return c.json({ ...passageAt(index), label: answers?.labelOf(index) ?? null });
  });
  if (answers !== null) writable(app, answers, options);
  return app;
}

/** The part of the interface that labels, and that shows what labels say. */
function writable(app: Hono, answers: Answers, { db, figures, rows }: ReviewOptions): void {
  // loading all hits takes seconds where there are many: when the first figures are asked for, the first passage stands
  let trail: (() => Trail) | undefined;
  app.put('/api/passages/:index{[0-9]+}', bodyLimit({ maxSize: 10_000 }), async (c) => {
    const index = Number(c.req.param('index'));
    const body = await c.req.json<unknown>().catch(() => null);
    if (typeof body !== 'object' || body === null) return c.json({ error: 'not a JSON object' }, 400);
    const { id, label } = body as { id?: unknown; label?: unknown };
    // a page that was opened on another sample must not label this one
    if (rows[index] === undefined || rows[index].id !== id)
      return c.json({ error: 'not a passage of this sample: reload the page' }, 409);
    if (typeof label !== 'object' || label === null) return c.json({ error: 'no label' }, 400);
    const wrong = await answers.save(index, label as Record<string, unknown>);
    return wrong === null ? c.json({ progress: answers.progress() }) : c.json({ error: wrong }, 422);
  });
  app.post('/api/undo', bodyLimit({ maxSize: 10_000 }), async (c) => {
    const undone = await answers.undo();
    return c.json({ undone, progress: answers.progress() });
  });
  app.get('/api/agreement', (c) => c.json(agreements(db)));
  app.get('/api/figures', (c) => {
    trail ??= openTrail(figures, loadReportData(figures));
    return c.json(trail());
  });
}
