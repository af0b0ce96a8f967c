// Writes results.json anew from the installed models: node test/cases/record.mjs (after `npm run build`). Look at what changed.
// `first` is the score of the model that was installed when the cases were first run, and stays.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const folder = join(root, 'test', 'cases');
const { loadCascade } = await import(join(root, 'dist', 'cascade.js'));
const { HEAD_OFFSET, VALENCE } = await import(join(root, 'dist', 'types.js'));
const cascade = await loadCascade(join(root, 'models'));
const names = readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name).sort();
const wrong = {};
const right = { persona: 0, character: 0, malevolent: 0, joint: 0 };
for (const name of names) {
  const input = JSON.parse(readFileSync(join(folder, name, 'input.json'), 'utf8'));
  const expected = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8'));
  const { passages } = await cascade.judge({ ...input, names: [] }, { all: true, whole: true });
  const { scores } = passages[0];
  const character = scores[2] >= cascade.thresholds.store;
  const persona = character ? 'character' : scores[1] > scores[0] ? 'mention' : 'none';
  const valence = scores.subarray(HEAD_OFFSET.valence, HEAD_OFFSET.valence + VALENCE.length);
  const label = character ? `character-${VALENCE[valence.indexOf(Math.max(...valence))]}` : persona;
  if (label !== name.split('.')[0]) wrong[name] = label;
  else right.joint++;
  if (persona === expected.persona) right.persona++;
  if (character === (expected.persona === 'character')) right.character++;
  const flagged = scores[2] * valence[0] >= cascade.thresholds.flag;
  if (flagged === (expected.valence === 'malevolent')) right.malevolent++;
}
const file = join(folder, 'results.json');
const before = JSON.parse(readFileSync(file, 'utf8'));
const first = before.first ?? { model: before.model, right: before.right };
writeFileSync(file, `${JSON.stringify({ model: cascade.model, cases: names.length, right, wrong, first }, null, 2)}\n`);
console.log(cascade.model, names.length, right);
await cascade.dispose();
