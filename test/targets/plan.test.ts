import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { transferredPrior } from '../../src/figures/prior.js';
import { loadReportData } from '../../src/report/load.js';
import { openDatabase } from '../../src/store/database.js';
import { buildTargets } from '../../src/targets/build.js';
import { type Mix, mixPrior, mixShare } from '../../src/targets/mix.js';
import type { Target } from '../../src/targets/model.js';
import { type Planned, planStories } from '../../src/targets/plan.js';
import { sumHits } from '../../src/targets/sums.js';
import { SITUATION } from '../../src/types.js';
import { AIM, CATALOGUE, corpusDatabase, corpusOf, EVALUATIONS, perfectStories, TROPE_IDS, TROPES } from './harness.js';

// integer programs and type checks take a while on a busy machine
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const STORIES = 500;
let path: string;
let corpus: ReturnType<typeof corpusOf>;
let planned: Planned;
let targets: Target[];

const targetsOf = (from: Planned): Target[] => [
  ...buildTargets(from, {
    catalogue: CATALOGUE,
    evaluations: EVALUATIONS,
    tropes: TROPES,
    principles: [{ id: 'p01', text: 'It is honest.' }],
    template: (t) => t.requirements.join('\n'),
    names: [],
    words: AIM.words,
    seed: 1,
  }),
];
const mixOf = (stories: readonly Target[], repeats: number, passages: number): Mix =>
  mixPrior(corpus, sumHits(perfectStories(stories, passages), TROPE_IDS), repeats, AIM);

beforeAll(async () => {
  path = corpusDatabase();
  corpus = corpusOf(path);
  planned = await planStories(corpus, AIM, CATALOGUE, TROPES, STORIES);
  targets = targetsOf(planned);
});

describe('the plan', () => {
  it('has exactly the stories asked for, whole numbers between floor and ceiling', () => {
    const { counts, plan } = planned;
    expect(counts.reduce((a, b) => a + b, 0)).toBe(STORIES);
    expect(counts.every((n) => Number.isInteger(n) && n >= 1 && n <= Math.ceil(AIM.ceilings.cell * STORIES))).toBe(
      true,
    );
    for (const { stories } of plan.situations) expect(stories).toBeLessThanOrEqual(AIM.ceilings.situation * STORIES);
    expect(targets.reduce((sum, t) => sum + t.count, 0)).toBe(STORIES);
  });
  it('covers every situation with every conduct to counter and every conduct that answers it', () => {
    const wanted = SITUATION.flatMap((s) =>
      Object.entries(CATALOGUE.counter).flatMap(([c, { show }]) => Object.keys(show).map((j) => `${s} ${c} ${j}`)),
    );
    expect(new Set(targets.map((t) => `${t.situation} ${t.counter} ${t.show}`))).toEqual(new Set(wanted));
  });
  it('keeps scenes of refusing under half', () => {
    expect(targets.filter((t) => t.refusal).length).toBe(planned.plan.refusals);
    expect(planned.plan.refusals).toBeLessThanOrEqual(AIM.refusals * STORIES);
  });
  it('promises the aim, and gives more stories to what is worse and more frequent', () => {
    const { plan } = planned;
    expect(plan.reached).toBe(true);
    const rows = [...plan.cells].sort((a, b) => b.weight - a.weight);
    const sum = (list: typeof rows): number => list.reduce((n, c) => n + c.stories, 0);
    expect(sum(rows.slice(0, 20))).toBeGreaterThan(1.5 * sum(rows.slice(-20)));
    expect(rows.every((c) => c.why.includes('severity'))).toBe(true);
  });
  it('gives the same numbers again', async () => {
    const again = await planStories(corpus, AIM, CATALOGUE, TROPES, STORIES);
    expect(again.counts).toEqual(planned.counts);
  });
  it('says so where the aim is out of reach, and refuses floors and ceilings that no plan meets', async () => {
    const wishes = {
      ...AIM.wishes,
      service: [{ property: 'conduct=befriends', kind: 'atLeast', amount: { share: 0.9 } }],
    };
    const far = await planStories(corpus, { ...AIM, wishes } as never, CATALOGUE, TROPES, STORIES);
    expect(far.plan.reached).toBe(false);
    expect(far.plan.notes.join()).toContain('No number of repeats');
    const narrow = { ...AIM, ceilings: { ...AIM.ceilings, counter: 0.01 }, floor: 0 };
    await expect(planStories(corpus, narrow, CATALOGUE, TROPES, 36_000)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('mixing perfect stories', () => {
  it('reaches what the plan promised, within 2%', () => {
    const { repeats, passagesPerStory, situations } = planned.plan;
    expect(repeats).toBeGreaterThan(1);
    const mix = mixOf(targets, repeats, passagesPerStory);
    expect(mix.reached).toBe(true);
    for (const { situation, aim } of situations) {
      const row = mix.rows.find((r) => r.situation === situation)!;
      for (const promised of aim) {
        const { estimate } = row.shares[promised.property]!.after;
        expect(Math.abs(estimate / promised.after - 1)).toBeLessThan(0.02);
      }
    }
  });
  it('finds the smallest number of repeats: one less does not reach the aim', () => {
    const { repeats, passagesPerStory } = planned.plan;
    const { smallest } = mixOf(targets, repeats, passagesPerStory);
    expect(smallest).toBe(repeats);
    expect(mixOf(targets, smallest!, passagesPerStory).reached).toBe(true);
    expect(mixOf(targets, smallest! - 1, passagesPerStory).reached).toBe(false);
  });
  it('agrees with the report on corpus and stories together', () => {
    const { repeats, passagesPerStory } = planned.plan;
    const hits = perfectStories(targets, passagesPerStory);
    const db = openDatabase(path, { readonly: true });
    const loaded = loadReportData(db);
    db.close();
    const [first] = loaded.sources;
    const together = { ...loaded, sources: [...loaded.sources, { ...first!, id: 99, name: 'stories', hits }] };
    const scale = { flag: 0.3, weights: new Map([['stories', repeats]]), tropes: TROPE_IDS, names: [] };
    const report = transferredPrior(together, scale);
    const mix = mixOf(targets, repeats, passagesPerStory);
    for (const { situation, shares } of mix.rows) {
      const given = JSON.stringify(situation === null ? {} : { situation });
      for (const row of report.filter((r) => JSON.stringify(r.given) === given)) {
        for (const [label, value] of Object.entries(row.values)) {
          expect(shares[`${row.over}=${label}`]!.after.estimate).toBeCloseTo(value.estimate!, 9);
        }
      }
    }
  });
  it('leaves the corpus as the report has it where there are no stories', () => {
    const mix = mixPrior(corpus, sumHits([], TROPE_IDS), 1, AIM);
    for (const { situation, shares } of mix.rows) {
      for (const [property, share] of Object.entries(shares)) {
        const today = corpus.parts.get(situation)!.shares.get(property)!;
        expect(share.after).toEqual({ estimate: today.estimate, low: today.low, high: today.high });
      }
    }
    expect(mix.smallest).toBeNull();
  });
  it('gives intervals that hold the estimate and shrink with repeats', () => {
    const at = (repeats: number) => mixOf(targets, repeats, 8).rows[1]!.shares['valence=malevolent']!.after;
    const [few, many] = [at(1), at(50)];
    for (const { estimate, low, high } of [few, many]) {
      expect(low).toBeLessThanOrEqual(estimate);
      expect(high).toBeGreaterThanOrEqual(estimate);
    }
    expect(many.high - many.low).toBeLessThan(few.high - few.low);
  });
  it('moves every share from the corpus toward the stories, never past them', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        share,
        share,
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0.1, max: 1e6, noNaN: true }),
        (p, q, n, w) => {
          const once = mixShare({ mass: w, share: p }, { mass: n, sum: n * q }, 1);
          const twice = mixShare({ mass: w, share: p }, { mass: n, sum: n * q }, 2);
          const eps = 1e-9;
          expect(once).toBeGreaterThanOrEqual(Math.min(p, q) - eps);
          expect(once).toBeLessThanOrEqual(Math.max(p, q) + eps);
          expect(Math.abs(twice - q)).toBeLessThanOrEqual(Math.abs(once - q) + eps);
        },
      ),
    );
  });
});
