// The `estimate` command: lines of problems in, lines of answers out. Reading and writing the streams is the caller's.

import { estimate } from './estimate.js';
import { parseProblem } from './problem.js';

export interface EstimateSummary {
  readonly problems: number;
  readonly failed: number;
}

/**
 * Answers every non-blank line with one line, in order; a bad problem gets its error on its line and the rest goes on.
 * @param write called with each answer, without line end; awaited, so that a slow reader slows the work
 */
export async function estimateLines(
  lines: AsyncIterable<string> | Iterable<string>,
  write: (line: string) => void | Promise<void>,
): Promise<EstimateSummary> {
  let problems = 0;
  let failed = 0;
  for await (const line of lines) {
    if (line.trim() === '') continue;
    problems++;
    const problem = parseProblem(line);
    if ('error' in problem) {
      failed++;
      await write(JSON.stringify(problem));
    } else {
      await write(JSON.stringify(estimate(problem)));
    }
  }
  return { problems, failed };
}
