#!/usr/bin/env node
// The bin: the only user of `process`. Reads the command line, runs a command of main.ts, sets the exit code.
import { describeError, EXIT, PersonaPriorError } from './errors.js';
import { buildProgram } from './main.js';

// a closed pipe (`persona-prior … | head`) is not an error; a full disk is
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
  process.stderr.write(`persona-prior: standard output: ${error.message}\n`);
  process.exit(EXIT.usage);
});
process.stderr.on('error', () => {}); // nobody reads what is said there

const stop = new AbortController();
let signals = 0;
process.on('SIGINT', () => {
  if (++signals > 1) process.exit(EXIT.interrupted);
  stop.abort();
  // a command that waits for input has nothing to finish
  process.stdin.destroy();
});
process.on('SIGTERM', () => stop.abort());

const program = buildProgram({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  argv: process.argv.slice(2),
  env: process.env,
  setExitCode: (code) => {
    process.exitCode = code;
  },
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.stderr.write(`persona-prior: ${describeError(error)}\n`);
  const known = error instanceof PersonaPriorError && error.code !== 'internal' && error.code !== 'worker';
  if (!known && error instanceof Error && process.env['PERSONA_PRIOR_DEBUG']) process.stderr.write(`${error.stack}\n`);
  process.exitCode = EXIT.usage;
}
