// `search` and `show` on the command line.
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { EXIT, printable } from '../errors.js';
import { type Host, positive, probability, write } from '../host.js';
import { modelsFolder } from '../installed.js';
import { portNumber } from '../review/command.js';
import type { Db } from '../store/database.js';
import type { FoundHit } from './search.js';

interface SearchFlags {
  readonly db: string;
  readonly limit: number;
  readonly source?: string;
  readonly label?: string[];
  readonly minScore?: number;
  readonly flagged?: boolean;
  readonly json?: boolean;
  readonly open?: boolean;
  readonly port: number;
}

export function searchCommands(program: Command, host: Host): void {
  program
    .command('search')
    .description('find hits by meaning and by words')
    .argument('<text>', 'what the passage is about')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('-n, --limit <n>', 'how many hits', positive, 10)
    .option('--source <name>', 'only hits of this source')
    .option('--label <label...>', 'only hits with these labels (valence, conduct, situation, framing) at 0.5 or more')
    .option('--min-score <p>', 'least P(character)', probability)
    .option('--flagged', 'only flagged hits (joint P(malevolent) over the threshold of the model card)')
    .option('--json', 'JSONL, with whole texts')
    .option('--open', 'show them on a local page too (127.0.0.1); its address is printed at the end')
    .option('--port <port>', 'with --open: the port to listen on (default: any free one)', portNumber, 0)
    .action(async (text: string, flags: SearchFlags) => {
      const { openDatabase } = await import('../store/database.js');
      const { loadEncoder } = await import('../classify/encoder.js');
      const { search } = await import('./search.js');
      const { json, flagged, open, port, db: path, label, ...options } = flags;
      const db = openDatabase(path, { readonly: true });
      const encoder = await loadEncoder(join(modelsFolder(), 'encoder'));
      try {
        const { embedding } = await encoder.encode({ text, context: null, names: [] });
        const minMalevolent = flagged === true ? (encoder.card.thresholds['flag'] ?? 0.5) : undefined;
        const found = search(db, {
          text,
          vector: embedding,
          ...options,
          ...(label === undefined ? {} : { labels: label }),
          ...(minMalevolent === undefined ? {} : { minMalevolent }),
        });
        for (const hit of found) await write(host.stdout, json === true ? `${JSON.stringify(hit)}\n` : foundText(hit));
        if (found.length === 0) host.stderr.write('no hit found\n');
        if (open === true && found.length > 0) await showPage(db, path, found, port, host);
        host.setExitCode(EXIT.done);
      } finally {
        db.close();
        await encoder.dispose();
      }
    });
  program
    .command('show')
    .description('print one hit with its neighbours and all scores')
    .argument('<id>', 'the id that `search` prints', (value) => {
      const id = Number(value);
      if (!Number.isSafeInteger(id) || id < 1) throw new InvalidArgumentError('expected the id of a hit');
      return id;
    })
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('--json', 'as JSON')
    .action(async (id: number, flags: { db: string; json?: boolean }) => {
      const { openDatabase } = await import('../store/database.js');
      const { showHit, shownText } = await import('./show.js');
      const db = openDatabase(flags.db, { readonly: true });
      try {
        const hit = showHit(db, id);
        await write(host.stdout, flags.json === true ? `${JSON.stringify(hit)}\n` : shownText(hit));
      } finally {
        db.close();
      }
    });
}

/** Serves the hits read-only until the interrupt. The database is open for reading only, so nothing can be written. */
async function showPage(db: Db, path: string, found: readonly FoundHit[], port: number, host: Host): Promise<void> {
  const { startReview } = await import('../review/server.js');
  const { hitRows } = await import('../review/passages.js');
  const { interrupted, openBrowser } = await import('../review/browser.js');
  const rows = hitRows(
    db,
    found.map((hit) => hit.id),
  );
  const server = await startReview({ db, figures: db, path, rows, reader: null, blind: false, port });
  host.stderr.write(`${rows.length} hits on a page. Ctrl-C ends it.\n`);
  await write(host.stdout, `${server.url}\n`);
  openBrowser(server.url, host);
  await interrupted(host.signal);
  await server.close();
}

function foundText(hit: FoundHit): string {
  const text = printable(hit.text.replace(/\s+/g, ' '));
  const labels = [hit.valence, ...hit.conduct, ...hit.situation].join(', ');
  return `${hit.id}\t${printable(hit.source)}\t${printable(hit.title ?? hit.document)}\tP(character) ${hit.persona.toFixed(2)}\t${labels}
\t${text.length > 300 ? `${text.slice(0, 300).replace(/[\ud800-\udbff]$/, '')}…` : text}\n`;
}
