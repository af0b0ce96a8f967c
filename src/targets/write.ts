// `targets`: database, aim, constitution and template to a plan and a file of targets or requests.
import { join } from 'node:path';
import { EXIT, PersonaPriorError } from '../errors.js';
import { type Host, write } from '../host.js';
import { modelsFolder } from '../installed.js';
import { openDatabase } from '../store/database.js';
import { loadTropes } from '../tropes.js';
import { readAim } from './aim.js';
import { buildTargets } from './build.js';
import { loadCatalogue, loadEvaluations } from './catalogue.js';
import { readCorpus } from './corpus.js';
import { fileLines, writeLines } from './files.js';
import { type Format, linesOf } from './formats.js';
import { planStories } from './plan.js';
import { pointCoverage, readPrinciples } from './principles.js';
import { readTemplate } from './prompt.js';
import { readDone, remainingTargets } from './remaining.js';
import { planText } from './table.js';

export interface WriteOptions {
  readonly db: string;
  readonly stories: number;
  readonly aim?: string;
  readonly weights?: string;
  readonly format: Format;
  readonly out?: string;
  readonly remaining?: string;
  readonly constitution?: string;
  readonly template?: string;
  readonly model?: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** What one batch may hold, by the providers' documentation. */
const MOST: Readonly<Partial<Record<Format, { readonly requests: number; readonly bytes: number }>>> = {
  'openai-batch': { requests: 50_000, bytes: 200e6 },
  'anthropic-batch': { requests: 100_000, bytes: 256e6 },
};

/** Targets to `out` or stdout, the plan as a table to stderr or, with `json`, as JSON to stdout. */
export async function writeTargets(options: WriteOptions, host: Host): Promise<void> {
  const { format, model } = options;
  if (format !== 'jsonl' && model === undefined) {
    throw new PersonaPriorError('usage', `requests for ${format} must name a model`, { help: 'give --model NAME' });
  }
  const models = modelsFolder();
  const { tropes } = loadTropes(models);
  const catalogue = loadCatalogue(models);
  const shipped = join(models, 'aim.yaml');
  const aim = readAim(
    options.aim ?? shipped,
    shipped,
    tropes.map((t) => t.id),
  );
  const principles = readPrinciples(options.constitution ?? join(models, 'constitution.md'));
  const template = readTemplate(options.template ?? join(models, 'story-prompt.md'), catalogue);
  const done = options.remaining === undefined ? null : await readDone(options.remaining);
  const db = openDatabase(options.db, { readonly: true });
  let corpus: ReturnType<typeof readCorpus>;
  try {
    corpus = readCorpus(db, tropes, options.weights);
  } finally {
    db.close();
  }
  const planned = await planStories(corpus, aim, catalogue, tropes, options.stories);
  const evaluations = loadEvaluations(models);
  const { names, words } = aim;
  const all = [
    ...buildTargets(planned, {
      catalogue,
      evaluations,
      tropes,
      principles,
      template,
      names,
      words,
      seed: options.seed,
    }),
  ];
  const coverage = pointCoverage(all, principles);
  const targets = done === null ? all : [...remainingTargets(all, done.counts)];
  const lines = fileLines(
    targets.flatMap((target) => linesOf(target, format, model ?? '')),
    format,
  );
  if (options.out !== undefined) writeLines(options.out, lines);
  else if (options.json !== true) for (const line of lines) await write(host.stdout, `${line}\n`);
  if (options.json === true) {
    const plan = { ...planned.plan, principles: principles.map((p) => ({ ...p, stories: coverage[p.id] })) };
    await write(host.stdout, `${JSON.stringify(plan)}\n`);
  } else host.stderr.write(planText(planned.plan, principles, coverage));
  const stories = targets.reduce((sum, t) => sum + t.count, 0);
  host.stderr.write(`${targets.length} targets for ${stories} stories\n`);
  const most = MOST[format];
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  if (most !== undefined && (stories > most.requests || bytes > most.bytes)) {
    host.stderr.write(`one batch takes ${most.requests} requests and ${most.bytes / 1e6} MB: split this one\n`);
  }
  if (done === null) return;
  const ids = new Set(all.map((t) => t.id));
  const strangers = [...done.counts.keys()].filter((id) => !ids.has(id)).length;
  if (done.bad + strangers === 0) return;
  host.stderr.write(
    `${done.bad} lines name no target; ${strangers} targets are not of this plan (other --stories, --aim or --seed?)\n`,
  );
  host.setExitCode(EXIT.partial);
}
