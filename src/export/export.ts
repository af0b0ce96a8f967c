// `export`: chooses the hits, writes them in one format, and says what removing them would do.
import { join } from 'node:path';
import { PersonaPriorError } from '../errors.js';
import { loadLexicon } from '../gate/lexicon.js';
import { modelsFolder, packageVersion } from '../installed.js';
import { type Loaded, loadReportData } from '../report/load.js';
import { type Db, openDatabase } from '../store/database.js';
import { loadTropes } from '../tropes.js';
import { writeAttributes } from './dolma.js';
import { type Effect, effectOf } from './effect.js';
import { exportedHits } from './hits.js';
import { idLines } from './ids.js';
import { writeLines } from './output.js';
import { writeParquet } from './parquet.js';
import { type Selection, selectionOf } from './selection.js';

export const FORMATS = ['dolma', 'ids', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof FORMATS)[number];

export interface ExportOptions {
  readonly db: string;
  readonly format: ExportFormat;
  readonly out: string;
  /** of the report: `valence=malevolent`, `conduct=harms`, `trope=…`, conjunctions with ` & ` */
  readonly property: string;
  /** least joint probability; default: the scan's flag threshold for `valence=malevolent`, else 0.5 */
  readonly threshold?: number;
  /** names; default: all */
  readonly sources?: readonly string[];
  /** false leaves out text and titles, and names that were learnt from text */
  readonly text: boolean;
  readonly command: string;
  readonly signal: AbortSignal;
}

/** `summary.json`. */
export interface ExportSummary {
  readonly schemaVersion: 1;
  readonly tool: string;
  readonly command: string;
  readonly format: ExportFormat;
  readonly property: string;
  readonly threshold: number;
  readonly files: readonly string[];
  /** inputs whose scan did not reach their end: what follows in them is in no figure and no file */
  readonly incomplete: readonly string[];
  readonly effect: Effect;
}

/**
 * Writes the export and `OUT/summary.json`. Files of an earlier export at the same place are replaced, one by one. Throws
 * `usage` for an unknown property, `database` when nothing was scanned, and what {@link writeAttributes} throws.
 */
export async function exportHits(options: ExportOptions): Promise<ExportSummary> {
  const { tropes } = loadTropes(modelsFolder());
  const db = openDatabase(options.db, { readonly: true });
  try {
    const scanned = loadReportData(db);
    const loaded = onlySources(scanned, options.sources);
    const run = scanned.runs.at(-1);
    if (run === undefined) {
      throw new PersonaPriorError('database', 'nothing was scanned into this database', {
        help: 'run `persona-prior scan`',
      });
    }
    const flag = run.settings.thresholds['flag'] ?? 0.5;
    const selection = selectionOf(options.property, options.threshold, flag, tropes);
    const effect = effectOf(db, loaded, selection, tropes);
    const files = await write(db, loaded, selection, options);
    const summary: ExportSummary = {
      schemaVersion: 1,
      tool: `persona-prior ${packageVersion()}`,
      command: options.command,
      format: options.format,
      property: selection.property,
      threshold: selection.threshold,
      files,
      incomplete: loaded.inputs.filter((input) => input.status !== 'done').map((input) => input.name),
      effect,
    };
    await writeLines(join(options.out, 'summary.json'), [`${JSON.stringify(summary, null, 2)}\n`], options.signal);
    return summary;
  } finally {
    db.close();
  }
}

function onlySources(loaded: Loaded, names: readonly string[] | undefined): Loaded {
  if (names === undefined) return loaded;
  for (const name of names) {
    if (loaded.sources.some((source) => source.name === name)) continue;
    throw new PersonaPriorError('usage', `no source is called ${name}`, {
      help: `the sources are ${loaded.sources.map((source) => source.name).join(', ')}`,
    });
  }
  return {
    ...loaded,
    sources: loaded.sources.filter((source) => names.includes(source.name)),
    inputs: loaded.inputs.filter((input) => names.includes(input.source)),
  };
}

async function write(db: Db, loaded: Loaded, selection: Selection, options: ExportOptions): Promise<string[]> {
  const { format, out, signal } = options;
  const sources = loaded.sources.map((source) => source.id);
  if (format === 'dolma') return writeAttributes(db, selection, { sources, out, signal });
  const path = join(out, format === 'ids' ? 'ids.jsonl' : `hits.${format}`);
  const withoutText = options.text ? null : new Set(loadLexicon(modelsFolder()).subjects);
  if (format === 'ids') await writeLines(path, jsonLines(idLines(db, sources, selection)), signal);
  else {
    const hits = exportedHits(db, selection, { sources, withoutText });
    if (format === 'jsonl') await writeLines(path, jsonLines(hits), signal);
    else await writeParquet(path, hits, signal);
  }
  return [path];
}

function* jsonLines(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield `${JSON.stringify(value)}\n`;
}
