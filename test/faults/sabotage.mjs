// Loaded before the program (NODE_OPTIONS=--import) to break it from outside, at places that a clock cannot hit.
//   SABOTAGE_STATEMENT=N  the scan kills itself (SIGKILL) before its Nth write statement, inside a transaction or not
//   SABOTAGE_COUNT=FILE   the scan writes there how many write statements it ran
//   SABOTAGE_ONCE=FILE    a worker that meets "CRASH ONCE" dies, and makes FILE so that the next one does not
// A worker that is given "CRASH NOW" dies, and one that is given "HANG NOW" never comes back; "CRASH HERE", "HANG HERE" and
// "FAIL HERE" (it throws) are met only when their passage is read.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const env = process.env;
const worker = /scan-worker\.js$/.test(process.argv[1] ?? '');

if (worker) {
  process.on('message', (unit) => {
    const text = `${Buffer.from(unit.buffer ?? new ArrayBuffer(0)).toString('latin1')}${JSON.stringify(unit.candidates ?? [])}`;
    if (text.includes('CRASH NOW')) process.kill(process.pid, 'SIGKILL');
    if (text.includes('CRASH ONCE') && env.SABOTAGE_ONCE !== undefined && !existsSync(env.SABOTAGE_ONCE)) {
      writeFileSync(env.SABOTAGE_ONCE, '');
      process.kill(process.pid, 'SIGKILL');
    }
    while (text.includes('HANG NOW'));
  });
  const { PreTrainedTokenizer } = await import('@huggingface/transformers');
  const { encode } = PreTrainedTokenizer.prototype;
  PreTrainedTokenizer.prototype.encode = function (text, ...more) {
    if (text.includes('CRASH HERE')) process.kill(process.pid, 'SIGKILL');
    if (text.includes('FAIL HERE')) throw new Error('it fails here');
    while (text.includes('HANG HERE'));
    return encode.call(this, text, ...more);
  };
} else if (env.SABOTAGE_STATEMENT !== undefined || env.SABOTAGE_COUNT !== undefined) {
  const Database = createRequire(process.argv[1])('better-sqlite3');
  const at = Number(env.SABOTAGE_STATEMENT ?? Number.POSITIVE_INFINITY);
  let count = 0;
  const { prepare } = Database.prototype;
  Database.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    const { run } = statement;
    statement.run = function (...values) {
      if (++count === at) process.kill(process.pid, 'SIGKILL');
      return run.apply(this, values);
    };
    return statement;
  };
  process.on('exit', () => {
    if (env.SABOTAGE_COUNT !== undefined) writeFileSync(env.SABOTAGE_COUNT, String(count));
  });
}
