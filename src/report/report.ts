// `report`: assembles report.json's object from a database and writes it as HTML, Markdown and JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditedPrevalence, auditedPrior, auditNotes } from '../audit.js';
import { PersonaPriorError } from '../errors.js';
import { imbalances, prevalence, prior, sourceCounts, stageCounts } from '../figures.js';
import { loadLexicon } from '../gate/lexicon.js';
import { modelsFolder, packageVersion } from '../installed.js';
import { type Db, openDatabase } from '../store/database.js';
import { loadTropes } from '../tropes.js';
import { CONDUCT, HEAD_OFFSET, HEADS, SITUATION, VALENCE } from '../types.js';
import { htmlReport } from './html.js';
import { type HitData, hitText, type Loaded, loadReportData } from './load.js';
import { markdownReport } from './markdown.js';
import type { Example, Report } from './model.js';

export interface ReportOptions {
  readonly db: string;
  readonly out: string;
  readonly formats: readonly string[];
  /** false leaves out text and titles of the corpus, and names that were learnt from its text; ids and offsets stay */
  readonly text: boolean;
  /** `property=rate`, e.g. `valence=malevolent=0.002` or `malevolent=0.002` */
  readonly failAbove: readonly string[];
  readonly command: string;
}

const FORMATS: Record<string, (report: Report) => string> = {
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  md: markdownReport,
  html: htmlReport,
};
const EXAMPLES = 20;
const SHORT = 400;

/** Writes the report. Throws `usage` for an unknown format or threshold, `database` when there is nothing to report. */
export async function writeReport(
  options: ReportOptions,
): Promise<{ files: string[]; exceeded: string[]; report: Report }> {
  for (const format of options.formats) {
    if (!Object.hasOwn(FORMATS, format)) {
      throw new PersonaPriorError('usage', `unknown format ${format}`, { help: 'choose from html,md,json' });
    }
  }
  const report = buildReport(options);
  const exceeded = options.failAbove.flatMap((rule) => checkRule(report, rule));
  mkdirSync(options.out, { recursive: true });
  const files = options.formats.map((format) => {
    const path = join(options.out, `report.${format}`);
    writeFileSync(path, FORMATS[format]!(report));
    return path;
  });
  return { files, exceeded, report };
}

/** The report as an object, for the library entry. */
export function buildReport(options: Pick<ReportOptions, 'db' | 'text' | 'command'>): Report {
  const db = openDatabase(options.db, { readonly: true });
  try {
    const loaded = loadReportData(db);
    const run = loaded.runs.at(-1);
    if (run === undefined) {
      throw new PersonaPriorError('database', 'nothing was scanned into this database', {
        help: 'run `persona-prior scan`',
      });
    }
    const flag = run.settings.thresholds['flag'] ?? 0.5;
    const counts = stageCounts(loaded.sources);
    const broken = imbalances(counts);
    if (broken.length > 0) throw new PersonaPriorError('internal', `counts do not balance in: ${broken.join(', ')}`);
    const { tropes } = loadTropes(modelsFolder());
    const sources = loaded.sources.map((source) => sourceCounts(source, flag));
    return {
      schemaVersion: 1,
      run: {
        tool: `persona-prior ${packageVersion()}`,
        started: loaded.runs[0]!.started,
        finished: run.finished,
        status: run.status,
        settings: run.settings,
      },
      inputs: loaded.inputs.map((input) => ({ ...input })),
      counts,
      sources,
      prevalence: [...auditedPrevalence(db, loaded, tropes), ...prevalence(loaded, flag)],
      prior: [
        ...auditedPrior(db, loaded, tropes),
        ...prior(
          loaded,
          tropes.map((t) => t.id),
          options.text ? null : new Set(loadLexicon(modelsFolder()).subjects),
        ),
      ],
      calibration: { thresholds: run.settings.thresholds, measured: 'see the model cards; no local labels' },
      caveats: [
        ...auditNotes(db, loaded),
        ...caveats(
          loaded,
          sources.every((s) => s.exact),
        ),
      ],
      examples: examples(db, loaded, options.text),
      reproduce: {
        scan: loaded.runs.map((r) => r.command),
        report: options.command,
        versions: run.versions,
        hashes: run.hashes,
        inputs: Object.fromEntries(loaded.inputs.map((i) => [i.name, i.headHash])),
      },
    };
  } finally {
    db.close();
  }
}

function caveats(loaded: Loaded, exact: boolean): string[] {
  const list = [
    'Figures with the status transferred are the classifier’s own counts and probabilities: what the cascade misses and what it gets wrong is not corrected in them. Label the audit sample for that.',
    'Probabilities are calibrated on the labelled passages of the model card, whose mix of styles and periods is not this corpus’s; the prior carries that risk.',
    'The models read English. Labels behind them were made by a language model under the codebook.',
  ];
  if (!exact)
    list.push(
      'Passages and words of documents that the gate rejected are estimated from the seeded reject sample; documents are counted.',
    );
  const incomplete = loaded.inputs.filter((input) => input.status !== 'done');
  if (incomplete.length > 0)
    list.push(`${incomplete.length} of ${loaded.inputs.length} files were not read to their end.`);
  const hits = loaded.sources.flatMap((s) => s.hits);
  const distinct = new Set(hits.map((h) => h.textHash)).size;
  if (distinct < hits.length)
    list.push(
      `${hits.length - distinct} of ${hits.length} hits repeat the text of another hit; every copy is counted.`,
    );
  return list;
}

/** The hits with the highest joint P(malevolent), at most three a document. */
function examples(db: Db, loaded: Loaded, withText: boolean): Example[] {
  const names = new Map(loaded.sources.map((s) => [s.id, s.name]));
  const taken = new Map<string, number>();
  const seen = new Set<string>();
  const chosen: HitData[] = [];
  const ranked = loaded.sources.flatMap((s) => [...s.hits]).sort((a, b) => b.malevolent - a.malevolent || a.id - b.id);
  for (const hit of ranked) {
    const n = taken.get(hit.documentKey) ?? 0;
    if (n >= 3 || seen.has(hit.textHash)) continue;
    taken.set(hit.documentKey, n + 1);
    seen.add(hit.textHash);
    chosen.push(hit);
    if (chosen.length === EXAMPLES) break;
  }
  return chosen.map((hit) => ({
    id: hit.id,
    source: names.get(hit.source)!,
    document: hit.document,
    title: withText ? hit.title : null,
    start: hit.start,
    end: hit.end,
    persona: hit.persona,
    malevolent: hit.malevolent,
    valence: best(hit.scores, HEAD_OFFSET.valence, VALENCE),
    conduct: held(hit.scores, HEAD_OFFSET.conduct, CONDUCT),
    situation: held(hit.scores, HEAD_OFFSET.situation, SITUATION),
    tropes: hit.tropes,
    text: withText ? shorten(hitText(db, hit.id)) : null,
  }));
}

function best(scores: Float32Array, from: number, labels: readonly string[]): string {
  let at = 0;
  for (let i = 1; i < labels.length; i++) if (scores[from + i]! > scores[from + at]!) at = i;
  return labels[at]!;
}

function held(scores: Float32Array, from: number, labels: readonly string[]): string[] {
  return labels.filter((_, i) => scores[from + i]! >= 0.5);
}

function shorten(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  const points = [...flat];
  return points.length <= SHORT ? flat : `${points.slice(0, SHORT).join('')}…`;
}

/** Whether every part of a property names a label or a trope. */
function known(property: string, report: Report): boolean {
  const tropes = new Set(report.prior.filter((row) => row.over === 'trope').flatMap((row) => Object.keys(row.values)));
  return property.split(' & ').every((part) => {
    const [head, label] = part.split('=');
    if (head === 'trope') return tropes.has(label ?? '');
    return HEADS.some((h) => h.name === head && (h.labels as readonly string[]).includes(label ?? ''));
  });
}

function checkRule(report: Report, rule: string): string[] {
  const match = /^(.+)=([0-9.eE+-]+)$/.exec(rule);
  const limit = Number(match?.[2]);
  if (match === null || !Number.isFinite(limit) || limit < 0) {
    throw new PersonaPriorError('usage', `expected PROPERTY=RATE, got ${rule}`, {
      help: 'e.g. --fail-above malevolent=0.002',
    });
  }
  const name = match[1]!;
  const property = (VALENCE as readonly string[]).includes(name) ? `valence=${name}` : name;
  if (!known(property, report)) {
    const help = 'e.g. malevolent, conduct=coerces, trope=machine-uprising';
    throw new PersonaPriorError('usage', `unknown property ${name}`, { help });
  }
  // measured rows stand first: the audited estimate decides where there is one
  const row = report.prevalence.find((r) => r.property === property && r.source === null && r.unit === 'passage');
  return (row === undefined ? [] : [row])
    .filter((r) => r.estimate !== null && r.estimate > limit)
    .map((r) => `${property}: ${r.estimate} of passages exceeds ${limit}`);
}
