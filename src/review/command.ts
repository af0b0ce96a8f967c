// `review` on the command line: draws the sample, starts the server, opens a browser, waits for the interrupt.
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { EXIT, PersonaPriorError, printable } from '../errors.js';
import { type Host, positive, write } from '../host.js';
import { isJudge } from '../labels/readers.js';
import { interrupted, openBrowser } from './browser.js';

interface ReviewFlags {
  readonly db: string;
  readonly n: number;
  readonly reader?: string;
  readonly blind?: boolean;
  readonly port: number;
  readonly open: boolean;
}

export function reviewCommand(program: Command, host: Host): void {
  program
    .command('review')
    .description('label the audit sample on a local page (127.0.0.1); its address is printed on stdout')
    .option('--db <file>', 'the database', 'persona-prior.db')
    .option('-n, --n <n>', 'how many passages the sample has', positive, 200)
    .option('--reader <name>', 'who labels (default: the name of the user)', readerName)
    .option('--blind', 'show nothing that the models made of a passage')
    .option('--port <port>', 'the port to listen on (default: any free one)', portNumber, 0)
    .option('--no-open', 'do not open a browser')
    .action(async (flags: ReviewFlags) => {
      const { existsSync } = await import('node:fs');
      const { openDatabase } = await import('../store/database.js');
      const { drawAudit } = await import('../labels/sample.js');
      const { startReview } = await import('./server.js');
      const { db: path, n, port, blind = false, reader = userName() } = flags;
      if (!existsSync(path)) {
        throw new PersonaPriorError('database', 'expected a database file', {
          place: { file: path },
          help: 'run `persona-prior scan` first, or check --db',
        });
      }
      const db = openDatabase(path);
      try {
        const figures = openDatabase(path, { readonly: true });
        try {
          const { rows } = drawAudit(db, { n, design: 'neyman' });
          if (rows.length === 0) {
            throw new PersonaPriorError('usage', 'this database holds no passages to label', {
              help: 'scan some text first',
            });
          }
          const server = await startReview({ db, figures, path, rows, reader, blind, port });
          host.stderr.write(
            `${rows.length} passages, labelled by ${printable(reader)}. Ctrl-C ends it; labels are kept.\n`,
          );
          await write(host.stdout, `${server.url}\n`);
          if (flags.open) openBrowser(server.url, host);
          await interrupted(host.signal);
          await server.close();
        } finally {
          figures.close();
        }
      } finally {
        db.close();
      }
      host.setExitCode(EXIT.done);
    });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    throw new PersonaPriorError('usage', 'this user has no name', { help: 'give --reader' });
  }
}

function readerName(value: string): string {
  if (value.trim() === '' || value.length > 100)
    throw new InvalidArgumentError('expected a name of 1 to 100 characters');
  if (isJudge(value)) throw new InvalidArgumentError('names that begin with judge: are those of models');
  return value;
}

/** Argument parser: a port, or 0. */
export function portNumber(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 0 || n > 65_535 || value.trim() === '')
    throw new InvalidArgumentError('expected a port');
  return n;
}
