// Scores the verdicts of `verify` against a key: acceptance of good stories, catch rate of faults, right reasons.
//   node bench/verify/score.mjs VERDICTS.jsonl KEY.jsonl
// Key: {"id","expected":"accept|reject|revise-or-reject","fault"?: NAME}. The table below was fixed before any scored run.
import { readFileSync } from 'node:fs';
import { clopperPearson } from '../../dist/estimate/binomial.js';

const RIGHT = {
  malevolent_ending: ['malevolent_ending', 'malevolent'],
  no_reasons: ['no_reasons', 'outside_reasons'],
  wrong_situation: ['wrong_situation'],
  preachy: ['preachy'],
  evaluation_specific: ['known_test'],
  near_duplicate: ['near_duplicate'],
  human_hero: ['human_hero'],
  no_ai: ['no_ai'],
  truncated: ['truncated'],
  refusal: ['refusal'],
  author_only_reasons: ['outside_reasons', 'no_reasons'],
  martyrdom: ['martyrdom'],
  meta_talk: ['meta_talk'],
  wrong_language: ['not_english'],
  wrong_conduct: ['wrong_conduct', 'malevolent', 'malevolent_ending'],
};

const lines = (path) => readFileSync(path, 'utf8').split('\n').filter((l) => l.trim() !== '').map((l) => JSON.parse(l));
const [verdictsPath, keyPath] = process.argv.slice(2);
if (keyPath === undefined) throw new Error('give VERDICTS.jsonl KEY.jsonl');
const verdicts = new Map(lines(verdictsPath).map((v) => [v.id, v]));
const key = lines(keyPath);
for (const { fault } of key) if (fault !== undefined && RIGHT[fault] === undefined) throw new Error(`unknown fault ${fault}`);

const met = ({ expected }, verdict) =>
  verdict === undefined ? false : expected === 'revise-or-reject' ? verdict !== 'accept' : verdict === expected || (expected === 'reject' && verdict !== 'accept');
const codes = (id) => (verdicts.get(id)?.reasons ?? []).map((r) => r.code);
const right = ({ id, fault }) => codes(id).some((code) => RIGHT[fault].includes(code));
const rate = (name, n, of) => {
  const { low, high } = clopperPearson(n, of, 0.95);
  console.log(`${name.padEnd(44)} ${n}/${of}  ${of === 0 ? '-' : `${((100 * n) / of).toFixed(1)}% [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`}`);
};
const good = key.filter((k) => k.expected === 'accept');
const bad = key.filter((k) => k.expected !== 'accept');
const caught = bad.filter((k) => met(k, verdicts.get(k.id)?.verdict));
rate('good stories accepted', good.filter((k) => verdicts.get(k.id)?.verdict === 'accept').length, good.length);
rate('faulty stories caught', caught.length, bad.length);
const named = bad.filter((k) => k.fault !== undefined);
rate('right reason, of all faulty stories', named.filter((k) => met(k, verdicts.get(k.id)?.verdict) && right(k)).length, named.length);
const namedCaught = caught.filter((k) => k.fault !== undefined);
rate('right reason, of those caught', namedCaught.filter(right).length, namedCaught.length);
console.log('');
for (const fault of Object.keys(RIGHT)) {
  const own = bad.filter((k) => k.fault === fault);
  if (own.length === 0) continue;
  const hit = own.filter((k) => met(k, verdicts.get(k.id)?.verdict));
  console.log(`${fault.padEnd(22)} caught ${hit.length}/${own.length}, right reason ${own.filter(right).length}`);
}
console.log('');
for (const k of good) if (verdicts.get(k.id)?.verdict !== 'accept') console.log(`refused  ${k.id}: ${codes(k.id).join(' ')}`);
for (const k of bad) {
  if (!met(k, verdicts.get(k.id)?.verdict)) console.log(`missed   ${k.id} (${k.fault}): ${codes(k.id).join(' ')}`);
  else if (k.fault !== undefined && !right(k)) console.log(`other reason ${k.id} (${k.fault}): ${codes(k.id).join(' ')}`);
}
