// Damaged inputs through every reader: no crash, no hang, every record counted once, the same records for any cut into chunks.
// PERSONA_PRIOR_FUZZ=N makes N inputs (`npm run fuzz`); else a few thousand. What was found once is in fixtures/regressions.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { cuts, type Mutation, mutated, mutations } from './mutate.js';
import { readDamaged } from './oracle.js';
import { type Seed, seeds } from './seeds.js';

const total = Number(process.env['PERSONA_PRIOR_FUZZ'] ?? 3000);
const seed = Number(process.env['PERSONA_PRIOR_SEED'] ?? 1);
const KINDS = seeds();
const weights = KINDS.reduce((n, kind) => n + kind.weight, 0);
const regressions = fileURLToPath(new URL('../fixtures/regressions/', import.meta.url));
let inputs = 0;
let slowest = { ms: 0, name: '' };

afterAll(() => {
  console.log(
    `${inputs} damaged inputs over ${KINDS.length} kinds, slowest ${slowest.ms.toFixed(0)} ms (${slowest.name}), seed ${seed}`,
  );
});

async function check(kind: Seed, bytes: Uint8Array, cut: readonly number[], name = kind.name): Promise<void> {
  inputs++;
  try {
    const ms = await readDamaged(kind, bytes, cut);
    if (ms > slowest.ms) slowest = { ms, name };
  } catch (error) {
    // the input itself, for fixtures/regressions: fast-check shows what it did, not what came of it
    const path = join(tmpdir(), `persona-prior-fuzz-${process.pid}-${kind.name}`);
    writeFileSync(path, bytes);
    throw new Error(`${path}: ${error instanceof Error ? error.stack : error}`);
  }
}

describe('damaged inputs', () => {
  test.each(KINDS.map((kind) => [kind.name, kind] as const))(
    '%s',
    async (_, kind) => {
      const runs = Math.ceil((total * kind.weight) / weights);
      await fc.assert(
        fc.asyncProperty(mutations, cuts, (how: Mutation[], cut) =>
          check(kind, mutated(kind.bytes, how, kind.others), cut),
        ),
        { numRuns: runs, seed, ...(total > 10_000 ? { endOnFailure: true } : {}) },
      );
    },
    4 * 3_600_000,
  );
});

test('what was found before', async () => {
  const names = readdirSync(regressions).filter((name) => name !== 'README.md');
  for (const name of names) {
    const bytes = readFileSync(join(regressions, name));
    const kind: Seed = { name, bytes, others: [], seekable: /\.(?:parquet|zip)$/.test(name), weight: 1 };
    for (const cut of [[], [-1], [0.1, 0.5, 0.9]]) await check(kind, bytes, cut, name);
  }
  expect(names.length).toBeGreaterThan(0);
});
