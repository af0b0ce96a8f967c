// Opens the SQLite database of a scan: pragmas, sqlite-vec, migrations, one writer at a time. No queries of stages here.
import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { PersonaPriorError } from '../errors.js';
import { MIGRATIONS } from './migrations.js';

export type Db = Database.Database;

/**
 * Opens (and for writing creates) a database and brings it to the newest schema.
 * Throws `database` for a file that is missing, unreadable, not SQLite or of a newer schema, `database_busy` when another
 * process holds it.
 */
export function openDatabase(path: string, options: { readonly?: boolean } = {}): Db {
  const readonly = options.readonly ?? false;
  let db: Db | undefined;
  try {
    db = new Database(path, { readonly, fileMustExist: readonly, timeout: 2000 });
    sqliteVec.load(db);
    if (!readonly) {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = NORMAL');
    }
    db.pragma('foreign_keys = ON');
    migrate(db, readonly);
    return db;
  } catch (cause) {
    db?.close();
    throw asDatabaseError(cause, path);
  }
}

/** SQLite's errors in words that name the next step. Passes project errors through. */
export function asDatabaseError(cause: unknown, path: string): PersonaPriorError {
  if (cause instanceof PersonaPriorError) return cause;
  const code = String((cause as { code?: unknown } | null)?.code ?? '');
  const place = { place: { file: path }, cause };
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new PersonaPriorError('database_busy', 'another process is writing to this database', {
      ...place,
      help: 'wait for it, or give another --db',
    });
  }
  if (code === 'SQLITE_FULL') {
    return new PersonaPriorError('database', 'the disk is full; what was committed is kept', {
      ...place,
      help: 'free some space and run the same command with --resume',
    });
  }
  if (code.startsWith('SQLITE_READONLY') || (code.startsWith('SQLITE_CANTOPEN') && isReadOnly(path))) {
    return new PersonaPriorError('database', 'the database cannot be written: its folder or disk is read-only', {
      ...place,
      help: 'give a --db in a folder that can be written',
    });
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return new PersonaPriorError('database', 'expected a database file that can be opened', {
      ...place,
      help: 'run `persona-prior scan` first, or check --db and its folder',
    });
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new PersonaPriorError('database', `the disk fails: ${(cause as Error).message} (${code})`, {
      ...place,
      help: 'what was committed is kept: mend or change the disk and run the same command with --resume',
    });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new PersonaPriorError('database', message, { ...place, help: 'check --db' });
}

/** Whether the folder of the file is there and cannot be written. */
function isReadOnly(path: string): boolean {
  const folder = dirname(path);
  try {
    accessSync(folder, constants.F_OK);
  } catch {
    return false;
  }
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

function migrate(db: Db, readonly: boolean): void {
  const has = db.prepare("select 1 from sqlite_master where name = 'migrations'").get() !== undefined;
  if (!has && readonly)
    throw new PersonaPriorError('database', 'expected a persona-prior database', { help: 'check --db' });
  if (!has) {
    const foreign = db.prepare('select count(*) as n from sqlite_master').get() as { n: number };
    if (foreign.n > 0) {
      throw new PersonaPriorError('database', 'this SQLite file belongs to another program', {
        help: 'give another --db',
      });
    }
    db.exec('create table migrations (name text primary key, applied text not null)');
  }
  const done = new Set((db.prepare('select name from migrations').all() as { name: string }[]).map((row) => row.name));
  const known = new Set(MIGRATIONS.map((m) => m.name));
  for (const name of done) {
    if (!known.has(name)) {
      throw new PersonaPriorError('database', `the database has the newer schema ${name}`, {
        help: 'update persona-prior',
      });
    }
  }
  for (const migration of MIGRATIONS) {
    if (done.has(migration.name)) continue;
    if (readonly) {
      throw new PersonaPriorError('database', 'the database has an older schema', {
        help: 'open it once for writing, e.g. `persona-prior scan --resume`',
      });
    }
    db.transaction(() => {
      db.exec(migration.sql);
      db.prepare("insert into migrations values (?, datetime('now'))").run(migration.name);
    })();
  }
}
