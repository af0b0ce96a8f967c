// `compare` on the command line.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { PersonaPriorError } from '../errors.js';
import { type Host, write } from '../host.js';

export function compareCommand(program: Command, host: Host): void {
  program
    .command('compare')
    .description('corpora side by side: differences from the first, with intervals')
    .argument('<databases...>', 'two databases or more')
    .option('--out <dir>', 'write compare.html, compare.md and compare.json there instead of Markdown to stdout')
    .option('--duplicates <how>', 'count copies of a text: all or once', 'all')
    .option('--json', 'as JSON to stdout')
    .action(async (databases: string[], flags: { out?: string; duplicates: string; json?: boolean }) => {
      if (databases.length < 2) {
        throw new PersonaPriorError('usage', 'expected two databases or more', { help: 'for one, use `report`' });
      }
      const { buildReport } = await import('./report.js');
      const { compareReports } = await import('./compare.js');
      const { comparisonHtml, comparisonMarkdown } = await import('./compare-pages.js');
      const command = ['persona-prior', ...host.argv].join(' ');
      const reports = databases.map((db) =>
        buildReport({ db, text: false, command, duplicates: flags.duplicates, reading: false }),
      );
      const short = databases.map((db) => basename(db).replace(/\.db$/, ''));
      const names = new Set(short).size === short.length ? short : databases;
      const comparison = compareReports(names, reports);
      const json = `${JSON.stringify(comparison, null, 2)}\n`;
      if (flags.out !== undefined) {
        mkdirSync(flags.out, { recursive: true });
        const files = { html: await comparisonHtml(comparison), md: comparisonMarkdown(comparison), json };
        for (const [format, text] of Object.entries(files)) {
          const path = join(flags.out, `compare.${format}`);
          writeFileSync(path, text);
          host.stdout.write(`${path}\n`);
        }
      } else await write(host.stdout, flags.json === true ? json : comparisonMarkdown(comparison));
    });
}
