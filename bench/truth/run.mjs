// The check with known truth: `npm run build && node bench/truth/run.mjs [--out F] [--unseen calibration,test]`, after
// pool.py and score.mjs. 100 seeded corpora at each of 0.1%, 1% and 5%; their audit samples are drawn by `labels sample`'s
// code, labelled with the truth, imported and estimated by the report's code. Writes F.json and F.md; counts how many 95%
// intervals contain the truth. Exit 1 where that is under 90 of 100 at a rate or 278 of 300 together. Each corpus is kept in
// the cache as it is done: a run that finds it goes on from there, so `--rates` can be run side by side first.

import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generator } from '../coverage/draws.mjs';
import { drawCorpus, pieces } from './corpora.mjs';
import { scanned } from './database.mjs';
import { markdown } from './table.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const cache = option('cache', fileURLToPath(new URL('cache', import.meta.url)));
const models = option('models', fileURLToPath(new URL('../../models', import.meta.url)));
const out = option('out', 'truth');
const unseen = option('unseen', 'calibration').split(',');
const passages = Number(option('passages', '4000'));
const labels = Number(option('labels', '400'));
const rounds = Number(option('rounds', '100'));
const rates = option('rates', '0.001,0.01,0.05').split(',').map(Number);
const dist = new URL(option('dist', '../../dist/'), import.meta.url);
const load = (file) => import(new URL(file, dist));
const lib = {
  ...(await load('unit.js')),
  ...(await load('store/database.js')),
  ...(await load('store/shards.js')),
  ...(await load('store/writer.js')),
  ...(await load('labels/sample.js')),
  ...(await load('labels/store.js')),
  ...(await load('report/load.js')),
  ...(await load('audit.js')),
};

const records = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const card = (name) => JSON.parse(readFileSync(join(models, name, 'card.json'), 'utf8'));
const encoder = card('encoder');
const scoreFile = `scores-${encoder.sha256['onnx/model_quantized.onnx'].slice(0, 12)}.jsonl`;
if (!readdirSync(cache).includes(scoreFile)) throw new Error(`no ${scoreFile} in ${cache}: run score.mjs first`);
const thresholds = { linear: card('linear').thresholds.keep, store: encoder.thresholds.store, flag: encoder.thresholds.flag };
const pool = pieces(records(join(cache, 'pool.jsonl')), records(join(cache, scoreFile))).map((p) => ({
  ...p,
  unseen: unseen.includes(p.part),
}));
const empties = pool.filter((p) => p.persona !== 'character');
const allCharacters = pool.filter((p) => p.persona === 'character');
const characters = allCharacters.filter((p) => p.unseen);

const start = Date.now();
const kept = join(cache, `results-${scoreFile.slice(7, 19)}-${pool.length}-${unseen.join('+')}-${passages}-${labels}.jsonl`);
const earlier = new Map((existsSync(kept) ? records(kept) : []).map((r) => [`${r.rate} ${r.round}`, r]));
const results = [];
for (const rate of rates) {
  for (let round = 0; round < rounds; round++) {
    const before = earlier.get(`${rate} ${round}`);
    if (before !== undefined) {
      results.push(before);
      continue;
    }
    const began = process.cpuUsage();
    const result = await check(rate, round);
    const { user, system } = process.cpuUsage(began);
    results.push({ ...result, seconds: (user + system) / 1e6 });
    appendFileSync(kept, `${JSON.stringify(results.at(-1))}\n`);
    process.stderr.write(`${((Date.now() - start) / 1000).toFixed(0)}s ${rate} ${round}: ${results.at(-1).passage.inside}\n`);
  }
}

/** One corpus from the draw to the interval. */
async function check(rate, round) {
  const random = generator(`truth ${rate} ${round}`);
  const { corpus, character } = drawCorpus({ empties, characters, passages, rate, random });
  const { db, truths } = await scanned(corpus, { seed: round + 1, thresholds, lib });
  const { rows, strata } = lib.drawAudit(db, { n: labels, design: 'neyman' });
  const lines = rows.map((row) => {
    const { persona, framing, valence, conduct, situation, reasons } = truths.get(`${row.source}|${row.doc}|${row.start}`);
    return JSON.stringify({ ...row, persona, framing, valence, conduct, situation, reasons, confidence: 3, reader: 'truth' });
  });
  const imported = await lib.importLabels(db, lines);
  if (imported.added !== rows.length) throw new Error(`imported ${JSON.stringify(imported)} of ${rows.length}`);
  const loaded = lib.loadReportData(db);
  const all = [...truths.values()];
  const isIn = (property) => (p) => (property === 'persona=character' ? p.persona === 'character' : p.valence === 'malevolent');
  const words = (list) => list.reduce((sum, p) => sum + p.words, 0);
  const evil = all.filter(isIn('valence=malevolent'));
  const prevalence = lib.auditedPrevalence(db, loaded);
  const row = (property, unit) => prevalence.find((r) => r.property === property && r.unit === unit && r.source === null);
  const share = (property, unit) => {
    const found = all.filter(isIn(property));
    return judge(row(property, unit), unit === 'word' ? words(found) / words(all) : found.length / all.length);
  };
  const prior = lib.auditedPrior(db, loaded).find((r) => r.over === 'valence' && Object.keys(r.given).length === 0);
  const hits = loaded.sources.reduce((sum, s) => sum + s.hits.length, 0);
  const caught = loaded.sources.flatMap((s) => s.hits.map((h) => truths.get(`${s.name}|${h.document}|${h.start}`)));
  db.close();
  return {
    rate,
    round,
    passages: all.length,
    character,
    labels: rows.length,
    strata: strata.length,
    hits,
    caught: caught.filter((p) => p.persona === 'character').length,
    passage: share('persona=character', 'passage'),
    word: share('persona=character', 'word'),
    malevolent: share('valence=malevolent', 'passage'),
    prior: character === 0 ? null : judge(prior && { ...prior.values.malevolent, status: prior.status }, evil.length / character),
  };
}

/** Whether the interval holds the truth; null where the estimate says `insufficient`. */
function judge(row, truth) {
  const { estimate = null, low = null, high = null, status = 'insufficient' } = row ?? {};
  const inside = status === 'measured' ? low <= truth + 1e-12 && truth - 1e-12 <= high : null;
  return { truth, estimate, low, high, inside };
}

const used = (list) => Object.fromEntries(['calibration', 'test', 'train'].map((part) => [part, list.filter((p) => p.part === part).length]));
const run = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  encoder: `${encoder.name}@${encoder.version}`,
  sha256: encoder.sha256['onnx/model_quantized.onnx'],
  thresholds,
  passages,
  labels,
  rounds,
  unseen,
  pool: { characters: used(characters), empties: used(empties), charactersNotUsed: allCharacters.length - characters.length },
  seconds: Math.round(results.reduce((sum, r) => sum + r.seconds, 0)),
  command: `node bench/truth/run.mjs ${process.argv.slice(2).filter((a, i, all) => !/^--(dist|cache|models)$/.test(a) && !/^--(dist|cache|models)$/.test(all[i - 1] ?? '')).join(' ')}`.trim(),
};
const { summary, text, passed } = markdown(run, results);
writeFileSync(`${out}.md`, text);
const short = (_, v) => (typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(6)) : v);
const lines = results.map((r) => `  ${JSON.stringify(r, short)}`).join(',\n');
writeFileSync(`${out}.json`, `${JSON.stringify({ run, summary }, short, 2).slice(0, -2)},\n  "corpora": [\n${lines}\n  ]\n}\n`);
process.stderr.write(`${text.split('\n').slice(0, 30).join('\n')}\n`);
if (!passed) process.exitCode = 1;
