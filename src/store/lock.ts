// One scan at a time on a database, by an operating system lock that a killed process cannot leave behind.
import Database from 'better-sqlite3';
import { PersonaPriorError } from '../errors.js';
import { asDatabaseError } from './database.js';

/**
 * Takes the lock of a database and gives the function that releases it. It is SQLite's own lock on an empty file beside the
 * database (`FILE-lock`), which stays: taking it away would let two scans hold locks on two files of one name. Readers and
 * `labels import` are not kept out. Throws `database_busy` at once where another scan holds it, `database` where the file
 * cannot be made.
 */
export function lockDatabase(path: string): () => void {
  const lock = `${path}-lock`;
  let db: Database.Database | undefined;
  try {
    db = new Database(lock, { timeout: 0 });
    db.pragma('journal_mode = memory'); // no journal beside it: nothing is ever written
    db.exec('begin exclusive');
  } catch (cause) {
    db?.close();
    const error = asDatabaseError(cause, lock);
    if (error.code !== 'database_busy') throw asDatabaseError(cause, path);
    throw new PersonaPriorError('database_busy', 'another scan is writing to this database', {
      place: { file: path },
      help: 'wait for it to end, or give another --db',
      cause,
    });
  }
  const held = db;
  return () => held.close();
}
