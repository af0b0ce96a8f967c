// `merge` on the command line.
import type { Command } from 'commander';
import { EXIT } from '../errors.js';
import type { Host } from '../host.js';

export function mergeCommand(program: Command, host: Host): void {
  program
    .command('merge')
    .description('make one database of several that were scanned apart (scan --shard I/N), whatever their order')
    .argument('<out>', 'the database to write; it must not exist')
    .argument('<databases...>', 'the databases to merge')
    .option('--json', 'the counts as JSON')
    .action(async (out: string, databases: string[], flags: { json?: boolean }) => {
      const { mergeDatabases } = await import('./merge.js');
      const done = mergeDatabases(out, databases);
      host.stderr.write(
        `${done.databases} databases: ${done.sources} sources, ${done.shards} files, ${done.hits} hits, ${done.labels} labels\n`,
      );
      if (done.labelConflicts > 0) host.stderr.write(`${done.labelConflicts} labels differed; the newest were kept\n`);
      if (done.incomplete > 0) host.stderr.write(`${done.incomplete} files were not read to their end\n`);
      if (flags.json === true) host.stdout.write(`${JSON.stringify(done)}\n`);
      if (done.incomplete > 0) host.setExitCode(EXIT.partial);
    });
}
