// Who may talk to the page's server: the holder of the token, through 127.0.0.1, from the page itself. Nobody else.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

/** Every answer carries these: nothing is stored, framed, sent on, or run but the page's own files. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const SAFE = new Set(['GET', 'HEAD']);

/**
 * Refuses, with a reason and nothing else: another Host (a name that somebody points to 127.0.0.1), a path that does not
 * begin with the token, another Origin or a cross-site request, and a request that writes without Origin or not as JSON.
 * @param place `host:port` that the server listens on, known once it does
 */
export function guard(token: string, place: () => string): MiddlewareHandler {
  const expected = digest(token);
  return async (c, next) => {
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    const { method } = c.req;
    if (c.req.header('host') !== place()) return c.json({ error: 'wrong host' }, 421);
    const given = c.req.path.split('/')[1] ?? '';
    if (!timingSafeEqual(digest(given), expected)) return c.json({ error: 'wrong token' }, 403);
    const origin = c.req.header('origin');
    if (origin === undefined ? !SAFE.has(method) : origin !== `http://${place()}`) {
      return c.json({ error: 'wrong origin' }, 403);
    }
    const site = c.req.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return c.json({ error: 'wrong site' }, 403);
    if (!SAFE.has(method) && c.req.header('content-type') !== 'application/json') {
      return c.json({ error: 'not JSON' }, 415);
    }
    return next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
