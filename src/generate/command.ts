// `generate` on the command line.
import type { Command } from 'commander';
import { type EndpointFlags, endpointFrom, endpointOptions } from '../endpoint/options.js';
import { EXIT } from '../errors.js';
import { type Host, positive, temperature, write } from '../host.js';
import type { Summary } from './generate.js';

interface GenerateFlags extends EndpointFlags {
  readonly targets: string;
  readonly out: string;
  readonly failed?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly json?: boolean;
}

export function generateCommand(program: Command, host: Host): void {
  const command = program
    .command('generate')
    .description('send targets or revision requests to a server, and append the stories that come; run again to resume')
    .requiredOption('--targets <file>', 'targets, or revision requests of `verify --feedback`, as JSONL');
  endpointOptions(command)
    .option('--out <file>', 'the stories; what it holds already is not asked for again', 'stories.jsonl')
    .option('--failed <file>', 'append requests that gave no story, with the reason, as JSONL')
    .option('--temperature <t>', "the sampling temperature (default: the server's)", temperature)
    .option('--max-tokens <n>', 'tokens that a story may have (default: three a word asked for)', positive)
    .option('--json', 'write the summary as JSON to stdout')
    .action((flags: GenerateFlags) => run(flags, host));
}

async function run(flags: GenerateFlags, host: Host): Promise<void> {
  const { asUsage, EndpointError } = await import('../endpoint/error.js');
  const { generate } = await import('./generate.js');
  const endpoint = await endpointFrom(flags, host);
  const tty = host.stderr.isTTY === true;
  const { targets, out, failed, temperature, maxTokens, concurrency } = flags;
  let summary: Summary;
  try {
    summary = await generate(endpoint, {
      targets,
      out,
      concurrency,
      ...(failed === undefined ? {} : { failed }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      signal: host.signal,
      onProgress: ({ wanted, left, stories, usage }) =>
        void (tty && host.stderr.write(`\r\u001b[K${wanted - left}/${wanted}, ${stories} stories, ${usage.completionTokens} tokens`)), // biome-ignore format: one line
    });
  } finally {
    if (tty) host.stderr.write('\r\u001b[K');
    await endpoint.close();
  }
  host.stderr.write(summaryText(summary));
  if (flags.json === true) await write(host.stdout, `${JSON.stringify(summary)}\n`);
  const { end, wanted, had, stories, badRequests, badStories } = summary;
  if (end?.kind === 'access') throw asUsage(new EndpointError(end.kind, end.message));
  if (end?.kind === 'stopped') host.setExitCode(EXIT.interrupted);
  else if (had + stories < wanted || badRequests + badStories > 0) host.setExitCode(EXIT.partial);
}

/** The summary in a few lines. */
export function summaryText(summary: Summary): string {
  const { wanted, had, stories, refusal, cut_off, empty, left, usage, end } = summary;
  const failures = Object.values(summary.errors).reduce((sum, n) => sum + n, 0);
  const kinds = Object.entries(summary.errors).map(([kind, n]) => `${kind} ${n}`);
  const lines = [
    `${wanted} stories wanted, ${had} of them there before: ${stories} new, ${refusal} refused, ${cut_off} cut off, ${empty} empty, ${failures} failed${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}, ${left} not asked`,
    `${usage.attempts} requests, ${usage.retries} of them again; ${usage.promptTokens} tokens in, ${usage.completionTokens} out${usage.estimated === 0 ? '' : ` (estimated for ${usage.estimated} answers)`}`,
  ];
  if (usage.holds > 0) lines.push(`the server asked ${usage.holds} times to wait`);
  if (summary.badRequests > 0) lines.push(`${summary.badRequests} lines are no targets`);
  if (summary.repeatedRequests > 0) lines.push(`${summary.repeatedRequests} lines repeat the id of an earlier one`);
  if (summary.badStories > 0) lines.push(`${summary.badStories} lines of the file are no stories`);
  if (summary.dropped > 0) lines.push(`a half-written last line of ${summary.dropped} bytes was cut off`);
  if (end !== null) lines.push(`ended early: ${end.message}. The same command goes on from here`);
  return `${lines.join('\n')}\n`;
}
