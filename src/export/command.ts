// `export` on the command line.
import { type Command, Option } from 'commander';
import { EXIT } from '../errors.js';
import { type Host, probability } from '../host.js';
import type { Collateral, Removal } from './effect.js';
import type { ExportFormat, ExportSummary } from './export.js';

interface ExportFlags {
  readonly format: ExportFormat;
  readonly out: string;
  readonly db: string;
  readonly property: string;
  readonly source?: string[];
  readonly threshold?: number;
  readonly text: boolean;
}

export function exportCommand(program: Command, host: Host): void {
  program
    .command('export')
    .description('write what was found for other tools: Dolma attributes, lists for filters, tables of hits')
    .addOption(
      new Option('--format <name>', 'what to write')
        .choices(['dolma', 'ids', 'jsonl', 'parquet'])
        .makeOptionMandatory(),
    )
    .requiredOption('--out <dir>', 'where the files and summary.json go')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('--property <property>', 'what to select, e.g. conduct=harms, or several joined by &', 'valence=malevolent')
    .option(
      '--threshold <p>',
      'least joint probability (default: the flag threshold of the scan for valence=malevolent, else 0.5)',
      probability,
    )
    .option('--source <name...>', 'only these sources')
    .option('--no-text', 'leave out all text of the corpus (jsonl, parquet; the other formats have none)')
    .action(async (flags: ExportFlags) => {
      const { exportHits } = await import('./export.js');
      const command = ['persona-prior', ...host.argv].join(' ');
      try {
        const { source: sources, ...rest } = flags;
        const options = { ...rest, ...(sources === undefined ? {} : { sources }) };
        const summary = await exportHits({ ...options, command, signal: host.signal });
        for (const file of summary.files) host.stdout.write(`${file}\n`);
        host.stderr.write(summaryText(summary));
        if (summary.incomplete.length > 0) host.setExitCode(EXIT.partial);
      } catch (error) {
        if (!host.signal.aborted) throw error;
        host.setExitCode(EXIT.interrupted);
      }
    });
}

/** What the selection does, for a person. */
export function summaryText({ property, threshold, effect, incomplete }: ExportSummary): string {
  const { all, selected, hits, collateral } = effect;
  const lines = [
    `${property} from ${threshold} on: ${selected} of ${hits} hits, in ${all.documents.removed} documents`,
    `dropping those documents removes ${shareText(all.documents)} of documents and ${shareText(all.passagesOfDocuments)} of passages`,
    `cutting those passages removes ${shareText(all.passages)} of passages and ${shareText(all.words)} of words`,
  ];
  if (collateral.status !== 'none') {
    lines.push(`collateral: ${collateralText(collateral)} of those passages do not have the property`);
  }
  if (incomplete.length > 0) lines.push(`inputs that were not scanned to their end: ${incomplete.length}`);
  return `${lines.join('\n')}\n`;
}

function shareText({ estimate, low, high, status }: Removal): string {
  if (estimate === null) return 'an unknown share';
  return status === 'counted' ? percent(estimate) : `${percent(estimate)} (${percent(low!)} to ${percent(high!)})`;
}

function collateralText({ estimate, low, high, status, labels }: Collateral): string {
  if (status === 'measured') {
    return `${percent(estimate!)} (${percent(low!)} to ${percent(high!)}; measured on ${labels} labels)`;
  }
  return `${percent(estimate!)} (transferred from the scores: not checked on this corpus)`;
}

function percent(share: number): string {
  return share === 0 ? '0%' : `${Number((100 * share).toPrecision(3))}%`;
}
