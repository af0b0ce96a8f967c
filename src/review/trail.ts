// The headline figures as the labels came in: after 10, 20, … of them, up to now. Writes nothing to the database.
import { createHash } from 'node:crypto';
import { readAudit } from '../labels/cells.js';
import { isAuditStratum } from '../labels/strata.js';
import type { Loaded } from '../report/load.js';
import type { Db } from '../store/database.js';
import { type Headline, headline } from './headline.js';

export interface Trail {
  /** by number of labelled passages, the last one with all labels */
  readonly points: readonly Headline[];
  /** points not computed yet: ask again */
  readonly missing: number;
}

/** At most so many points, at round numbers of labels. */
const POINTS = 12;
const STEPS = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/**
 * Gives the function that computes at most one more point per call, so that a server stays quick to answer. `db` must be a
 * connection of its own: a temporary table of the first k labels hides the real one in it, so that the audit code
 * sees the database as it was then. `loaded` is the scan's part, which labels do not change.
 */
export function openTrail(db: Db, loaded: Loaded): () => Trail {
  db.exec('create temp table labels as select * from main.labels limit 0');
  const all = db.prepare(`select id, sample, label, json_array(source_id, document, start, end) as place
    from main.labels order by created, id`);
  const clear = db.prepare('delete from temp.labels');
  const add = db.prepare('insert into temp.labels select * from main.labels where id = ?');
  const known = new Map<string, Headline>();
  const compute = db.transaction((ids: readonly number[]): Headline => {
    clear.run();
    for (const id of ids) add.run(id);
    return headline(readAudit(db, loaded));
  });
  return () => {
    const labels = (all.all() as LabelRow[]).filter((l) => isAuditStratum(l.sample));
    const wanted = checkpoints(labels);
    const missing = wanted.filter(({ key }) => !known.has(key));
    // the present state first: it is what somebody waits for
    const next = missing.at(-1);
    if (next !== undefined) known.set(next.key, compute(labels.slice(0, next.n).map((l) => l.id)));
    const points = wanted.flatMap(({ key }) => known.get(key) ?? []);
    return { points, missing: Math.max(0, missing.length - 1) };
  };
}

interface LabelRow {
  readonly id: number;
  readonly sample: string;
  readonly label: string;
  readonly place: string;
}

/**
 * Where to look: at round numbers of labelled passages and at the end, as numbers of labels from the first one on. The key is
 * of all labels up to there: a changed one makes later points new.
 */
function checkpoints(labels: readonly LabelRow[]): { n: number; key: string }[] {
  const most = new Set(labels.map((l) => l.place)).size;
  const step = STEPS.find((s) => most / s <= POINTS) ?? Math.ceil(most / POINTS);
  const hash = createHash('sha256');
  const seen = new Set<string>();
  return labels.flatMap(({ id, label, place }, i) => {
    hash.update(`${id}${label}\n`);
    const fresh = !seen.has(place);
    seen.add(place);
    const last = i === labels.length - 1;
    // a second reader's labels of the same passages belong to the last point
    const round = fresh && seen.size % step === 0 && seen.size < most;
    return round || last ? [{ n: i + 1, key: hash.copy().digest('hex') }] : [];
  });
}
