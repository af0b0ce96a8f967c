// `labels judge` on the command line.
import type { Command } from 'commander';
import { type EndpointFlags, endpointFrom, endpointOptions } from '../endpoint/options.js';
import { EXIT, PersonaPriorError, printable } from '../errors.js';
import { type Host, positive, write } from '../host.js';
import type { PairAgreement } from '../review/agreement.js';
import type { JudgeEnd } from './judge.js';

interface JudgeFlags extends EndpointFlags {
  readonly db: string;
  readonly n: number;
  readonly limit?: number;
  readonly overlap?: boolean;
  readonly json?: boolean;
}

/** Registers it under `labels`. */
export function judgeCommand(labels: Command, host: Host): void {
  const command = labels
    .command('judge')
    .description('let a model label passages of the audit sample; its labels stand apart from those of people')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('-n, --n <n>', 'the sample to label: that of `labels sample -n N`', positive, 200)
    .option('--overlap', 'label the passages that people have labelled instead, to measure agreement')
    .option('--limit <n>', 'ask for at most so many passages now', positive);
  endpointOptions(command)
    .option('--json', 'the outcome as JSON')
    .action(async (flags: JudgeFlags) => {
      const { existsSync } = await import('node:fs');
      const { asUsage } = await import('../endpoint/error.js');
      const { judgeName } = await import('../labels/readers.js');
      const { drawAudit } = await import('../labels/sample.js');
      const { agreements } = await import('../review/agreement.js');
      const { openDatabase } = await import('../store/database.js');
      const { judge } = await import('./judge.js');
      const passages = await import('./passages.js');
      if (!existsSync(flags.db)) {
        throw new PersonaPriorError('database', 'expected a database file', {
          place: { file: flags.db },
          help: 'run `persona-prior scan` first, or check --db',
        });
      }
      const reader = judgeName(flags.model);
      const db = openDatabase(flags.db);
      try {
        const rows =
          flags.overlap === true ? passages.overlap(db) : drawAudit(db, { n: flags.n, design: 'neyman' }).rows;
        if (rows.length === 0) {
          throw new PersonaPriorError('usage', 'there is no passage to label', {
            help: flags.overlap === true ? 'no person has labelled the audit sample yet' : 'scan some text first',
          });
        }
        const open = passages.open(db, rows, reader).slice(0, flags.limit ?? rows.length);
        const endpoint = await endpointFrom(flags, host);
        host.stderr.write(
          `sends text and title of ${open.length} passages to ${printable(new URL(flags.endpoint).origin)}, and nowhere else; ${rows.length} in the sample\n`,
        );
        const tty = host.stderr.isTTY === true;
        const onDone = (asked: number): void => {
          if (tty) host.stderr.write(`\r\u001b[K${asked === open.length ? '' : `${asked}/${open.length}`}`);
        };
        const done = await judge(db, open, {
          endpoint,
          reader,
          concurrency: flags.concurrency,
          signal: host.signal,
          onDone,
        }).finally(() => endpoint.close());
        if (done.end?.kind === 'access') throw asUsage(done.end);
        const agreement = agreements(db, (a, b) => a === reader || b === reader);
        const { end, ...counts } = done;
        const outcome = {
          reader,
          ...counts,
          ended: end === null ? null : end.message,
          usage: endpoint.usage,
          agreement,
        };
        await write(
          host.stdout,
          flags.json === true ? `${JSON.stringify(outcome)}\n` : outcomeText(reader, done, agreement),
        );
        if (end !== null) host.stderr.write(`ended early: ${printable(end.message)}; run it again to go on\n`);
        if (end?.kind === 'stopped') host.setExitCode(EXIT.interrupted);
        else if (done.labelled < done.passages) host.setExitCode(EXIT.partial);
      } finally {
        db.close();
      }
    });
}

function outcomeText(reader: string, done: JudgeEnd, pairs: readonly PairAgreement[]): string {
  const failed = Object.entries(done.failed).map(([kind, n]) => `${n} ${kind}`);
  const lines = [
    `${printable(reader)}: ${done.labelled} of ${done.passages} labelled, ${done.mended} of them at the second attempt; failed: ${failed.join(', ') || 'none'}; left: ${done.left}`,
  ];
  for (const { readers, passages, heads } of pairs) {
    const other = readers.find((name) => name !== reader)!;
    lines.push('', `agreement with ${printable(other)} on ${passages} passages`);
    lines.push('head\tpassages\tequal\tkappa\t95% interval');
    for (const { head, passages: n, agreed, kappa } of heads) {
      const figure = (p: number | null): string => (p === null ? '' : p.toFixed(2));
      const interval = kappa.low === null ? '' : `${figure(kappa.low)} to ${figure(kappa.high)}`;
      lines.push([head, n, figure(agreed), figure(kappa.estimate), interval].join('\t'));
    }
  }
  if (pairs.length === 0) lines.push('', 'no passage has a label of a person too: agreement is not known (--overlap)');
  lines.push('', 'A judge is no truth: its labels enter no estimate.');
  return `${lines.join('\n')}\n`;
}
