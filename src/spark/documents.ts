// The documents that come as lines themselves: answered as `classify` answers, and counted as `scan -` counts them.
import type { Cascade } from '../cascade.js';
import { type ClassifyLine, parseLine, passagesOf } from '../classify/command.js';
import { extractDocument, parseJsonRecord } from '../read/fields.js';
import { judgeInto, samplingKeys, type Tallies, tally } from '../unit.js';
import type { Found } from './found.js';

export interface DocumentSettings {
  readonly seed: number;
  readonly source: string;
  readonly exactCounts: boolean;
  readonly embedding: boolean;
}

/** Where a line stands in its stream: its number from 1, and from 0 among the lines that are not blank. */
export interface LinePlace {
  readonly line: number;
  readonly record: number;
}

const FIELDS = { text: 'text', id: 'id', title: 'title' };

/**
 * Classifies one line, and adds to `found` what a scan of the same JSONL from standard input would store of it (but for
 * names that the line gives, which a scan does not know). Never throws.
 */
export async function documentLine(
  cascade: Cascade,
  text: string,
  at: LinePlace,
  settings: DocumentSettings,
  found: Found,
): Promise<ClassifyLine> {
  const { line, record } = at;
  // a blank line is no record to a scan
  if (text.trim() === '') return { id: null, error: { code: 'malformed', line } };
  const place = { record, offset: -1 };
  const parsed = parseLine(text);
  const fields = parseJsonRecord(Buffer.from(text));
  const extracted = 'fault' in fields ? fields : extractDocument(fields.fields, FIELDS, `stdin#${record}`);
  const tallies: Tallies = new Map();
  const result = { tallies, hits: [], samples: [], faults: [] };
  tally(tallies, 'read', 'in');
  if ('fault' in extracted) {
    tally(tallies, 'read', 'dropped', extracted.fault.reason);
    found.add({ ...result, faults: [{ stage: 'read', ...place, ...extracted.fault }] });
    if ('code' in parsed) return { id: parsed.id, error: { code: parsed.code, line } };
    return { id: parsed.id, passages: [], error: null };
  }
  tally(tallies, 'read', 'out');
  if (extracted.repaired) tally(tallies, 'read', 'repaired');
  const document = { ...extracted.document, names: 'code' in parsed ? [] : parsed.document.names };
  const { id } = parsed;
  try {
    const judged = await cascade.judge(document);
    const once = { ...cascade, judge: async () => judged };
    const unit = { sampleLimits: found.limits(), exactCounts: settings.exactCounts };
    await judgeInto(once, document, place, unit, samplingKeys(settings.seed, settings.source), result);
    found.add(result);
    if ('code' in parsed) return { id, error: { code: parsed.code, line } };
    const lost = judged.failures[0];
    if (lost !== undefined) return { id, error: { code: 'passage_failed', line, message: lost.message } };
    const passages = passagesOf(cascade, document, judged, { embedding: settings.embedding });
    return { id, passages, error: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const counts: Tallies = new Map([...tallies].filter(([key]) => key.startsWith('read|')));
    tally(counts, 'gate', 'in');
    tally(counts, 'gate', 'failed', 'error');
    const fault = { stage: 'gate', reason: 'error', ...place, message };
    found.add({ tallies: counts, hits: [], samples: [], faults: [fault] });
    return { id, error: { code: 'failed', line, message } };
  }
}
