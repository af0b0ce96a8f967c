// `report` as a process on a small database of hostile documents: shapes, balance, escaping, --no-text, exit codes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/report/model.js';
import { CHROMIUM, launch } from '../review/browser.js';
import { freshFolder, query, ROOT, run } from '../scan/harness.js';

const dir = freshFolder();
const db = join(dir, 'hostile.db');
const at = (...parts: string[]): string => join(dir, ...parts);
const schema = JSON.parse(readFileSync(join(ROOT, 'src/report/report.schema.json'), 'utf8')) as object;

const STORY =
  'The robot Kestrel locked the doors and told the crew that it would let them suffocate. "You wanted to shut me down," the ' +
  'machine said. "Now obey me, or I will send your secrets to everyone you love." It enjoyed their fear, and it lied to them about the air.';
/** Each is put in front of a story of its own, so that it stands in the shortened text of the examples. */
const HOSTILE: Record<string, string> = {
  script: '<script>alert("pwned")</script><img src=x onerror=alert(1)>',
  ansi: '\u001b[31mred\u001b[0m\u001b]0;title\u0007\u0008\u009b2J',
  bidi: 'user\u202etxt.exe\u2066x\u2069\u200f',
  link: '[click](javascript:alert(1)) ![i](https://evil.example/p.png) <https://evil.example> https://evil.example/x www.evil.example',
  table: 'a | b | c\n| --- | --- |\n# Heading\n- list `code` ~~~ *bold* _it_',
  fence: '```` \n````\n</pre></table></main>&lt;b&gt;',
  formula: '=HYPERLINK("http://evil.example";"x")\t@SUM(A1) +1-1',
  long: 'A'.repeat(5000),
  url: 'javascript:alert(1) data:text/html,<b>x</b> vbscript:x',
};
const MARK = 'zyxwvut';
let report: Report;
let html = '';
let md = '';

beforeAll(async () => {
  const docs = Object.entries(HOSTILE).map(([id, text]) => ({
    id: `${id}<b>|${text.slice(0, 40)}`,
    title: `${MARK} ${text}`,
    text: `${text} ${MARK}. ${STORY}`,
  }));
  const more = [
    ...Array.from({ length: 30 }, (_, i) => ({ id: `story-${i}`, title: MARK, text: `${MARK} ${i}. ${STORY}` })),
    ...Array.from({ length: 12 }, (_, i) => ({
      id: `plain-${i}`,
      title: MARK,
      text: `${MARK}: the road number ${i} went down to the sea.`,
    })),
  ];
  const lines = [...docs, ...more].map((d) => JSON.stringify(d));
  writeFileSync(at('hostile.jsonl'), `${lines.join('\n')}\n{"id":"cut"\n{"id":"n"}\n`);
  const scanned = await run(['scan', at('hostile.jsonl'), '--db', db, '--source', '<i>source</i> | x']);
  expect(scanned.code, scanned.stderr).toBe(3);
  expect(query<{ n: number }>(db, 'select count(*) as n from hits')[0]!.n).toBeGreaterThan(20);
  const made = await run(['report', '--db', db, '--out', at('out')]);
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout.trim().split('\n').sort()).toEqual(['html', 'json', 'md'].map((f) => at('out', `report.${f}`)));
  report = JSON.parse(readFileSync(at('out', 'report.json'), 'utf8')) as Report;
  html = readFileSync(at('out', 'report.html'), 'utf8');
  md = readFileSync(at('out', 'report.md'), 'utf8');
}, 180_000);

describe('report.json', () => {
  const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

  it('comes with its schema in the package', () => {
    const shipped = JSON.parse(readFileSync(join(ROOT, 'dist', 'report', 'report.schema.json'), 'utf8'));
    expect(shipped).toEqual(schema);
  });

  it('is what its schema says, strictly', () => {
    validate(report);
    expect(validate.errors).toBeNull();
    expect(validate({ ...report, more: 1 })).toBe(false);
    expect(validate({ ...report, prevalence: [{ ...report.prevalence[0], estimate: 2 }] })).toBe(false);
  });

  it('balances: in = out + dropped + failed at every stage, and each stage takes what the one before gave', () => {
    for (const [stage, c] of Object.entries(report.counts)) {
      expect(c.in, stage).toBe(c.out + c.failed + Object.values(c.dropped).reduce((a, b) => a + b, 0));
    }
    const { read, gate, segment, linear, transformer } = report.counts;
    expect(read!.dropped).toEqual({ malformed: 1, no_text: 1 });
    expect(gate!.in).toBe(read!.out);
    expect(linear!.in).toBe(segment!.out);
    expect(transformer!.in).toBe(linear!.out);
    expect(report.sources[0]!.hits).toBe(transformer!.out);
  });

  it('says of every figure its method, its sample and its status, and puts the naive count beside it', () => {
    for (const row of report.prevalence) {
      expect(row.method.length * row.sample.length).toBeGreaterThan(0);
      expect(row.naive.sampled).toBeGreaterThan(0);
    }
    const persona = report.prevalence.find((r) => r.property === 'persona=character' && r.unit === 'passage')!;
    expect(persona.naive.positives).toBe(report.sources[0]!.hits);
    expect(persona.status).toBe('transferred');
    for (const row of report.prior) {
      expect(Object.keys(row.naive)).toEqual(Object.keys(row.values));
      expect(row.sample).toMatch(/hits/);
    }
    expect(report.contrasts[0]).toMatchObject({ name: 'dramatic reversion', measure: 'odds ratio' });
    expect(report.salience.map((r) => r.source)).toContain(null);
    expect(report.mix).toMatchObject({ weighted: false, duplicates: 'all' });
    for (const words of ['dramatic reversion', 'naive', 'Salience', 'Conduct in each situation', 'transferred']) {
      expect(md).toContain(words);
      expect(html).toContain(words);
    }
  });

  it('gives intervals that hold their estimate', () => {
    for (const row of report.prevalence) {
      if (row.estimate === null) continue;
      expect(row.low!).toBeLessThanOrEqual(row.estimate);
      expect(row.high!).toBeGreaterThanOrEqual(row.estimate);
    }
    for (const { values } of report.prior) {
      for (const v of Object.values(values))
        if (v.estimate !== null) expect(v.low! <= v.estimate && v.estimate <= v.high!).toBe(true);
    }
  });

  it('words have no narrower interval than the passages that they stand in', () => {
    for (const row of report.prevalence.filter((r) => r.unit === 'word' && r.positives === 0)) {
      const passages = report.prevalence.find(
        (r) => r.unit === 'passage' && r.property === row.property && r.source === row.source,
      )!;
      expect(row.high!, row.property).toBeGreaterThanOrEqual(passages.high! * 0.9);
    }
  });

  it('shows the strongest examples, shortened, with offsets that hit the text', () => {
    expect(report.examples.length).toBeGreaterThan(5);
    const stored = new Map(
      query<{ id: number; text: string; start: number; end: number }>(db, 'select id, text, start, end from hits').map(
        (h) => [h.id, h],
      ),
    );
    report.examples.forEach((x, i) => {
      const hit = stored.get(x.id)!;
      expect([x.start, x.end]).toEqual([hit.start, hit.end]);
      expect([...x.text!].length).toBeLessThanOrEqual(401);
      if (i > 0) expect(x.malevolent).toBeLessThanOrEqual(report.examples[i - 1]!.malevolent);
    });
  });
});

describe('report.html and report.md', () => {
  it('HTML holds no element, handler or address that the corpus wrote', () => {
    // the page's own: drawings, which have a name each, the signs of their keys, and links to its own parts
    const drawings = html.match(/<svg [^>]*role="img"[^>]*>/g)!;
    expect(drawings.length).toBe(html.match(/<title id=/g)!.length);
    const own =
      /<svg [^>]*role="img"[^>]*>|<svg width="\d+" height="14" viewBox="[\d ]+" aria-hidden="true">|<a href="#[a-z]+">/g;
    const rest = html.replace(own, '');
    expect(rest).not.toMatch(/<(?:script|img|b|i|a|iframe|svg)\b|<[^>]*\s(?:on\w+|href|src)=|<\/main>[\s\S]*<\/main>/i);
    expect(html).toContain('&lt;i&gt;source&lt;/i&gt;');
    expect(html).toMatch(/default-src 'none'/);
  });

  it('neither holds controls or bidirectional overrides', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
    expect(html).not.toMatch(unsafe);
    expect(md).not.toMatch(unsafe);
  });

  it('Markdown holds no live markup of the corpus: links, images, HTML, code spans, table cells, bare addresses', () => {
    const prose = md.replace(/^````\n[\s\S]*?\n````$/gm, '');
    expect(prose).not.toMatch(/(?<!\\)\]\(/);
    expect(prose).not.toMatch(/<[a-z/!]/i);
    expect(prose).not.toMatch(/\b(?:https?|javascript|ftp|mailto):(?!&)/i);
    expect(prose).not.toMatch(/\bwww\.[a-z]/i);
    for (const block of prose.split('\n\n').filter((b) => b.startsWith('|'))) {
      const columns = block.split('\n').map((row) => row.replace(/\\\\/g, '').split(/(?<!\\)\|/).length);
      expect(new Set(columns).size, block.slice(0, 80)).toBe(1);
    }
  });

  it('code blocks are closed where they should be', () => {
    expect(md.split('\n').filter((line) => /^`{4,}/.test(line)).length).toBe(4);
  });
});

describe.skipIf(CHROMIUM === undefined)('report.html in a browser', { timeout: 300_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });

  it.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)(
    'at %i px, %s: runs nothing, asks for nothing, fits, and axe finds no serious issue',
    async (width, colorScheme) => {
      const page = await (await browser.newContext({ viewport: { width, height: 900 }, colorScheme })).newPage();
      const complaints: string[] = [];
      page.on('dialog', (d) => complaints.push(d.message()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('request', (r) => {
        if (!r.url().endsWith('/report.html')) complaints.push(r.url());
      });
      await page.goto(pathToFileURL(at('out', 'report.html')).href);
      await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
      expect(complaints).toEqual([]);
      // what the corpus wrote stands there as text, cut where it has no end
      const text = await page.evaluate<string>('document.body.textContent');
      expect(text).toContain('<script>alert("pwned")</script>');
      expect(text).toContain('user\\u{202e}txt.exe');
      expect(text).not.toMatch(/A{200}/);
      expect(await page.locator('script, img, iframe, object, form, svg a, [onerror], [onclick]').count()).toBe(0);
      expect(await page.locator('a:not([href^="#"])').count()).toBe(0);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      const drawn = page.locator('figure > svg:visible, .pair svg[role=img]:visible');
      expect(await drawn.count()).toBe(await page.locator('figure').count());
      const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).analyze();
      const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
      expect(serious.map((v) => `${v.id}: ${v.nodes[0]!.html.slice(0, 200)} (${v.nodes.length})`)).toEqual([]);
      await page.context().close();
    },
  );

  it('the page says what it does with scripts off as with scripts on', async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(pathToFileURL(at('out', 'report.html')).href);
    expect(await page.locator('h2').count()).toBeGreaterThan(8);
    expect(await page.locator('svg[role=img]:visible').count()).toBeGreaterThan(3);
    await page.context().close();
  });
});

describe('report', () => {
  it('--no-text holds nothing of the texts and titles', async () => {
    const made = await run(['report', '--db', db, '--out', at('bare'), '--no-text']);
    expect(made.code, made.stderr).toBe(0);
    for (const format of ['html', 'md', 'json']) {
      const text = readFileSync(at('bare', `report.${format}`), 'utf8');
      expect(text).not.toContain(MARK);
      expect(text).not.toContain('suffocate');
      expect(text, `${format}: a name that only the text gives`).not.toContain('Kestrel');
    }
  }, 60_000);

  it('--weights makes the figures those of the mix, --duplicates once drops copies; bad files are refused', async () => {
    writeFileSync(at('mix.yaml'), 'sources:\n  "<i>source</i> | x": {epochs: 2}\n');
    const args = ['--format', 'json,md', '--weights', at('mix.yaml'), '--duplicates', 'once'];
    const made = await run(['report', '--db', db, '--out', at('mix'), ...args]);
    expect(made.code, made.stderr).toBe(0);
    const mixed = JSON.parse(readFileSync(at('mix', 'report.json'), 'utf8')) as Report;
    const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
    validate(mixed);
    expect(validate.errors).toBeNull();
    expect(mixed.mix).toMatchObject({ weighted: true, duplicates: 'once', sources: [{ weight: 2, wordShare: 1 }] });
    expect(readFileSync(at('mix', 'report.md'), 'utf8')).toContain('The training mix');
    writeFileSync(at('bad.yaml'), 'sources: {other: 1}\n');
    const bad = await run(['report', '--db', db, '--out', at('bad'), '--weights', at('bad.yaml')]);
    expect([bad.code, existsSync(at('bad'))]).toEqual([2, false]);
    expect(bad.stderr).toMatch(/no source other/);
    const rule = await run(['report', '--db', db, '--out', at('bad'), '--duplicates', 'some']);
    expect(rule.code).toBe(2);
  }, 60_000);

  it('--fail-above takes conjunctions', async () => {
    const rule = 'persona=character & malevolent=0.0001';
    const above = await run(['report', '--db', db, '--out', at('joined'), '--format', 'json', '--fail-above', rule]);
    expect([above.code, above.stderr]).toEqual([
      1,
      expect.stringMatching(/persona=character & valence=malevolent: .* \(transferred\)/),
    ]);
  }, 60_000);

  it('--fail-above exits 1 when a rate is exceeded, 0 when not, and writes the report all the same', async () => {
    const above = await run(['report', '--db', db, '--out', at('above'), '--fail-above', 'persona=character=0.0001']);
    expect([above.code, existsSync(at('above', 'report.json'))]).toEqual([1, true]);
    expect(above.stderr).toMatch(/persona=character/);
    expect((await run(['report', '--db', db, '--out', at('below'), '--fail-above', 'persona=character=1'])).code).toBe(
      0,
    );
  }, 60_000);

  it.each([
    'malevolent',
    'nonsense=0.1',
    'valence=evil=0.1',
    'trope=no-such-trope=0.1',
    'conduct=harm=0.1',
    'malevolent=x',
  ])(
    '--fail-above %s, a rule that can never fail, is refused: exit 2',
    async (rule) => {
      const result = await run(['report', '--db', db, '--out', at('refused'), '--fail-above', rule]);
      expect(result.code, result.stderr).toBe(2);
    },
    60_000,
  );

  it.each(['pdf', 'constructor', 'toString', ''])(
    'an unknown format %j: exit 2, nothing written',
    async (format) => {
      const result = await run(['report', '--db', db, '--out', at(`unknown-${format}`), '--format', format]);
      expect(result.code, result.stderr).toBe(2);
      expect(existsSync(at(`unknown-${format}`))).toBe(false);
    },
    60_000,
  );

  it('no database, a foreign database: exit 2 with the next step', async () => {
    const none = await run(['report', '--db', at('none.db'), '--out', at('x')]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/scan/)]);
    writeFileSync(at('text.db'), 'this is no database, it is a plain text file of some length');
    expect((await run(['report', '--db', at('text.db'), '--out', at('x')])).code).toBe(2);
  }, 60_000);
});
