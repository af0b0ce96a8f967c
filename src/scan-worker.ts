// A worker thread of scan: loads its own models, takes units, answers with their results. No database here.
import { parentPort, workerData } from 'node:worker_threads';
import { loadCascade } from './cascade.js';
import { extractDocument, parseJsonRecord } from './read/fields.js';
import type { Document } from './types.js';
import { type Fault, type Hit, judgeInto, type Sample, samplingKeys, type Tallies, tally, type Unit } from './unit.js';

const port = parentPort!;
const { models, stop } = workerData as { models: string; stop: Int32Array };
const stopped = (): boolean => Atomics.load(stop, 0) === 1;
const cascade = loadCascade(models);
cascade.then(
  () => port.postMessage({ ready: true }),
  (error: unknown) => port.postMessage({ failed: error instanceof Error ? error.message : String(error) }),
);

port.on('message', async (unit: Unit | null) => {
  if (unit === null) {
    // the last message: the models go, and the thread ends with its port
    await cascade.then((loaded) => loaded.dispose()).catch(() => {});
    port.close();
    return;
  }
  try {
    port.postMessage({ result: await work(unit) });
  } catch (error) {
    port.postMessage({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

async function work(unit: Unit): Promise<unknown> {
  const loaded = await cascade;
  const keys = samplingKeys(unit.seed, unit.source);
  const tallies: Tallies = new Map();
  const result = { tallies, hits: [] as Hit[], samples: [] as Sample[], faults: [] as Fault[] };
  const bytes = new Uint8Array(unit.buffer);
  for (const candidate of unit.candidates) {
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
    await judgeInto(loaded, document, place, { ...unit, stopped }, keys, result);
    if (stopped()) throw new Error('the scan was stopped');
  }
  return result;
}

function fromJson(bytes: Uint8Array, unit: Unit, record: number): ReturnType<typeof extractDocument> {
  const parsed = parseJsonRecord(bytes);
  if ('fault' in parsed) return parsed;
  return extractDocument(parsed.fields, unit.mapping, `${unit.file}#${record}`, parsed.repaired);
}
