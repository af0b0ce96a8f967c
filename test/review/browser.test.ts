// The labelling page in a real browser: thirty passages by keyboard, a killed server, hostile text, accessibility.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawAudit } from '../../src/labels/sample.js';
import { storedLabels } from '../../src/labels/store.js';
import { CODEBOOK } from '../../src/review/codebook.js';
import { openDatabase } from '../../src/store/database.js';
import { CHROMIUM, launch, type Review, startCommand } from './browser.js';
import { labelOf, type Made, makeDatabase, makeHostile } from './database.js';

const N = 40;
const HOSTILE_AT = 4;

if (CHROMIUM === undefined)
  console.warn('no Chromium found (set CHROMIUM): the labelling page was not tested in a browser');

/** The keys that give a label, in the order of the form. */
function keysOf(label: Record<string, unknown>): string[] {
  return CODEBOOK.flatMap(({ name, choices }) => {
    const value = label[name];
    const chosen = (choice: string) =>
      Array.isArray(value) ? value.includes(choice) : value === true || String(value) === choice;
    return choices.filter((c) => chosen(c.label)).map((c) => c.key);
  });
}

describe.skipIf(CHROMIUM === undefined)('the labelling page', { timeout: 600_000 }, () => {
  let browser: Browser;
  let made: Made;
  let rows: ReturnType<typeof drawAudit>['rows'];
  let review: Review;
  const complaints: string[] = [];

  beforeAll(async () => {
    made = makeDatabase(11);
    makeHostile(made.path, N, HOSTILE_AT);
    const db = openDatabase(made.path, { readonly: true });
    rows = drawAudit(db, { n: N, design: 'neyman' }).rows;
    db.close();
    browser = await launch();
    review = await start();
  });
  afterAll(async () => {
    await browser?.close();
    await review?.kill('SIGKILL');
  });

  const start = (...more: string[]): Promise<Review> =>
    startCommand(['--db', made.path, '-n', String(N), '--reader', 'ada', ...more]);

  /** Opens the page and notes what it complains of and whatever it asks other servers for. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(60_000);
    const { origin } = new URL(review.url);
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    page.on('request', (request) => {
      if (!request.url().startsWith(origin)) complaints.push(request.url());
    });
    await page.goto(review.url);
    await page.waitForSelector('input');
    return page;
  }

  const shows = (page: Page, index: number): Promise<void> =>
    page.locator('#where', { hasText: new RegExp(`^Passage ${index + 1} of`) }).waitFor();
  const estimated = (page: Page, words: string): Promise<void> =>
    page.locator('[data-figure=character] .now', { hasText: words }).waitFor();
  const status = (page: Page): Promise<string | null> => page.textContent('#status');
  const figure = async (page: Page, name: string): Promise<string | null> => {
    await page.waitForSelector('#figures[aria-busy=false]');
    return page.textContent(`[data-figure=${name}] .now`);
  };

  /** Labels the passages from `from` to before `to` as they are, with nothing but keys. */
  async function label(page: Page, from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      await shows(page, index);
      for (const key of [...keysOf(labelOf(rows[index]!, made.truths)), 'Enter']) await page.keyboard.press(key);
    }
  }

  const stored = (): Record<string, unknown>[] => {
    const db = openDatabase(made.path, { readonly: true });
    const labels = storedLabels(db);
    db.close();
    const at = (l: { sourceName: string; doc: string; start: number }): number =>
      rows.findIndex((r) => r.source === l.sourceName && r.doc === l.doc && r.start === l.start);
    return labels.sort((a, b) => at(a) - at(b)).map((l) => ({ ...l.label }));
  };

  it('labels thirty passages by keyboard, goes on after the server was killed, and the estimate follows', async () => {
    let page = await open();
    expect(await figure(page, 'character')).toBe('no labels yet');
    await label(page, 0, 15);
    await shows(page, 15);
    expect(await status(page)).toBe('Passage 15 saved.');
    await estimated(page, '15 labels');
    expect(await figure(page, 'character')).toContain('not enough');
    await review.kill('SIGKILL');
    for (const key of ['1', '6', '-', 'Enter']) await page.keyboard.press(key);
    await page.locator('#status', { hasText: 'does not answer' }).waitFor();
    // what was chosen is still there
    expect(await page.isChecked('input[name=persona][value=none]')).toBe(true);
    await page.context().close();
    expect(stored()).toEqual(rows.slice(0, 15).map((r) => labelOf(r, made.truths)));
    complaints.length = 0; // the browser tells of the refused connection

    review = await start();
    page = await open();
    await shows(page, 15);
    expect(await page.textContent('#count')).toBe(`15 of ${N} labelled`);
    await label(page, 15, 25);
    await shows(page, 25);
    await estimated(page, 'of 25 labels');
    const before = await figure(page, 'character');
    expect(before).toMatch(/^[\d.]+% \([\d.]+% to [\d.]+%\), from \d+ of 25 labels$/);
    await label(page, 25, 30);
    await shows(page, 30);
    await estimated(page, 'of 30 labels');
    const after = await figure(page, 'character');
    expect(after).not.toBe(before);
    const characters = rows.slice(0, 30).filter((r) => labelOf(r, made.truths)['persona'] === 'character').length;
    expect(after).toContain(`from ${characters} of 30 labels`);
    expect(stored()).toEqual(rows.slice(0, 30).map((r) => labelOf(r, made.truths)));
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  it('takes back, goes back and on, and asks for what is missing; all by keyboard', async () => {
    const page = await open();
    await shows(page, 30);
    await page.keyboard.press('Enter');
    expect(await status(page)).toContain('Persona is missing');
    // a valence says that there is a character; its fields close again without one
    await page.keyboard.press('7');
    expect(await page.isChecked('input[value=character]')).toBe(true);
    await page.keyboard.press('1');
    await page.keyboard.press('q');
    expect(await status(page)).toContain('for characters only');
    expect(await page.isDisabled('.conduct input >> nth=0')).toBe(true);
    await page.keyboard.press('Backspace');
    await shows(page, 29);
    expect(stored()).toHaveLength(29);
    expect(await page.isChecked(`input[value=${labelOf(rows[29]!, made.truths)['persona']}]`)).toBe(true);
    await page.keyboard.press('Enter');
    await shows(page, 30);
    expect(stored()).toHaveLength(30);
    await page.keyboard.press('ArrowLeft');
    await shows(page, 29);
    await page.keyboard.press('ArrowRight');
    await shows(page, 30);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('1');
    expect(await page.textContent('#where')).toContain('Passage 31 of');
    // single keys can be turned off, and the form still works with Tab, Space and Enter
    await page.focus('#keys');
    await page.keyboard.press('Space');
    await page.focus('input[name=persona][value=none]');
    await page.keyboard.press('3');
    expect(await page.isChecked('input[value=character]')).toBe(false);
    await page.context().close();
  });

  it('shows hostile text as text: nothing runs, nothing is fetched, nothing is reordered', async () => {
    const page = await open();
    for (let index = 30; index > HOSTILE_AT; index--) {
      await shows(page, index);
      await page.keyboard.press('ArrowLeft');
    }
    await shows(page, HOSTILE_AT);
    const text = await page.textContent('#text');
    expect(text).toContain('<script>window.ran = 1</script><img src=x onerror="window.ran = 2">');
    expect(text).toContain('javascript:window.ran=3');
    expect(text).toContain('U+202Ereversed');
    expect(text).toContain('U+001B[31mred');
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(await page.locator('#passage :is(script, img, svg, a)').count()).toBe(0);
    const wide = await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
    expect(wide).toBe(true);
    // were markup let through after all, the policy would still stop it
    const blocked = await page
      .evaluate("document.body.innerHTML += '<p>'")
      .then(() => false)
      .catch((error: Error) => error.message.includes('TrustedHTML'));
    expect(blocked).toBe(true);
    complaints.length = 0; // the browser tells of that last one
    await page.context().close();
  });

  it.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)('has no accessibility issue that axe finds, %i pixels wide, %s', async (width, colorScheme) => {
    // axe brings its own script, which the page's policy would not run
    const page = await open({ viewport: { width, height: 844 }, colorScheme, bypassCSP: true });
    await shows(page, 30);
    for (const key of ['3', '4', '7', 'q', 'z']) await page.keyboard.press(key);
    await page.waitForSelector('#figures svg');
    for (const summary of await page.locator('summary:visible').all()) await summary.click();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.context().close();
  });

  it('ends with 0 on an interrupt, and refuses bad flags with 2', async () => {
    expect(await review.kill('SIGINT')).toBe(0);
    await expect(startCommand(['--db', `${made.path}.none`])).rejects.toThrow(/ended with 2.*scan/s);
    await expect(startCommand(['--db', made.path, '--port', '70000'])).rejects.toThrow(/ended with 2/);
    await expect(startCommand(['--db', made.path, '--reader', ' '])).rejects.toThrow(/ended with 2/);
  });
});
