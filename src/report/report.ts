// `report`: assembles report.json's object from a database and writes it as HTML, Markdown and JSON.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditedPrevalence, auditedPrior, auditNotes } from '../audit.js';
import { loadCard } from '../classify/card.js';
import { PersonaPriorError } from '../errors.js';
import { clusters } from '../figures/clusters.js';
import { concentration } from '../figures/concentration.js';
import { contrasts } from '../figures/contrasts.js';
import { DUPLICATES, type Duplicates, duplicateTexts, withoutCopies } from '../figures/copies.js';
import { imbalances, sourceCounts, stageCounts } from '../figures/counts.js';
import { mixWeights, UNWEIGHTED, weightOf, wordShares } from '../figures/mix.js';
import { naiveCounts } from '../figures/naive.js';
import { patterns } from '../figures/patterns.js';
import { type Calibration, transferredPrevalence } from '../figures/prevalence.js';
import { commonNames, transferredPrior } from '../figures/prior.js';
import { auditStrata, reliability } from '../figures/reliability.js';
import { salience } from '../figures/salience.js';
import { valueFigures } from '../figures/value-figures.js';
import { loadValueReasons } from '../figures/value-reasons.js';
import { loadLexicon } from '../gate/lexicon.js';
import { modelsFolder, packageVersion } from '../installed.js';
import { readAudit } from '../labels/cells.js';
import { openDatabase } from '../store/database.js';
import { loadTropes } from '../tropes.js';
import { CONDUCT, SITUATION } from '../types.js';
import { caveats } from './caveats.js';
import { examples } from './examples.js';
import { generalWords, hitReader } from './hit-reader.js';
import { type Loaded, loadReportData } from './load.js';
import { markdownReport } from './markdown.js';
import { readPortions } from './mix.js';
import type { MixInfo, PrevalenceRow, PriorRow, Report, SourceCounts } from './model.js';
import { exceededRules, parseRule } from './rules.js';

export interface ReportOptions {
  readonly db: string;
  readonly out: string;
  readonly formats: readonly string[];
  /** false leaves out text and titles of the corpus, and names that were learnt from its text; ids and offsets stay */
  readonly text: boolean;
  /** `property=rate`, e.g. `valence=malevolent=0.002` or `malevolent=0.002` */
  readonly failAbove: readonly string[];
  readonly command: string;
  /** a YAML file with the weight of every source in the training mix, see report/mix.ts */
  readonly weights?: string;
  /** default: `all` */
  readonly duplicates?: string;
}

const FORMATS: Record<string, (report: Report) => string | Promise<string>> = {
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  md: markdownReport,
  // the charts are loaded only where there is a page to draw
  html: async (report) => (await import('./html.js')).htmlReport(report),
};

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
  const { tropes } = loadTropes(modelsFolder());
  const exceeded = exceededRules(
    report,
    options.failAbove.map((rule) => parseRule(rule, tropes)),
  );
  mkdirSync(options.out, { recursive: true });
  const files: string[] = [];
  for (const format of options.formats) {
    const path = join(options.out, `report.${format}`);
    writeFileSync(path, await FORMATS[format]!(report));
    files.push(path);
  }
  return { files, exceeded, report };
}

/** The report as an object, for the library entry. */
export function buildReport(
  options: Pick<ReportOptions, 'db' | 'text' | 'command' | 'weights' | 'duplicates'> & {
    readonly failAbove?: readonly string[];
    /** false leaves out what is read from the hits' texts: their clusters and value reasons; default: true */
    readonly reading?: boolean;
  },
): Report {
  const duplicates = duplicatesOf(options.duplicates ?? 'all');
  const { tropes } = loadTropes(modelsFolder());
  const asked = (options.failAbove ?? []).map((rule) => parseRule(rule, tropes).parts);
  const db = openDatabase(options.db, { readonly: true });
  try {
    const scanned = loadReportData(db);
    const run = scanned.runs.at(-1);
    if (run === undefined) {
      throw new PersonaPriorError('database', 'nothing was scanned into this database', {
        help: 'run `persona-prior scan`',
      });
    }
    const flag = run.settings.thresholds['flag'] ?? 0.5;
    const counts = stageCounts(scanned.sources);
    const broken = imbalances(counts);
    if (broken.length > 0) throw new PersonaPriorError('internal', `counts do not balance in: ${broken.join(', ')}`);
    const sources = scanned.sources.map((source) => sourceCounts(source, flag));
    const loaded = duplicates === 'once' ? withoutCopies(scanned) : scanned;
    const counted = loaded.sources.map((source) => sourceCounts(source, flag));
    const copied = duplicateTexts(scanned);
    const { weights, sources: shares } = mixOf(options.weights, scanned, counted);
    const mix = { sources: shares, weighted: options.weights !== undefined, duplicates, copies: copied.copies };
    const naive = naiveCounts(loaded, counted, flag, weights, asked);
    const { same, calibration, experimental, installed } = encoderOf(run.hashes['encoder']);
    const known = options.text ? null : new Set(loadLexicon(modelsFolder()).subjects);
    const names = commonNames(loaded, known);
    const guessed = transferredPrior(loaded, { flag, weights, tropes: tropes.map((t) => t.id), names });
    const sample = readAudit(db, loaded);
    const measured = auditedPrior(db, loaded, tropes, { weights, names, sample }).map((row): PriorRow => {
      const scored = guessed.find((g) => g.over === row.over && JSON.stringify(g.given) === JSON.stringify(row.given));
      return { ...row, naive: scored?.naive ?? {}, naiveN: scored?.naiveN ?? 0 };
    });
    const audited = auditedPrevalence(db, loaded, tropes, { weights, asked, sample }).map((row): PrevalenceRow => {
      const unit = row.unit === 'token' ? 'word' : row.unit;
      return { ...row, naive: naive.of(row.property, unit, row.source) };
    });
    const reading = (): Pick<Report, 'clusters' | 'valueReasons'> => {
      const read = hitReader(db);
      const allowed = options.text ? null : generalWords(modelsFolder(), scanned);
      const model = loadValueReasons(modelsFolder());
      return {
        clusters: clusters(loaded, { weights, read, quote: options.text, allowed }),
        valueReasons: valueFigures(loaded, { flag, weights, seed: run.settings.seed, model, text: read.text }),
      };
    };
    return {
      schemaVersion: 1,
      run: {
        tool: `persona-prior ${packageVersion()}`,
        started: scanned.runs[0]!.started,
        finished: run.finished,
        status: run.status,
        settings: run.settings,
      },
      inputs: scanned.inputs.map((input) => ({ ...input })),
      counts,
      sources,
      prevalence: [
        ...audited,
        ...transferredPrevalence(loaded, { counts: counted, naive, tropes, weights, calibration }),
      ],
      prior: [...measured, ...guessed],
      contrasts: [...contrasts(measured), ...contrasts(guessed)],
      salience: salience(loaded, counted, flag, weights),
      mix,
      calibration: {
        thresholds: run.settings.thresholds,
        measured: measured.length > 0 ? 'by labels of the audit sample' : 'see the model cards; no local labels',
        error: calibration,
        sameEncoder: same,
        experimental,
      },
      patterns: patterns([...measured, ...guessed]),
      ...(options.reading === false ? {} : reading()),
      concentration: concentration(loaded, weights, { titles: options.text, names: known }),
      duplicates: copied,
      reliability: reliability(sample),
      audit: auditStrata(sample),
      caveats: [
        ...auditNotes(db, loaded, sample),
        ...caveats({ loaded: scanned, sources, mix, installed, same, calibrated: calibration !== null }),
      ],
      examples: examples(db, loaded, options.text),
      reproduce: {
        scan: scanned.runs.map((r) => r.command),
        report: options.command,
        versions: run.versions,
        hashes: run.hashes,
        inputs: Object.fromEntries(scanned.inputs.map((i) => [i.name, i.headHash])),
      },
    };
  } finally {
    db.close();
  }
}

function duplicatesOf(name: string): Duplicates {
  const found = DUPLICATES.find((d) => d === name);
  if (found !== undefined) return found;
  throw new PersonaPriorError('usage', `unknown --duplicates ${name}`, {
    help: `choose from ${DUPLICATES.join(', ')}`,
  });
}

function mixOf(
  file: string | undefined,
  scanned: Loaded,
  counted: readonly SourceCounts[],
): { weights: ReadonlyMap<string, number>; sources: MixInfo['sources'] } {
  const names = scanned.sources.map((s) => s.name);
  const weights = file === undefined ? UNWEIGHTED : mixWeights(readPortions(file, names), counted);
  const shares = wordShares(weights, counted);
  const sources = names.map((source) => ({
    source,
    weight: weightOf(weights, source),
    wordShare: shares.get(source)!,
  }));
  return { weights, sources };
}

interface Encoder {
  /** whether the encoder that scanned is the installed one; what the card says holds only then */
  readonly same: boolean;
  /** the installed one, in words */
  readonly installed: string;
  /** calibration errors of the card; null where another encoder scanned or the card gives none */
  readonly calibration: Calibration | null;
  /** labels that the card marks experimental; all of conduct and situation where another encoder scanned */
  readonly experimental: readonly string[];
}

/** What the installed card says of the encoder that scanned, by the hash of its graph. */
function encoderOf(hash: string | undefined): Encoder {
  const card = loadCard(join(modelsFolder(), 'encoder'));
  const installed = `version ${card.version}`;
  const same = card.sha256['onnx/model_quantized.onnx'] === hash;
  if (!same) return { same, installed, calibration: null, experimental: [...CONDUCT, ...SITUATION] };
  const metrics = card['metrics'] as { character_ece?: number; malevolent_ece?: number } | undefined;
  const { character_ece: character, malevolent_ece: malevolent } = metrics ?? {};
  const calibration = character === undefined || malevolent === undefined ? null : { character, malevolent };
  return { same, installed, calibration, experimental: (card['experimental'] as string[] | undefined) ?? [] };
}
