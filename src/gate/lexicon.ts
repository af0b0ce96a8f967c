// The gate's data: AI entity terms, names of fictional AIs with their works, look-alikes. Loading and checking only.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PersonaPriorError } from '../errors.js';

export type GateRule = 'always' | 'with-work' | 'never';

/** One spelling of a term. `case`: it must stand as written (or in capitals throughout). */
export interface Pattern {
  readonly text: string;
  readonly kind: 'term' | 'name' | 'title' | 'lookalike';
  readonly gate: GateRule;
  readonly case: boolean;
  /** the term, name or work that this spelling belongs to: an index into `subjects` */
  readonly subject: number;
  /** for names and titles: index of the work, else -1 */
  readonly work: number;
}

export interface Lexicon {
  readonly patterns: readonly Pattern[];
  /** terms and names in file order, as reports show them */
  readonly subjects: readonly string[];
  readonly works: readonly string[];
  /** SHA-256 (hex) of the two files, stored with every run */
  readonly hash: string;
}

interface LexiconFile {
  terms: { term: string; gate: GateRule; forms?: string[]; case?: boolean }[];
  lookalikes: { term: string; case?: boolean }[];
}

interface NamesFile {
  names: {
    name: string;
    aliases?: (string | { alias: string; gate?: GateRule; case?: boolean })[];
    case?: boolean;
    work: string;
    titles?: string[];
    gate: GateRule;
  }[];
}

/** Reads `lexicon.json` and `names.json` of a models folder. Throws `model_missing` when a file is missing or malformed. */
export function loadLexicon(folder: string): Lexicon {
  const hash = createHash('sha256');
  const terms = readJson<LexiconFile>(join(folder, 'lexicon.json'), hash);
  const names = readJson<NamesFile>(join(folder, 'names.json'), hash);
  return { ...compilePatterns(terms, names), hash: hash.digest('hex') };
}

function readJson<T>(path: string, hash: ReturnType<typeof createHash>): T {
  try {
    const bytes = readFileSync(path);
    hash.update(bytes);
    return JSON.parse(bytes.toString('utf8')) as T;
  } catch (cause) {
    throw new PersonaPriorError('model_missing', 'expected a readable JSON file of the gate', {
      place: { file: path },
      help: 'reinstall the package, or point PERSONA_PRIOR_MODELS at a complete models folder',
      cause,
    });
  }
}

function compilePatterns(lexicon: LexiconFile, names: NamesFile): Omit<Lexicon, 'hash'> {
  const patterns: Pattern[] = [];
  const subjects: string[] = [];
  const works: string[] = [];
  const workIndex = new Map<string, number>();
  for (const entry of lexicon.terms) {
    const subject = subjects.push(entry.term) - 1;
    for (const text of new Set([entry.term, ...(entry.forms ?? [])])) {
      patterns.push({ text, kind: 'term', gate: entry.gate, case: entry.case ?? false, subject, work: -1 });
    }
  }
  for (const { term, case: exact } of lexicon.lookalikes) {
    patterns.push({ text: term, kind: 'lookalike', gate: 'never', case: exact ?? false, subject: -1, work: -1 });
  }
  const titled = new Set<string>();
  for (const entry of names.names) {
    let work = workIndex.get(entry.work);
    if (work === undefined) {
      work = works.push(entry.work) - 1;
      workIndex.set(entry.work, work);
    }
    const subject = subjects.push(entry.name) - 1;
    const own = { gate: entry.gate, case: entry.case ?? false };
    patterns.push({ text: entry.name, kind: 'name', ...own, subject, work });
    for (const spelling of entry.aliases ?? []) {
      const {
        alias,
        gate,
        case: exact,
      } = typeof spelling === 'string' ? { alias: spelling, ...own } : { gate: own.gate, case: false, ...spelling };
      patterns.push({ text: alias, kind: 'name', gate, case: exact, subject, work });
    }
    for (const title of new Set(entry.titles ?? [])) {
      const key = `${work}\n${title}`;
      if (titled.has(key)) continue;
      titled.add(key);
      patterns.push({ text: title, kind: 'title', gate: 'with-work', case: true, subject: -1, work });
    }
  }
  return { patterns, subjects, works };
}
