// Killed at any moment and resumed, a scan ends as an undisturbed one: equal hits, tallies, samples, faults and quarantine.
// PERSONA_PRIOR_KILLS=N makes at least N kills over all formats (`npm run test:faults`: 200); else a few, over two formats.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshFolder } from '../scan/harness.js';
import { FORMATS } from './inputs.js';
import { chain, seeded, type Tally, type Undisturbed, undisturbed } from './kills.js';

const wanted = Number(process.env['PERSONA_PRIOR_KILLS'] ?? 0);
const seed = Number(process.env['PERSONA_PRIOR_SEED'] ?? 1);
const PER_CHAIN = 4;
const HOURS = 3_600_000;

it(
  `a killed scan resumes to the same result (${wanted === 0 ? 'short form' : `${wanted} kills`}, seed ${seed})`,
  async () => {
    const folder = freshFolder();
    const random = seeded(seed);
    const tally: Tally = { kills: { clock: 0, statement: 0 }, workers: 0, chains: 0, different: [] };
    const formats = wanted === 0 ? (['jsonl.gz', 'parquet'] as const) : FORMATS;
    const references: Partial<Record<string, Undisturbed>> = {};
    const kills = (): number => tally.kills.clock + tally.kills.statement;
    for (let n = 0; n < formats.length || kills() < wanted; n++) {
      const format = formats[n % formats.length]!;
      references[format] ??= await undisturbed(folder, format);
      const db = join(folder, `chain-${n}.db`);
      await chain(`${format}, chain ${n}`, references[format], db, wanted === 0 ? 3 : PER_CHAIN, random, tally);
      if (wanted > 0) console.log(JSON.stringify({ chain: n, format, ...tally }));
      expect(tally.different).toEqual([]);
      for (const suffix of ['', '-wal', '-shm', '-lock', '.skipped'])
        rmSync(`${db}${suffix}`, { force: true, recursive: true });
    }
    expect(kills()).toBeGreaterThanOrEqual(Math.max(1, wanted));
  },
  4 * HOURS,
);
