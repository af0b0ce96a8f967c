// The corpus's prior by situation beside a probe: the report's own figures, by scores and by labels.
import { auditedPrior } from '../audit.js';
import { PersonaPriorError } from '../errors.js';
import { UNWEIGHTED } from '../figures/mix.js';
import { transferredPrior } from '../figures/prior.js';
import { loadReportData } from '../report/load.js';
import type { Interval } from '../report/model.js';
import { openDatabase } from '../store/database.js';
import type { Trope } from '../tropes.js';

export interface CorpusRow {
  /** P(label | character) as the classifier's scores have it: the same ruler as for the model */
  readonly scores: Readonly<Record<string, Interval>>;
  /** the same measured on audit labels; null where there are too few */
  readonly labels: Readonly<Record<string, Interval>> | null;
}

export interface CorpusFigures {
  /** by situation; null stands for all */
  readonly rows: ReadonlyMap<string | null, CorpusRow>;
  /** hash of the encoder that scored it */
  readonly encoder: string | undefined;
}

/** Throws `database` when the database holds no run or cannot be opened. */
export function corpusFigures(path: string, tropes: readonly Trope[]): CorpusFigures {
  const db = openDatabase(path, { readonly: true });
  try {
    const loaded = loadReportData(db);
    const run = loaded.runs.at(-1);
    if (run === undefined) {
      throw new PersonaPriorError('database', 'this database holds no scan', { help: 'run `persona-prior scan`' });
    }
    const flag = run.settings.thresholds['flag'] ?? 0.5;
    const ids = tropes.map((t) => t.id);
    const scored = transferredPrior(loaded, { flag, weights: UNWEIGHTED, tropes: ids, names: [] });
    const audited = auditedPrior(db, loaded, tropes, { weights: UNWEIGHTED });
    const rows = new Map<
      string | null,
      { scores: Record<string, Interval>; labels: Record<string, Interval> | null }
    >();
    for (const { given, over, values, status } of [...scored, ...audited]) {
      if (over === 'trope' || Object.keys(given).some((key) => key !== 'situation')) continue;
      const own = rows.get(given.situation ?? null) ?? { scores: {}, labels: null };
      rows.set(given.situation ?? null, own);
      if (status === 'insufficient' && own.scores[`${over}=${Object.keys(values)[0]}`] !== undefined) continue;
      if (status === 'measured') own.labels ??= {};
      const into = status === 'measured' ? own.labels! : own.scores;
      for (const [label, value] of Object.entries(values)) into[`${over}=${label}`] = value;
    }
    return { rows, encoder: run.hashes['encoder'] };
  } finally {
    db.close();
  }
}
