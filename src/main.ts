// The commands of the command line: options to functions, results to stdout, everything else to stderr.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Command, type CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, PersonaPriorError } from './errors.js';
import { exportCommand } from './export/command.js';
import { generateCommand } from './generate/command.js';
import { type Host, positive, write } from './host.js';
import { modelsFolder, packagePath, packageVersion } from './installed.js';
import { judgeCommand } from './judge/command.js';
import { probeCommand } from './probe/command.js';
import { isRemote, withoutSecrets } from './read/remote/address.js';
import { compareCommand } from './report/compare-command.js';
import { reviewCommand } from './review/command.js';
import { searchCommands } from './search/command.js';
import { importSparkCommand } from './spark/command.js';
import { mergeCommand } from './store/command.js';
import { targetsCommands } from './targets/command.js';
import { verifyCommand } from './verify/command.js';

const EXIT_HELP = `
Exit codes: 0 done; 1 a threshold of --fail-above was exceeded; 2 usage or configuration;
3 done, some input was skipped or repaired (counts shown); 130 interrupted, resumable with --resume.
Results go to stdout, everything else to stderr.`;

/** The program with all commands. Modules of a command are loaded when it runs, so that --help is quick. */
export function buildProgram(host: Host): Command {
  const program = new Command('persona-prior')
    .description('Measures how a pretraining corpus portrays AI.')
    .version(packageVersion())
    .addHelpText('after', EXIT_HELP)
    .showHelpAfterError('(--help shows the options)')
    .configureOutput({ writeOut: (text) => host.stdout.write(text), writeErr: (text) => host.stderr.write(text) })
    .exitOverride((error: CommanderError) => {
      if (error.exitCode === 0) throw new Finished();
      host.setExitCode(EXIT.usage);
      throw new Finished();
    });
  const parse = program.parseAsync.bind(program);
  program.parseAsync = async (...args) => {
    try {
      return await parse(...args);
    } catch (error) {
      if (error instanceof Finished) return program;
      throw error;
    }
  };
  scanCommand(program, host);
  classifyCommand(program, host);
  inspectCommand(program, host);
  reportCommand(program, host);
  estimateCommand(program, host);
  evaluateCommand(program, host);
  labelsCommand(program, host);
  compareCommand(program, host);
  reviewCommand(program, host);
  searchCommands(program, host);
  exportCommand(program, host);
  mergeCommand(program, host);
  importSparkCommand(program, host);
  targetsCommands(program, host);
  verifyCommand(program, host);
  generateCommand(program, host);
  probeCommand(program, host);
  modelsCommand(program, host);
  sampleCommand(program, host);
  for (const command of program.commands) {
    command.exitOverride((error) => {
      if (error.exitCode !== 0) host.setExitCode(EXIT.usage);
      throw new Finished();
    });
    command.addHelpText('after', EXIT_HELP);
  }
  return program;
}

/** Commander has said all there is to say. */
class Finished extends Error {}

function scanCommand(program: Command, host: Host): void {
  program
    .command('scan')
    .description('stream corpus dumps through the cascade into a database')
    .argument(
      '<inputs...>',
      'files, folders, globs, addresses (https://, s3://, hf://datasets/OWNER/NAME/), or - for standard input',
    )
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('--source <name>', 'one source name for all inputs (default: the name of each input)')
    .option('--preset <name>', 'field names of a known dump')
    .option('--text-field <field>', 'the field that holds the text (dots reach into objects)')
    .option('--id-field <field>', 'the field that holds the id')
    .option('--stdin-name <name>', 'what standard input is called, as in data.csv: its extension tells the format')
    .option('--workers <n>', 'worker processes (default: one per core)', positive)
    .option('--resume', 'go on where an earlier scan of the same inputs stopped')
    .option('--again', 'count inputs once more that the database already holds')
    .option('--limit <n>', 'stop after so many records', positive)
    .addOption(new Option('--shard <i/n>', 'scan part i of n (from 1)').argParser(shardOf))
    .option('--strict', 'stop at the first record that cannot be read or has to be repaired')
    .option('--quarantine <dir>', 'write skipped records there, as JSON lines with place, reason and bytes')
    .option('--trust-compression', 'no limits on how far a compressed file may expand (else 200 times, and 4 TiB)')
    .option('--patience <seconds>', 'give a document up when a passage of it takes longer', positive, 60)
    .option('--exact-counts', 'parse every document, so that words and passages are counted, not estimated')
    .option('--seed <n>', 'seed of the audit samples', integer, 1)
    .option('--dry-run', 'say what would be scanned, and stop')
    .option('--json', 'write the summary as JSON to stdout')
    .action(async (inputs: string[], flags: Record<string, unknown>) => {
      if (flags['dryRun'] === true) return dryRun(inputs, flags, host);
      const { scan } = await import('./scan.js');
      const { progressLine, summaryTable } = await import('./progress.js');
      const draw = progressLine(host.stderr);
      const { dryRun: _, json, ...options } = flags;
      const summary = await scan({
        inputs,
        ...(options as { db: string }),
        command: ['persona-prior', ...host.argv.map(withoutSecrets)].join(' '),
        signal: host.signal,
        stdin: host.stdin,
        onProgress: draw.update,
      });
      draw.clear();
      host.stderr.write(summaryTable(summary));
      if (json === true) {
        host.stdout.write(`${JSON.stringify({ ...summary, tallies: Object.fromEntries(summary.tallies) })}\n`);
      }
      host.setExitCode(
        summary.status === 'interrupted' ? EXIT.interrupted : summary.partial ? EXIT.partial : EXIT.done,
      );
    });
}

async function dryRun(inputs: string[], flags: Record<string, unknown>, host: Host): Promise<void> {
  const { planInputs } = await import('./plan.js');
  const { inspectInput } = await import('./read/inspect.js');
  const { printable } = await import('./errors.js');
  for await (const { file, source, part } of planInputs({ inputs, signal: host.signal, ...(flags as object) })) {
    const found = await inspectInput(file, { signal: host.signal, ...(flags as object) });
    if (host.signal.aborted) break;
    const piece = part.of > 1 ? `, part ${part.index}/${part.of}` : '';
    host.stdout.write(
      printable(`${source}\t${file.name}\t${file.size ?? '?'} bytes\t${found.format}/${found.compression}${piece}`),
    );
    host.stdout.write('\n');
  }
  if (host.signal.aborted) host.setExitCode(EXIT.interrupted);
}

function classifyCommand(program: Command, host: Host): void {
  program
    .command('classify')
    .description('score JSONL documents {"id","text","title"?,"names"?}: one JSONL line each, in order')
    .argument('[input]', 'a JSONL file or its address (default: standard input)')
    .option('--all', 'run every stage on every passage')
    .option('--whole', 'take each text as one passage')
    .option('--embedding', 'add the passage embeddings')
    .option('--tallies', 'add all that a scan stores, and answer scan requests: see docs/scale.md')
    .option('--source <name>', 'with --tallies: the source name of the documents', 'stdin')
    .option('--seed <n>', 'with --tallies: seed of the audit samples', integer, 1)
    .option('--exact-counts', 'with --tallies: as in scan')
    .option('--workers <n>', 'with --tallies: worker processes for scan requests', positive, 1)
    .option('--patience <seconds>', 'with --tallies: as in scan', positive, 60)
    .action(async (input: string | undefined, flags: ClassifyFlags) => {
      if (flags.tallies === true) {
        if (flags.all === true || flags.whole === true) {
          throw new PersonaPriorError('usage', '--tallies counts what a scan counts: it takes no --all and no --whole');
        }
        const { serveTallies } = await import('./spark/serve.js');
        return serveTallies(lines(input, host), { ...flags, models: modelsFolder() }, host);
      }
      const { loadCascade } = await import('./cascade.js');
      const { classifyLine } = await import('./classify/command.js');
      const cascade = await loadCascade(modelsFolder());
      let number = 0;
      for await (const line of lines(input, host)) {
        number++;
        if (host.signal.aborted) {
          host.setExitCode(EXIT.interrupted);
          break;
        }
        const answer = await classifyLine(cascade, line, number, flags);
        if (answer.error !== null) host.setExitCode(EXIT.partial);
        await write(host.stdout, `${JSON.stringify(answer)}\n`);
      }
      await cascade.dispose();
    });
}

interface ClassifyFlags {
  readonly all?: boolean;
  readonly whole?: boolean;
  readonly embedding?: boolean;
  readonly tallies?: boolean;
  readonly source: string;
  readonly seed: number;
  readonly exactCounts?: boolean;
  readonly workers: number;
  readonly patience: number;
}

function inspectCommand(program: Command, host: Host): void {
  program
    .command('inspect')
    .description('show the format, the fields and the first records of a file, and what a scan would do')
    .argument('<file>')
    .option('--preset <name>', 'field names of a known dump')
    .option('--text-field <field>', 'the field that holds the text')
    .option('--id-field <field>', 'the field that holds the id')
    .option('--json', 'as JSON')
    .action(async (path: string, flags: Record<string, unknown>) => {
      const { findInputs } = await import('./read/inputs.js');
      const { inspectInput } = await import('./read/inspect.js');
      const { inspectionText } = await import('./progress.js');
      try {
        for await (const file of findInputs([path], host.signal)) {
          const found = await inspectInput(file, { signal: host.signal, ...(flags as object) });
          if (host.signal.aborted) break;
          host.stdout.write(flags['json'] === true ? `${JSON.stringify(found)}\n` : inspectionText(found));
        }
      } catch (error) {
        if (!host.signal.aborted) throw error;
      }
      if (host.signal.aborted) host.setExitCode(EXIT.interrupted);
    });
}

function reportCommand(program: Command, host: Host): void {
  program
    .command('report')
    .description('write the audit report of a database')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('--format <list>', 'html,md,json', 'html,md,json')
    .option('--out <dir>', 'where report.html, report.md and report.json go', 'persona-prior-report')
    .option('--no-text', 'leave out all text of the corpus')
    .option('--weights <file>', 'a YAML file with the epochs or share of every source in the training mix')
    .addOption(
      new Option('--duplicates <rule>', 'hits that repeat a text: count every copy, or each text once')
        .choices(['all', 'once'])
        .default('all'),
    )
    .option('--fail-above <property=rate...>', 'exit 1 when the estimate of a property exceeds the rate')
    .action(async (flags: ReportFlags) => {
      const { writeReport } = await import('./report/report.js');
      const { exceeded, files } = await writeReport({
        db: flags.db,
        out: flags.out,
        formats: flags.format.split(','),
        text: flags.text,
        duplicates: flags.duplicates,
        failAbove: flags.failAbove ?? [],
        ...(flags.weights === undefined ? {} : { weights: flags.weights }),
        command: ['persona-prior', ...host.argv].join(' '),
      });
      for (const file of files) host.stdout.write(`${file}\n`);
      for (const line of exceeded) host.stderr.write(`${line}\n`);
      if (exceeded.length > 0) host.setExitCode(EXIT.threshold);
    });
}

interface ReportFlags {
  readonly db: string;
  readonly format: string;
  readonly out: string;
  readonly text: boolean;
  readonly weights?: string;
  readonly duplicates: string;
  readonly failAbove?: string[];
}

function estimateCommand(program: Command, host: Host): void {
  program
    .command('estimate')
    .description('solve estimation problems: JSONL on stdin, answers on stdout')
    .argument('[input]', 'a JSONL file (default: standard input)')
    .action(async (input: string | undefined) => {
      const { estimateLines } = await import('./estimate/command.js');
      const { failed } = await estimateLines(lines(input, host), (line) => write(host.stdout, `${line}\n`));
      if (failed > 0) host.setExitCode(EXIT.partial);
    });
}

function evaluateCommand(program: Command, host: Host): void {
  program
    .command('evaluate')
    .description('measure the models on labelled passages, per head and source, with intervals')
    .argument('<labels>', 'a JSONL file of labelled passages')
    .option('--show-text', 'put shortened texts beside the worst errors')
    .option('--baselines', 'measure the untrained baselines on the same passages')
    .option('--seed <n>', 'seed of the resamples', integer, 1)
    .option('--replicates <n>', 'resamples of the documents', positive, 500)
    .option('--json', 'as JSON instead of Markdown')
    .action(async (labels: string, flags: EvaluateFlags) => {
      const { loadCascade } = await import('./cascade.js');
      const { evaluate } = await import('./evaluate/evaluate.js');
      const { evaluationMarkdown } = await import('./evaluate/markdown.js');
      const { json, showText = false, ...rest } = flags;
      const cascade = await loadCascade(modelsFolder());
      const tty = host.stderr.isTTY === true;
      const onProgress = (done: number, total: number): void => {
        if (tty && (done % 20 === 0 || done === total)) {
          host.stderr.write(`\r\u001b[K${done === total ? '' : `${done}/${total}`}`);
        }
      };
      try {
        const found = await evaluate({ labels, cascade, showText, ...rest, signal: host.signal, onProgress });
        await write(host.stdout, json === true ? `${JSON.stringify(found)}\n` : evaluationMarkdown(found));
        if (found.counts.bad + found.counts.failed > 0) host.setExitCode(EXIT.partial);
      } catch (error) {
        if (!host.signal.aborted) throw error;
        host.setExitCode(EXIT.interrupted);
      } finally {
        await cascade.dispose();
      }
    });
}

interface EvaluateFlags {
  readonly showText?: boolean;
  readonly baselines?: boolean;
  readonly seed: number;
  readonly replicates: number;
  readonly json?: boolean;
}

function labelsCommand(program: Command, host: Host): void {
  const labels = program.command('labels').description('draw the audit sample, read and write its labels');
  labels
    .command('sample')
    .description('draw passages to label, as JSONL on stdout')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('-n, --n <n>', 'how many labels', positive)
    .option('--precision <wish>', "as many as this takes: 'malevolent|shutdown_threat:±0.1' or 'character:±0.002'")
    .addOption(
      new Option('--design <name>', 'allocation to strata').choices(['neyman', 'proportional']).default('neyman'),
    )
    .option('--seed <n>', 'seed of the draw among hits', integer)
    .action(async (flags: LabelsFlags & { db: string }) => {
      const { openDatabase } = await import('./store/database.js');
      const { drawAudit } = await import('./labels/sample.js');
      const { outlookText } = await import('./labels/outlook.js');
      const { db: path, ...options } = flags;
      const db = openDatabase(path, { readonly: true });
      try {
        const { rows, strata, outlook } = drawAudit(db, options);
        for (const row of rows) await write(host.stdout, `${JSON.stringify(row)}\n`);
        host.stderr.write(`${rows.length} passages from ${strata.length} strata\n`);
        if (outlook !== null) host.stderr.write(outlookText(outlook));
      } finally {
        db.close();
      }
    });
  labels
    .command('import')
    .description('store labels (JSONL in the format of `labels sample`, filled in)')
    .argument('<file>', 'a JSONL file, or - for standard input')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('--reader <name>', 'who labelled the lines that do not say so')
    .action(async (file: string, flags: { db: string; reader?: string }) => {
      const { openDatabase } = await import('./store/database.js');
      const { importLabels } = await import('./labels/store.js');
      const db = openDatabase(flags.db);
      try {
        const done = await importLabels(
          db,
          lines(file, host),
          flags.reader === undefined ? {} : { reader: flags.reader },
        );
        for (const { line, message } of done.errors) host.stderr.write(`line ${line}: ${message}\n`);
        const { errors, ...counts } = done;
        host.stdout.write(`${JSON.stringify({ ...counts, errors: errors.length })}\n`);
        if (errors.length > 0) host.setExitCode(EXIT.partial);
      } finally {
        db.close();
      }
    });
  labels
    .command('export')
    .description('write all labels as JSONL to stdout')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('--no-text', 'leave out texts and titles')
    .action(async (flags: { db: string; text: boolean }) => {
      const { openDatabase } = await import('./store/database.js');
      const { exportLabels } = await import('./labels/store.js');
      const db = openDatabase(flags.db, { readonly: true });
      try {
        for (const label of exportLabels(db, { text: flags.text }))
          await write(host.stdout, `${JSON.stringify(label)}\n`);
      } finally {
        db.close();
      }
    });
  judgeCommand(labels, host);
  for (const command of labels.commands) {
    command.exitOverride((error) => {
      if (error.exitCode !== 0) host.setExitCode(EXIT.usage);
      throw new Finished();
    });
  }
}

interface LabelsFlags {
  readonly n?: number;
  readonly precision?: string;
  readonly design: 'neyman' | 'proportional';
  readonly seed?: number;
}

function modelsCommand(program: Command, host: Host): void {
  program
    .command('models')
    .description('list the installed models: version, licence, checksums')
    .option('--json', 'the whole cards as JSON')
    .action(async (flags: { json?: boolean }) => {
      const { loadCard } = await import('./classify/card.js');
      const folder = modelsFolder();
      const cards = ['encoder', 'linear'].map((name) => loadCard(join(folder, name)));
      if (flags.json) host.stdout.write(`${JSON.stringify(cards)}\n`);
      else {
        for (const card of cards) {
          host.stdout.write(`${card.name} ${card.version} (${card.licence})\n`);
          for (const [file, hash] of Object.entries(card.sha256)) host.stdout.write(`  ${file} sha256:${hash}\n`);
        }
      }
    });
}

function sampleCommand(program: Command, host: Host): void {
  program
    .command('sample')
    .description('scan the bundled sample corpus and write its report')
    .option('--out <dir>', 'where the database and the report go', 'persona-prior-report')
    .option('--workers <n>', 'worker processes (default: one per core)', positive)
    .action(async (flags: { out: string; workers?: number }) => {
      const { runSample } = await import('./sample.js');
      await runSample({ ...flags, corpus: packagePath('corpora', 'sample') }, host);
    });
}

/** Lines of a file or of standard input, split at LF only (a paragraph separator inside JSON is no line end). */
async function* lines(input: string | undefined, host: Host): AsyncGenerator<string> {
  let stream: AsyncIterable<Buffer> = host.stdin;
  if (input !== undefined && isRemote(input)) {
    const { remoteBytes } = await import('./read/remote/bytes.js');
    stream = Readable.from(remoteBytes(input, host.signal), { objectMode: false });
  } else if (input !== undefined && input !== '-') {
    const { createReadStream } = await import('node:fs');
    const file = createReadStream(input);
    await new Promise<void>((resolve, reject) => {
      file.once('open', () => resolve());
      file.once('error', (cause) =>
        reject(new PersonaPriorError('missing_input', 'expected a readable file', { place: { file: input }, cause })),
      );
    });
    stream = file;
  }
  const { isUtf8 } = await import('node:buffer');
  let parts: Buffer[] = [];
  let first = true;
  const close = (last: Buffer): string => {
    const line = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    // invalid bytes become U+FFFD, and the exit code says so
    if (!isUtf8(line)) host.setExitCode(EXIT.partial);
    const text = line.toString('utf8').replace(/\r$/, '');
    const begin = first && text.startsWith('\ufeff') ? 1 : 0;
    first = false;
    return text.slice(begin);
  };
  try {
    for await (const chunk of stream) {
      const bytes = chunk as Buffer;
      let from = 0;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
        yield close(bytes.subarray(from, at));
        from = at + 1;
      }
      if (from < bytes.length) parts.push(bytes.subarray(from));
    }
  } catch (error) {
    if (!host.signal.aborted) throw error;
  }
  if (host.signal.aborted) host.setExitCode(EXIT.interrupted);
  else if (parts.length > 0) yield close(Buffer.alloc(0));
}

function integer(value: string): number {
  const n = Number(value);
  if (!Number.isSafeInteger(n)) throw new InvalidArgumentError('expected a whole number');
  return n;
}

function shardOf(value: string): { index: number; of: number } {
  const match = /^(\d+)\/(\d+)$/.exec(value);
  const index = Number(match?.[1]);
  const of = Number(match?.[2]);
  if (match === null || index < 1 || index > of) throw new InvalidArgumentError('expected I/N with 1 ≤ I ≤ N');
  return { index, of };
}
