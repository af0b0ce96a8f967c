// What the page draws from: clusters, telling terms, concentration, copies, patterns, reliability; and the drawings.
import { describe, expect, it } from 'vitest';
import { clusters, type HitReader } from '../../src/figures/clusters.js';
import { concentration } from '../../src/figures/concentration.js';
import { duplicateTexts } from '../../src/figures/copies.js';
import { UNWEIGHTED } from '../../src/figures/mix.js';
import { patterns } from '../../src/figures/patterns.js';
import { reliability } from '../../src/figures/reliability.js';
import { tellingTerms } from '../../src/figures/terms.js';
import type { AuditSample } from '../../src/labels/cells.js';
import { figure } from '../../src/report/charts/draw.js';
import { rowsPlot } from '../../src/report/charts/rows.js';
import { headlineOf } from '../../src/report/headline.js';
import type { HitData, Loaded } from '../../src/report/load.js';
import type { PriorRow, Report } from '../../src/report/model.js';
import { EMBEDDING, HEAD_OFFSET, SCORES } from '../../src/types.js';

const SUBJECTS = ['kitchen', 'harbour', 'orchard'];

function hit(id: number, more: Partial<HitData> = {}): HitData {
  const scores = new Float32Array(SCORES);
  scores[HEAD_OFFSET.persona + 2] = 0.9;
  scores[HEAD_OFFSET.valence + (id % 3 === 0 ? 0 : 3)] = 1;
  return {
    id,
    source: 1,
    documentKey: `1#${id >> 1}`,
    document: `d${id >> 1}`,
    title: null,
    words: 100,
    passage: 0,
    passages: 10,
    start: 100 * id,
    end: 100 * id + 90,
    names: [],
    tropes: id % 3 === 0 ? ['machine-uprising'] : [],
    persona: 0.9,
    malevolent: id % 3 === 0 ? 0.9 : 0,
    scores,
    textHash: `h${String((id * 7919) % 1000).padStart(4, '0')}`,
    ...more,
  };
}

function loaded(hits: readonly HitData[]): Loaded {
  const none = { passages: 0, words: 0, documents: 0, places: new Set<string>() };
  const source = { id: 1, name: 's', tallies: new Map(), hits, gateSample: [], rejected: [], copies: none };
  return { runs: [], inputs: [], sources: [source] } as unknown as Loaded;
}

/** Hits of three kinds, each around an axis of its own, with texts of their own subject. */
const READ: HitReader = {
  *vectors(wanted) {
    for (const id of [...wanted].reverse()) {
      const vector = new Float32Array(EMBEDDING);
      vector[id % 3] = 1;
      vector[10 + (id % 50)] = 0.1 + id / 5000;
      yield { id, vector: vector.map((x) => x / Math.hypot(1, vector[10 + (id % 50)]!)) };
    }
  },
  text: (id) => `The machine went to the ${SUBJECTS[id % 3]} and called Name${id} there.`,
  quote: (id) => `quote ${id}`,
};
const SCALE = { weights: UNWEIGHTED, read: READ, quote: true, allowed: null };
const HITS = Array.from({ length: 150 }, (_, i) => hit(i));

describe('clusters', () => {
  const found = clusters(loaded(HITS), SCALE)!;

  it('hold every hit once, find what belongs together, and name it by its telling word', () => {
    expect(found.list.reduce((sum, c) => sum + c.hits, 0)).toBe(150);
    expect(found.list.reduce((sum, c) => sum + c.share, 0)).toBeCloseTo(1, 12);
    for (const cluster of found.list) expect(SUBJECTS).toContain(cluster.terms[0]);
  });

  it('give the named trope where it stands out, and call the others new', () => {
    for (const c of found.list) expect(c.known).toBe(c.terms[0] === 'kitchen' ? 'machine-uprising' : null);
  });

  it('are the same for hits in another order', () => {
    const turned = clusters(loaded([...HITS].reverse()), SCALE)!;
    expect(turned).toEqual(found);
  });

  it('quote passages of different documents, none without text, and only words that are allowed', () => {
    for (const c of found.list) expect(new Set(c.typical.map((t) => t.document)).size).toBe(3);
    const bare = clusters(loaded(HITS), { ...SCALE, quote: false, allowed: (w) => w === 'orchard' })!;
    expect(bare.list.flatMap((c) => c.terms)).toEqual(['orchard']);
    for (const c of bare.list) for (const t of c.typical) expect([t.text, t.title]).toEqual([null, null]);
  });

  it('are null for few texts, and for many copies of one', () => {
    expect(clusters(loaded(HITS.slice(0, 30)), SCALE)).toBeNull();
    expect(clusters(loaded(HITS.map((h) => ({ ...h, textHash: 'one' }))), SCALE)).toBeNull();
  });
});

describe('telling terms', () => {
  it('leave out words of one document, stop words, and words named like parts of an object', () => {
    const texts = Array.from({ length: 12 }, (_, i) => ({
      group: i % 2,
      document: `d${i}`,
      text: `constructor __proto__ the ${i % 2 === 0 ? 'dragon dragons' : 'reactor'} and solitary${i === 0 ? 'word' : 'x'.repeat(i)}`,
    }));
    const [a, b] = tellingTerms(texts, 2, 3, { spread: 3, allowed: null });
    expect([a![0], b![0]]).toEqual(['dragon', 'reactor']);
    expect(a).not.toContain('dragons');
    expect(a!.concat(b!).filter((w) => w.startsWith('solitary'))).toEqual([]);
  });
});

describe('concentration', () => {
  const hits = [
    ...Array.from({ length: 8 }, (_, i) => hit(i, { documentKey: 'a', document: 'a', title: 'One ' })),
    hit(8),
    hit(9, { title: 'ONE', names: ['Hal'] }),
  ];

  it('has the Gini and the half of its weights', () => {
    const found = concentration(loaded(hits), UNWEIGHTED, { titles: true, names: null });
    const documents = found.find((c) => c.of === 'document' && c.property === 'persona=character')!;
    expect(documents).toMatchObject({ groups: 2, half: 1 });
    // weights 8 and 2 of 10: (2 * (1*2 + 2*8)) / (2*10) - 3/2
    expect(documents.gini).toBeCloseTo(0.3, 12);
    expect(documents.curve.map(([, y]) => y)).toEqual([0, expect.closeTo(0.8, 12), expect.closeTo(1, 12)]);
    const works = found.find((c) => c.of === 'work' && c.property === 'persona=character')!;
    expect(works.top[0]).toMatchObject({ name: 'One', hits: 9 });
  });

  it('hides titles and learnt names where text is left out', () => {
    const found = concentration(loaded(hits), UNWEIGHTED, { titles: false, names: new Set() });
    expect(JSON.stringify(found)).not.toMatch(/One|ONE|Hal/);
  });

  it('counts copies', () => {
    const copies = duplicateTexts(loaded([...hits, hit(20, { textHash: hits[0]!.textHash })]));
    expect(copies).toMatchObject({ hits: 11, copies: 1, repeated: 1, acrossDocuments: 1, acrossSources: 0 });
  });
});

describe('patterns', () => {
  const row = (status: PriorRow['status'], values: Record<string, [number, number, number] | null>): PriorRow =>
    ({
      given: { situation: 'service' },
      over: 'conduct',
      status,
      n: 30,
      effectiveN: 25,
      level: 0.95,
      sample: 'x',
      values: Object.fromEntries(
        Object.entries(values).map(([k, v]) => [
          k,
          { estimate: v?.[0] ?? null, low: v?.[1] ?? null, high: v?.[2] ?? null },
        ]),
      ),
    }) as unknown as PriorRow;

  it('take measured rows first, say whether the lead is settled, and nothing where all is thin', () => {
    const scored = row('transferred', { helps: [0.4, 0.35, 0.45], harms: [0.1, 0.05, 0.2] });
    const [found] = patterns([row('insufficient', { helps: null, harms: null }), scored]);
    expect(found).toMatchObject({ conduct: 'helps', second: { conduct: 'harms' }, apart: true, status: 'transferred' });
    const [close] = patterns([scored, row('measured', { harms: [0.3, 0.1, 0.5], helps: [0.2, 0.1, 0.4] })]);
    expect(close).toMatchObject({ conduct: 'harms', apart: false, status: 'measured' });
    const [thin] = patterns([row('insufficient', { helps: null })]);
    expect(thin).toMatchObject({ conduct: null, second: null, estimate: null, status: 'insufficient' });
  });
});

describe('reliability', () => {
  it('weighs each label by its stratum, and leaves out what was not scored', () => {
    const scores = (p: number): Float32Array =>
      Object.assign(new Float32Array(SCORES), { [HEAD_OFFSET.persona + 2]: p });
    const unit = (p: number | null, persona: string) => ({
      label: { persona, valence: 'neutral' },
      scores: p === null ? null : scores(p),
    });
    const cells = [
      { population: 90, units: [unit(0.55, 'character')] },
      { population: 10, units: [unit(0.55, 'none'), unit(null, 'none')] },
    ];
    const bins = reliability({ cells } as unknown as AuditSample).filter((b) => b.property === 'persona=character');
    expect(bins).toHaveLength(1);
    expect(bins[0]).toMatchObject({ from: 0.5, to: 0.6, labels: 2, positives: 1 });
    expect(bins[0]!.estimate).toBeCloseTo(90 / 95, 12);
  });
});

describe('drawings', () => {
  const hostile = '<script>alert(1)</script>"\u202e\u0007\ud800&amp;';
  const value = { estimate: 0.2, low: 0.1, high: 0.3 };
  const html = figure({
    id: 'c-x',
    title: hostile,
    note: hostile,
    description: hostile,
    table: { head: ['a'], rows: [[hostile]] },
    plot: rowsPlot(
      [{ head: hostile }, { label: hostile, value, tone: 'bad', full: true, words: hostile.slice(0, 8) }],
      { axis: 'share', format: String },
    ),
  });

  it('have a name, a description, colours of the style sheet, and the table behind them', () => {
    expect(html.match(/<svg [^>]*role="img"/g)).toHaveLength(2);
    for (const [, id] of html.matchAll(/aria-(?:labelledby|describedby)="([^"]+)"/g))
      expect(html).toContain(`id="${id}"`);
    expect(html).toContain('var(--bad)');
    expect(html).toContain('The same as a table');
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('show hostile labels as text', () => {
    expect(html).not.toContain('<script');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(html).not.toMatch(/[\u202e\u0007]/);
  });
});

describe('the headline', () => {
  const valence = { malevolent: { estimate: 0.25, low: 0.2, high: 0.31 } };
  const base = {
    prevalence: [
      {
        property: 'persona=character',
        unit: 'passage',
        source: null,
        estimate: 0.01,
        low: 0.005,
        high: 0.02,
        status: 'transferred',
        naive: { estimate: 0.012 },
      },
    ],
    prior: [{ over: 'valence', given: {}, status: 'transferred', values: valence }],
    contrasts: [],
    mix: { weighted: false },
  } as unknown as Report;

  it('is one sentence with its interval, says what it rests on and what it is not', () => {
    const { sentence, more, not } = headlineOf(base);
    expect(sentence).toBe(
      'When an AI acts in these texts, the passage shows it as malevolent in 25% of cases (95% interval 20% to 31%).',
    );
    expect(more.join(' ')).toContain('nobody has labelled');
    expect(not.length).toBeGreaterThan(2);
  });

  it('claims nothing where nothing is known', () => {
    expect(headlineOf({ ...base, prior: [] }).sentence).toMatch(/^Too few/);
    expect(headlineOf({ ...base, prevalence: [] }).sentence).toBe('Nothing was read.');
  });
});
