// The labelling page: fetches passages, saves and takes back labels, obeys keys. The form and the figures have their files.
import { byId, corpusText, el } from './dom.js';
import { showAgreement, showFigures } from './figures.js';
import { createForm } from './form.js';
import { showPassage } from './passage.js';

/** Milliseconds without a label before figures are asked for, and between two questions. */
const IDLE = 1200;

const session = await ask('session');
const form = createForm(session.codebook);
let { progress } = session;
let shown = null;
let busy = false;
let timer = 0;
/** without a reader there is nothing to label: the passages are looked through */
const reading = session.reader === null;
if (reading) readOnly();

if (!reading) byId('who').replaceChildren(corpusText('bdi', session.reader), session.blind ? ' · blind' : '');
byId('rulelist').replaceChildren(...session.rules.map((rule) => el('li', {}, rule)));
byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  run(save);
});
byId('undo').addEventListener('click', () => run(undo));
byId('back').addEventListener('click', () => run(() => move(-1)));
byId('forward').addEventListener('click', () => run(() => move(1)));
document.addEventListener('keydown', obey);
await run(() => show(reading ? 0 : (progress.next ?? progress.total - 1)));
if (!reading) {
  if (progress.next === null) say(`All ${progress.total} passages are labelled.`);
  refreshFigures(0);
}

/** Leaves the passage and the way to its neighbours. */
function readOnly() {
  document.title = 'persona-prior search';
  document.querySelector('h1').replaceChildren('Search');
  byId('passage').append(byId('actions'));
  byId('model').open = true;
  for (const id of ['form', 'figures', 'agreement', 'progress', 'switch', 'undo', 'save']) byId(id).hidden = true;
}

/** One thing at a time; what fails is said, and the form stays as it is. */
async function run(action) {
  if (busy) return;
  busy = true;
  try {
    await action();
  } catch (error) {
    say(error.message, true);
  } finally {
    busy = false;
  }
}

async function show(index, draft = null) {
  const passage = await ask(`passages/${index}`);
  shown = passage;
  showPassage(passage, progress.total);
  form.fill(draft ?? passage.label);
  byId('bar').max = progress.total;
  byId('bar').value = progress.done;
  byId('count').replaceChildren(`${progress.done} of ${progress.total} labelled`);
  byId('back').disabled = index === 0;
  byId('forward').disabled = index >= furthest();
  byId('undo').disabled = progress.done === 0;
  byId('where').focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

async function save() {
  const missing = form.missing();
  if (missing !== null) return say(missing, true);
  const body = { id: shown.id, label: form.read() };
  ({ progress } = await ask(`passages/${shown.index}`, { method: 'PUT', body }));
  const saved = shown.index + 1;
  await show(progress.next ?? shown.index);
  say(progress.next === null ? `Saved. All ${progress.total} passages are labelled.` : `Passage ${saved} saved.`);
  refreshFigures(IDLE);
}

async function undo() {
  const { undone, progress: now } = await ask('undo', { method: 'POST', body: {} });
  progress = now;
  if (undone === null) return say('Nothing to undo.');
  await show(undone.index, undone.restored ?? undone.label);
  const what = undone.restored === null ? 'is unsaved again; its answers are filled in' : 'has its earlier label back';
  say(`Passage ${undone.index + 1} ${what}.`);
  refreshFigures(IDLE);
}

/** Looks through what is labelled; nothing is left out, so the first open passage is the furthest. */
async function move(by) {
  const index = shown.index + by;
  if (index < 0 || index > furthest()) return;
  await show(index);
  if (!reading) say(shown.label === null ? '' : 'This passage has a label; saving replaces it.');
}

function furthest() {
  return progress.next ?? progress.total - 1;
}

function obey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !byId('keys').checked) return;
  const { target } = event;
  const pressable = target.closest('button, summary, a') !== null;
  if (reading && !event.key.startsWith('Arrow')) return;
  if (event.key === 'Enter' && !pressable) {
    event.preventDefault();
    run(save);
  } else if (event.key === 'Backspace') {
    event.preventDefault();
    run(undo);
  } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
    // between radio buttons and in a wide table arrows have their own meaning
    if (target.closest('input, .scroll') === null) run(() => move(event.key === 'ArrowLeft' ? -1 : 1));
  } else if (event.key === 'Escape') {
    form.fill(shown.label);
    say('Form reset.');
  } else if (!busy) {
    const did = form.press(keyOf(event));
    if (did === null) return;
    event.preventDefault();
    say(did);
  }
}

/** The character of a key; where the layout has no Latin letters, the one at its place. */
function keyOf({ key, code }) {
  if (key.length === 1 && key.charCodeAt(0) < 128) return key.toLowerCase();
  return /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : key;
}

function refreshFigures(wait) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      const trail = await ask('figures');
      showFigures(trail);
      if (trail.missing > 0) refreshFigures(300);
      else showAgreement(await ask('agreement'));
    } catch (error) {
      say(error.message, true);
    }
  }, wait);
}

function say(text, wrong = false) {
  byId('status').classList.toggle('wrong', wrong);
  byId('status').replaceChildren(text);
}

/** Asks the server under this page's own address, which holds the token. Throws what it says, or that it is gone. */
async function ask(path, { method = 'GET', body } = {}) {
  const json =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(`api/${path}`, { method, ...json });
  } catch {
    throw new Error(
      'The server does not answer; nothing was saved. Start `persona-prior review` again and open its new address.',
    );
  }
  const value = await answer.json();
  if (!answer.ok) throw new Error(`Not done: ${value.error}`);
  return value;
}
