// What the unit of gate rejects and the floors do to the overall interval: `npm run build && node bench/design/run.mjs [--rounds N]
// [--out F]`. Invented corpora whose documents have lengths like those of books, articles and posts; labels are the truth.
// Compared at equal numbers of labels: samples of 500 whole documents a source with one passage each, or of 500 blocks of five
// passages; floors for rejects from half of the labels or from a quarter. Prints a Markdown table: mean width, coverage with
// its 95% Clopper-Pearson interval, and the stratum with the most passages to a label.
import { writeFileSync } from 'node:fs';
import { binomial, generator } from '../coverage/draws.mjs';

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const dist = new URL(option('dist', '../../dist/'), import.meta.url);
const { cautiousRates, neymanAllocation } = await import(new URL('estimate/design.js', dist));
const { prevalence } = await import(new URL('estimate/prevalence.js', dist));
const { clopperPearson } = await import(new URL('estimate/binomial.js', dist));
const rounds = Number(option('rounds', '200'));
const KEPT = 500;
const BLOCK = 5;

/** documents that the gate shuts, their mean length and its spread (of the logarithm), other rejects and hits, by source */
const SOURCES = [
  { name: 'articles', documents: 7000, length: 4, spread: 1.3, far: 7000, linear: 14000, low: 5000, high: 300, hits: 60 },
  { name: 'books', documents: 65, length: 150, spread: 1.2, far: 38000, linear: 240, low: 4300, high: 540, hits: 40 },
  { name: 'stories', documents: 45, length: 30, spread: 1, far: 3000, linear: 560, low: 5900, high: 2300, hits: 1400 },
  { name: 'posts', documents: 4000, length: 3, spread: 0.7, far: 160, linear: 1000, low: 2200, high: 1800, hits: 900 },
];
/** shares of characters, near those that were read in the six corpora */
const RATES = { far: 0.001, linear: 0.004, low: 0.004, high: 0.08, hits: 0.71 };
/** Misses behind the gate: spread evenly at one in a thousand; or all in few documents, a third of whose passages show one. */
const MISSES = {
  spread: (random, sizes) => sizes.map((m) => Array.from({ length: m }, () => random() < 0.001)),
  crowded: (random, sizes) => sizes.map((m) => { const full = random() < 0.003; return Array.from({ length: m }, () => full && random() < 1 / 3); }),
};
const DESIGNS = [
  { name: 'documents, floors from half', block: 0, part: 1 / 2 },
  { name: 'blocks, floors from half', block: BLOCK, part: 1 / 2 },
  { name: 'blocks, floors from a quarter', block: BLOCK, part: 1 / 4 },
];

function shuffled(list, random) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** The corpus of one round: the gate's documents as lists of truths, other strata as counts of positives. */
function corpus(misses, random) {
  return SOURCES.map((source) => {
    const sizes = Array.from({ length: source.documents }, () => Math.max(1, Math.round(source.length * Math.exp(source.spread * normal(random)))));
    const gate = MISSES[misses](random, sizes);
    const others = Object.keys(RATES).map((kind) => ({ kind, population: source[kind], positives: binomial(random, source[kind], RATES[kind]) }));
    return { gate, others };
  });
}

/** The strata of a design: [size in passages, what can be drawn of it as truths with the passages they stand for]. */
function strataOf(sources, block, random) {
  return sources.flatMap(({ gate, others }) => {
    const units = block === 0 ? gate : gate.flatMap((d) => Array.from({ length: Math.ceil(d.length / block) }, (_, i) => d.slice(i * block, (i + 1) * block)));
    const kept = shuffled(units, random).slice(0, KEPT);
    const classes = new Map();
    for (const unit of kept) {
      const name = Math.floor(Math.log2(unit.length));
      const drawn = { truth: unit[Math.floor(random() * unit.length)], passages: unit.length };
      classes.set(name, [...(classes.get(name) ?? []), drawn]);
    }
    const total = gate.reduce((sum, d) => sum + d.length, 0);
    const seen = kept.reduce((sum, u) => sum + u.length, 0);
    const gates = [...classes.values()].map((list) => ({ hit: false, list, population: Math.max(list.length, Math.round((total * list.reduce((s, u) => s + u.passages, 0)) / seen)) }));
    const rest = others.filter((o) => o.population > 0).map(({ kind, population, positives }) => {
      const n = kind === 'hits' ? population : Math.min(KEPT, population);
      const truths = shuffled(Array.from({ length: population }, (_, i) => i < positives), random).slice(0, n);
      return { hit: kind === 'hits', population, list: truths.map((truth) => ({ truth })) };
    });
    return [...gates, ...rest];
  });
}

function audit(strata, n, part) {
  const rates = cautiousRates(strata);
  const floor = (p) => Math.max(1, Math.min(20, Math.floor((n * p) / strata.length)));
  const planned = strata.map((s, i) => ({ population: s.list.length, weight: s.population / s.list.length, rate: rates[i], floor: floor(s.hit ? 1 / 2 : part) }));
  const sizes = neymanAllocation(planned, n);
  const counted = strata.map((s, i) => ({ name: '', population: s.population, sampled: sizes[i], positives: s.list.slice(0, sizes[i]).filter((u) => u.truth).length }));
  const unit = Math.max(...counted.map((s) => (s.sampled >= s.population ? 0 : s.population / s.sampled)));
  return { ...prevalence(counted, 0.95), unit };
}

const lines = ['| misses behind the gate | labels | design | mean width | coverage | most passages to a label |', '| --- | ---: | --- | ---: | --- | ---: |'];
for (const misses of Object.keys(MISSES)) {
  for (const n of option('labels', '300,600,1200').split(',').map(Number)) {
    for (const { name, block, part } of DESIGNS) {
      let inside = 0;
      let width = 0;
      let unit = 0;
      for (let round = 0; round < rounds; round++) {
        const random = generator(`design ${misses} ${round}`);
        const sources = corpus(misses, random);
        const passages = sources.reduce((sum, s) => sum + s.gate.reduce((m, d) => m + d.length, 0) + s.others.reduce((m, o) => m + o.population, 0), 0);
        const positives = sources.reduce((sum, s) => sum + s.gate.reduce((m, d) => m + d.filter(Boolean).length, 0) + s.others.reduce((m, o) => m + o.positives, 0), 0);
        const found = audit(strataOf(sources, block, random), n, part);
        if (found.low <= positives / passages && positives / passages <= found.high) inside++;
        width += (found.high - found.low) / rounds;
        unit += found.unit / rounds;
      }
      const { low, high } = clopperPearson(inside, rounds, 0.95);
      lines.push(`| ${misses} | ${n} | ${name} | ${(100 * width).toFixed(2)} points | ${inside} of ${rounds} (${low.toFixed(3)} to ${high.toFixed(3)}) | ${unit.toFixed(0)} |`);
      process.stderr.write(`${lines.at(-1)}\n`);
    }
  }
}
const text = `${lines.join('\n')}\n`;
if (option('out', null) !== null) writeFileSync(option('out', null), text);
process.stdout.write(text);
