// `classify --tallies`: documents and scan requests as lines in, lines of results and of everything that a scan stores out.
// Stateless: no database. spark/scan.py runs one of these per executor core.
import { type Cascade, cascadeFacts, loadCascade } from '../cascade.js';
import { describeError, EXIT, PersonaPriorError, printable } from '../errors.js';
import { compileGate, type Gate } from '../gate/gate.js';
import { loadLexicon } from '../gate/lexicon.js';
import { type Host, write } from '../host.js';
import { versions } from '../installed.js';
import { type Pool, startPool } from '../pool.js';
import { scanSettings } from '../scan-settings.js';
import { documentLine } from './documents.js';
import { scanRequest } from './files.js';
import { type Found, gather } from './found.js';
import { planRequest } from './plan.js';
import { type PlanRequest, SCHEMA_VERSION, type ScanRequest, type TallyLine } from './records.js';

export interface ServeOptions {
  readonly models: string;
  readonly source?: string;
  readonly seed?: number;
  readonly exactCounts?: boolean;
  readonly embedding?: boolean;
  /** worker processes for scan requests */
  readonly workers?: number;
  /** seconds that one passage may take before its document is given up */
  readonly patience?: number;
}

/** Answers line after line until the input ends. What a request throws is answered with `failed`, and the stream goes on. */
export async function serveTallies(lines: AsyncIterable<string>, options: ServeOptions, host: Host): Promise<void> {
  const { models, seed = 1, exactCounts = false, workers = 1, source = 'stdin', embedding = false } = options;
  const facts = cascadeFacts(models);
  const settings = { ...scanSettings({ seed, exactCounts }, facts.thresholds) };
  // pipes are written synchronously where it matters (POSIX), so that nothing piles up here
  const say = (line: TallyLine): void => void host.stdout.write(`${JSON.stringify(line)}\n`);
  say({ hello: { schema: SCHEMA_VERSION, versions: versions(), hashes: facts.hashes, settings } });

  let pool: Pool | undefined;
  let gate: Gate | undefined;
  let cascade: Cascade | undefined;
  let found: Found | undefined;
  let line = 0;
  let record = 0;
  const finish = (): void => {
    if (found === undefined) return;
    found.flush();
    found = undefined;
    record = 0;
    say({ end: null });
  };
  const scan = async (request: ScanRequest): Promise<void> => {
    pool ??= await startPool(workers, models, {
      ...(options.patience === undefined ? {} : { patience: options.patience * 1000 }),
    });
    gate ??= compileGate(loadLexicon(models));
    const flagThreshold = facts.thresholds.flag;
    await scanRequest(request, { pool, gate, workers, seed, exactCounts, flagThreshold, signal: host.signal }, say);
  };
  const plan = async (request: PlanRequest): Promise<void> => {
    for await (const planned of planRequest(request, host.signal)) say({ planned });
    say({ end: null });
  };
  try {
    for await (const text of lines) {
      line++;
      if (host.signal.aborted) break;
      const request = requestOf(text);
      try {
        if (request === null) {
          cascade ??= await loadCascade(models);
          found ??= gather(say);
          const settings = { seed, source, exactCounts, embedding };
          const answer = await documentLine(cascade, text, { line, record }, settings, found);
          if (text.trim() !== '') record++;
          if (answer.error !== null) host.setExitCode(EXIT.partial);
          await write(host.stdout, `${JSON.stringify(answer)}\n`);
        } else if ('scan' in request) await scan(request.scan);
        else if ('plan' in request) await plan(request.plan);
        else finish();
      } catch (error) {
        host.setExitCode(EXIT.partial);
        say({ failed: failure(error) });
        // workers that are gone do not come back by themselves
        if (error instanceof PersonaPriorError && error.code === 'worker') {
          await pool?.close();
          pool = undefined;
        }
      }
    }
    finish();
    if (host.signal.aborted) host.setExitCode(EXIT.interrupted);
  } finally {
    await pool?.close();
    await cascade?.dispose();
  }
}

type Request = { readonly scan: ScanRequest } | { readonly plan: PlanRequest } | { readonly end: unknown };

/** Null for a document: a line without any of the three keys, or with a text. */
function requestOf(text: string): Request | null {
  if (!/^\s*\{\s*"(?:scan|plan|end)"\s*:/.test(text)) return null;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    return 'text' in value ? null : (value as unknown as Request);
  } catch {
    return null;
  }
}

function failure(error: unknown): { code: string; message: string; help?: string } {
  if (!(error instanceof PersonaPriorError)) return { code: 'internal', message: describeError(error) };
  const { code, help, place, message } = error;
  const where = place.file === undefined ? '' : `${place.file}: `;
  return { code, message: printable(`${where}${message}`), ...(help === undefined ? {} : { help: printable(help) }) };
}
