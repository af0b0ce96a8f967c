// `verify` on the command line.
import { type Command, Option } from 'commander';
import type { Host } from '../host.js';
import { FORMATS } from '../targets/formats.js';
import type { VerifyOptions } from './verify.js';

export function verifyCommand(program: Command, host: Host): void {
  program
    .command('verify')
    .description('judge stories that were written to targets: accept, revise or reject, with reasons')
    .argument('<stories>', 'stories as JSONL {"id","target","text"}')
    .requiredOption('--targets <file>', 'the targets that they were written to, in any format of `targets`')
    .option('--out <file>', 'where the verdicts go, as JSONL (default: standard output)')
    .option('--feedback <file>', 'write requests to write again what was not accepted')
    .addOption(new Option('--format <name>', 'format of the feedback').choices(FORMATS).default('jsonl'))
    .option('--model <name>', 'the model that batch requests name')
    .option('--corpus <file...>', 'corpus files: stories must not repeat their text')
    .option('--db <file>', 'a database: stories must not repeat the text of its hits')
    .option('--json', 'the summary as JSON (on standard error)')
    .action(async (stories: string, flags: VerifyOptions) => {
      const { verifyStories } = await import('./verify.js');
      await verifyStories(stories, flags, host);
    });
}
