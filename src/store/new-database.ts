// A database that is made whole from others or from parts: complete under its name, or not there at all.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { PersonaPriorError } from '../errors.js';
import { asDatabaseError, type Db, openDatabase } from './database.js';

export interface NewDatabase {
  readonly db: Db;
  /** Closes it and puts it under its name. */
  keep(): void;
  /** Throws it away; what went wrong, in the words of the database. */
  drop(cause: unknown): PersonaPriorError;
}

/** Begins one beside `out`. Throws `usage`, with `help`, where `out` exists, and `database`. */
export function newDatabase(out: string, help: string): NewDatabase {
  if (existsSync(out)) {
    throw new PersonaPriorError('usage', 'the database to write already exists', { place: { file: out }, help });
  }
  const temporary = `${out}.part`;
  const clean = (): void => {
    for (const end of ['', '-wal', '-shm']) rmSync(temporary + end, { force: true });
  };
  clean();
  let db: Db;
  try {
    db = openDatabase(temporary);
  } catch (cause) {
    clean();
    throw asDatabaseError(cause, out);
  }
  return {
    db,
    keep() {
      db.pragma('wal_checkpoint(truncate)');
      db.pragma('journal_mode = DELETE');
      db.close();
      renameSync(temporary, out);
    },
    drop(cause) {
      db.close();
      clean();
      return asDatabaseError(cause, out);
    },
  };
}
