// `import-spark` on the command line.
import type { Command } from 'commander';
import { EXIT } from '../errors.js';
import type { Host } from '../host.js';

export function importSparkCommand(program: Command, host: Host): void {
  program
    .command('import-spark')
    .description('make the database of a scan that ran on Spark: the same as a local scan of the same inputs')
    .argument('<dir>', 'the --output of spark/scan.py')
    .option('--db <file>', 'the database to write; it must not exist', 'persona-prior.db')
    .option('--json', 'the counts as JSON')
    .action(async (dir: string, flags: { db: string; json?: boolean }) => {
      const { importSpark } = await import('./import.js');
      const done = await importSpark(dir, flags.db, ['persona-prior', ...host.argv].join(' '));
      host.stderr.write(
        `${done.partitions} partitions: ${done.sources} sources, ${done.files} files, ${done.documents} documents, ${done.hits} hits\n`,
      );
      if (done.surplus > 0)
        host.stderr.write(`${done.surplus} files held a partition once more and were passed over\n`);
      if (done.incomplete > 0) host.stderr.write(`${done.incomplete} files were not read to their end\n`);
      if (flags.json === true) host.stdout.write(`${JSON.stringify(done)}\n`);
      if (done.partial) host.setExitCode(EXIT.partial);
    });
}
