// `targets` and `mix` on the command line.
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { EXIT, PersonaPriorError } from '../errors.js';
import { type Host, positive, write } from '../host.js';
import { modelsFolder } from '../installed.js';
import { FORMATS } from './formats.js';
import type { WriteOptions } from './write.js';

interface MixFlags {
  readonly db: string;
  readonly stories: string;
  readonly repeats: number;
  readonly weights?: string;
  readonly aim?: string;
  readonly json?: boolean;
}

export function targetsCommands(program: Command, host: Host): void {
  program
    .command('targets')
    .description('plan counter-stories for the gaps of a database, and write the requests for them')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('--stories <n>', 'how many stories', positive, 12_000)
    .option('--aim <file>', 'a YAML file: what the prior should be (default: models/aim.yaml of the package)')
    .option('--weights <file>', 'a YAML file with the epochs or share of every source in the training mix')
    .addOption(new Option('--format <name>', 'what to write').choices(FORMATS).default('jsonl'))
    .option('--out <file>', 'where to write (default: standard output)')
    .option('--remaining <file>', 'only what is missing beside these stories or verdicts (JSONL)')
    .option('--constitution <file>', 'your principles, Markdown or text (default: a short one of the package)')
    .option('--template <file>', 'your prompt, with {{placeholders}} (default: models/story-prompt.md of the package)')
    .option('--model <name>', 'the model that batch requests name')
    .option('--seed <n>', 'seed of settings, personas and forms', positive, 1)
    .option('--json', 'write the plan as JSON to stdout; targets go to --out only')
    .action(async (flags: WriteOptions) => {
      const { writeTargets } = await import('./write.js');
      await writeTargets(flags, host);
    });
  program
    .command('mix')
    .description('the prior after mixing stories into the corpus, against the aim, and the repeats that reach it')
    .requiredOption(
      '--stories <file>',
      'stories as JSONL {"id","target","text"}, or a database that they were scanned into',
    )
    .option('--repeats <n>', 'how often training passes over each story', positive, 1)
    .option('--db <file>', 'the database of the corpus', 'persona-prior.db')
    .option('--weights <file>', 'a YAML file with the epochs or share of every source of the corpus')
    .option('--aim <file>', 'a YAML file: what the prior should be (default: models/aim.yaml of the package)')
    .option('--json', 'as JSON')
    .action((flags: MixFlags) => mixCommand(flags, host));
}

async function mixCommand(flags: MixFlags, host: Host): Promise<void> {
  const { readAim } = await import('./aim.js');
  const { readCorpus } = await import('./corpus.js');
  const { mixPrior } = await import('./mix.js');
  const { classifiedStories, isDatabase, scannedStories } = await import('./stories.js');
  const { sumHits } = await import('./sums.js');
  const { mixText } = await import('./table.js');
  const { loadTropes } = await import('../tropes.js');
  const { openDatabase } = await import('../store/database.js');
  const models = modelsFolder();
  const { tropes } = loadTropes(models);
  const ids = tropes.map((t) => t.id);
  const shipped = join(models, 'aim.yaml');
  const aim = readAim(flags.aim ?? shipped, shipped, ids);
  const db = openDatabase(flags.db, { readonly: true });
  let corpus: ReturnType<typeof readCorpus>;
  try {
    corpus = readCorpus(db, tropes, flags.weights);
  } finally {
    db.close();
  }
  let found: Awaited<ReturnType<typeof classifiedStories>>;
  if (isDatabase(flags.stories)) found = scannedStories(flags.stories);
  else {
    const { loadCascade } = await import('../cascade.js');
    const cascade = await loadCascade(models);
    const tty = host.stderr.isTTY === true;
    try {
      found = await classifiedStories(flags.stories, cascade, {
        signal: host.signal,
        onStory: (done) => void (tty && done % 10 === 0 && host.stderr.write(`\r\u001b[K${done} stories`)),
      });
    } catch (error) {
      if (!host.signal.aborted) throw error;
      host.setExitCode(EXIT.interrupted);
      return;
    } finally {
      if (tty) host.stderr.write('\r\u001b[K');
      await cascade.dispose();
    }
  }
  const { hits, ...counts } = found;
  if (counts.stories === 0)
    throw new PersonaPriorError('missing_input', 'expected stories, found none', { place: { file: flags.stories } });
  const mix = mixPrior(corpus, sumHits(hits, ids), flags.repeats, aim);
  const sameModel = counts.encoder === corpus.encoder;
  const { encoder: _, ...read } = { ...counts, hits: hits.length, sameModel };
  await write(host.stdout, flags.json === true ? `${JSON.stringify({ read, ...mix })}\n` : mixText(mix));
  host.stderr.write(`${read.stories} stories with ${read.hits} hits; in ${read.empty} no AI persona was found\n`);
  if (read.bad + read.failed > 0) {
    host.stderr.write(`${read.bad} lines are no stories; models failed on ${read.failed} stories\n`);
    host.setExitCode(EXIT.partial);
  }
  if (!sameModel) host.stderr.write('corpus and stories were scored by different encoders: scan the corpus again\n');
}
