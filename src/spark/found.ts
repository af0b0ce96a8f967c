// What one partition found, gathered as the database would keep it: counts added up, samples and faults cut to their limits.
import { FAULTS_KEPT, SAMPLE_SIZE } from '../store/writer.js';
import type { Fault, Sample, Tallies, UnitResult } from '../unit.js';
import { hitLine, sampleLine, type TallyLine } from './records.js';

export interface Found {
  /** Adds a result; its hits are written at once. */
  add(result: UnitResult): void;
  /** Largest sampling keys that can still enter each stratum. */
  limits(): Record<string, number>;
  /** Writes what was gathered, and begins anew. */
  flush(): void;
}

/**
 * Gathers results and writes them as lines. Whatever the database of all partitions would keep of these samples and faults is
 * among what is written: a bottom-k sample of a union lies in the union of the bottom-k samples.
 */
export function gather(write: (line: TallyLine) => void): Found {
  let tallies: Tallies = new Map();
  let faults = new Map<string, Fault[]>();
  let strata = new Map<string, Stratum>();
  return {
    add(result) {
      for (const [key, n] of result.tallies) tallies.set(key, (tallies.get(key) ?? 0) + n);
      for (const fault of result.faults) {
        const key = `${fault.stage}|${fault.reason}`;
        const kept = faults.get(key) ?? [];
        faults.set(key, kept);
        if (kept.length < FAULTS_KEPT) kept.push(fault);
      }
      for (const sample of result.samples) {
        const stratum = strata.get(sample.stratum) ?? bottomK();
        strata.set(sample.stratum, stratum);
        stratum.add(sample);
      }
      for (const hit of result.hits) write({ hit: hitLine(hit) });
    },
    limits() {
      const limits: Record<string, number> = {};
      for (const [name, stratum] of strata) {
        const limit = stratum.limit();
        if (limit !== null) limits[name] = limit;
      }
      return limits;
    },
    flush() {
      for (const [key, n] of [...tallies].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const [stage, kind, reason] = key.split('|');
        write({ tally: { stage: stage!, kind: kind!, reason: reason!, n } });
      }
      for (const { found: _, ...fault } of [...faults.values()].flat().sort((a, b) => a.record - b.record)) {
        // lone surrogates become U+FFFD, as they do in the database
        write({ fault: { ...fault, message: Buffer.from(fault.message).toString() } });
      }
      for (const stratum of strata.values()) for (const sample of stratum.all()) write({ sample: sampleLine(sample) });
      tallies = new Map();
      faults = new Map();
      strata = new Map();
    },
  };
}

interface Stratum {
  add(sample: Sample): void;
  /** null while there is room */
  limit(): number | null;
  all(): Sample[];
}

/** The samples with the least keys. Those that share a place are one, the first: as `insert or ignore` keeps them. */
function bottomK(): Stratum {
  let kept = new Map<string, Sample>();
  let most: number | null = null;
  const cut = (): void => {
    const sorted = [...kept].sort(([, a], [, b]) => a.key - b.key);
    most = sorted[SAMPLE_SIZE - 1]?.[1].key ?? null;
    // equal keys of other places stay, as in the table
    if (most !== null) kept = new Map(sorted.filter(([, sample]) => sample.key <= most!));
  };
  return {
    add(sample) {
      if (most !== null && sample.key > most) return;
      const place = `${sample.key}|${sample.start}|${sample.document}`;
      if (kept.has(place)) return;
      kept.set(place, sample);
      if (kept.size >= 2 * SAMPLE_SIZE || (most === null && kept.size === SAMPLE_SIZE)) cut();
    },
    limit: () => most,
    all() {
      cut();
      return [...kept.values()];
    },
  };
}
