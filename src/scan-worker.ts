// A worker process of scan: loads its own models, takes units, answers with their results. No database here.
// Like the bin it is an entry point, and the only other user of `process`.
import { Worker } from 'node:worker_threads';
import { loadCascade } from './cascade.js';
import type { Answer } from './pool.js';
import { extractDocument, parseJsonRecord } from './read/fields.js';
import type { Document } from './types.js';
import { type Fault, type Hit, judgeInto, type Sample, samplingKeys, type Tallies, tally, type Unit } from './unit.js';

/** Signs of life at most this often, in milliseconds. */
const PULSE = 500;

const send = (answer: Answer): void => void process.send!(answer);
/** Resolves when the scan has it, whatever becomes of this process then. */
const tell = (passage: number): Promise<void> =>
  new Promise((resolve) => process.send!({ passage } satisfies Answer, () => resolve()));
// Ctrl-C goes to the whole group of processes: the scan decides what becomes of its workers
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
// a worker that never comes back from a document does not hear that the scan was killed: it must not run for ever
new Worker(
  `const parent = process.ppid;
   setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`,
  { eval: true },
).unref();

let heard = Date.now();
const pulse = (): false => {
  const now = Date.now();
  if (now - heard > PULSE) {
    heard = now;
    send({ alive: true });
  }
  return false;
};

const cascade = loadCascade(process.argv[2]!);
cascade.then(
  () => send({ ready: true }),
  (error: unknown) => send({ failed: error instanceof Error ? error.message : String(error) }),
);

process.on('message', async (unit: Unit) => {
  try {
    send({ result: await work(unit) });
  } catch (error) {
    send({ failed: error instanceof Error ? error.message : String(error) });
  }
});

async function work(unit: Unit): Promise<{ tallies: Tallies; hits: Hit[]; samples: Sample[]; faults: Fault[] }> {
  const loaded = await cascade;
  const keys = samplingKeys(unit.seed, unit.source);
  const tallies: Tallies = new Map();
  const result = { tallies, hits: [] as Hit[], samples: [] as Sample[], faults: [] as Fault[] };
  const bytes = new Uint8Array(unit.buffer);
  for (const candidate of unit.candidates) {
    pulse();
    const place = { record: candidate.record, offset: candidate.offset };
    let document: Document;
    if ('document' in candidate) document = candidate.document;
    else {
      tally(tallies, 'read', 'in');
      const extracted = fromJson(bytes.subarray(candidate.from, candidate.to), unit, candidate.record);
      if ('fault' in extracted) {
        tally(tallies, 'read', 'dropped', extracted.fault.reason);
        result.faults.push({ stage: 'read', ...place, ...extracted.fault });
        continue;
      }
      tally(tallies, 'read', 'out');
      if (extracted.repaired) tally(tallies, 'read', 'repaired');
      document = extracted.document;
    }
    const reading = unit.told ? { reading: tell } : {};
    await judgeInto(loaded, document, place, { ...unit, ...reading, stopped: pulse }, keys, result);
  }
  return result;
}

function fromJson(bytes: Uint8Array, unit: Unit, record: number): ReturnType<typeof extractDocument> {
  const parsed = parseJsonRecord(bytes);
  if ('fault' in parsed) return parsed;
  return extractDocument(parsed.fields, unit.mapping, `${unit.file}#${record}`, parsed.repaired);
}
