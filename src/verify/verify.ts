// `verify`: stories one by one through surface, models and judgement, then the set: near pairs, corpus text, coverage.
import { join } from 'node:path';
import { loadCascade } from '../cascade.js';
import { loadLinear } from '../classify/linear.js';
import { EXIT, PersonaPriorError } from '../errors.js';
import { loadValueReasons } from '../figures/value-reasons.js';
import { type Host, write } from '../host.js';
import { modelsFolder } from '../installed.js';
import { loadEvaluations } from '../targets/catalogue.js';
import { fileLines, writeLines } from '../targets/files.js';
import { type Format, nthId, targetOf } from '../targets/formats.js';
import { CODES, type Judgement, type Reason, reason, verdictOf } from './codes.js';
import { runsOf, seeCorpus } from './contamination.js';
import { loadCues } from './cues.js';
import { revisionLine } from './feedback.js';
import { readRequests, readStories } from './inputs.js';
import { judgeStory } from './judge.js';
import { nearPairs, type Pair, type Print, printOf } from './near.js';
import { summarise, summaryText } from './summary.js';
import { isGrave, surfaceReasons } from './surface.js';
import { witnessOf } from './witness.js';

export interface VerifyOptions {
  readonly targets: string;
  readonly out?: string;
  readonly feedback?: string;
  readonly format: Format;
  readonly model?: string;
  readonly corpus?: readonly string[];
  readonly db?: string;
  readonly json?: boolean;
}

/** Similarities from which a pair is one text, or close in matter. */
const DUPLICATE = { shingles: 0.15, content: 0.42 } as const;
const PLOT = { content: 0.34, cosine: 0.97, shingles: 0.05 } as const;
/** Different runs of eight words that a story may share with the corpus. */
const RUNS = 3;

export async function verifyStories(path: string, options: VerifyOptions, host: Host): Promise<void> {
  const { format, model } = options;
  if (options.feedback !== undefined && format !== 'jsonl' && model === undefined) {
    throw new PersonaPriorError('usage', `requests for ${format} must name a model`, { help: 'give --model NAME' });
  }
  const folder = modelsFolder();
  const { requests, bad: badTargets } = readRequests(options.targets);
  const cues = loadCues(folder);
  const evaluations = loadEvaluations(folder);
  const cascade = await loadCascade(folder);
  const models = { cascade, ending: loadLinear(join(folder, 'ending')), values: loadValueReasons(folder) };
  const runs = (options.corpus?.length ?? 0) > 0 || options.db !== undefined ? runsOf() : null;
  const found: { id: string; target: string; reasons: Reason[] }[] = [];
  const prints: (Print | null)[] = [];
  const valueReasons: number[] = [];
  const ids = new Set<string>();
  let malformed = 0;
  const tty = host.stderr.isTTY === true;
  try {
    for await (const story of readStories(path)) {
      if (host.signal.aborted) {
        host.setExitCode(EXIT.interrupted);
        return;
      }
      if (story === null) {
        malformed++;
        continue;
      }
      const { id, target, text } = story;
      const request = requests.get(target) ?? requests.get(targetOf(target));
      const reasons = surfaceReasons(text, cues);
      if (ids.has(id)) reasons.push(reason('duplicate_id'));
      ids.add(id);
      if (request === undefined) reasons.push(reason('unknown_target'));
      let print: Print | null = null;
      if (!reasons.some(isGrave) && request !== undefined) {
        const name = request.target?.persona.name;
        const witness = await witnessOf(text, name == null ? [] : [name], models);
        reasons.push(...judgeStory(text, request, witness, cues, evaluations));
        valueReasons.push(witness.valueReasons);
        print = printOf(text, witness.embedding);
      } else if (!reasons.some(isGrave)) print = printOf(text, null);
      prints.push(print);
      runs?.add(found.length, text);
      found.push({ id, target: request?.id ?? target, reasons });
      if (tty && found.length % 10 === 0) host.stderr.write(`\r\u001b[K${found.length} stories`);
    }
  } finally {
    if (tty) host.stderr.write('\r\u001b[K');
    await cascade.dispose();
  }
  const pairs = nearPairs(prints);
  addPairs(found, pairs);
  addOpenings(found, prints);
  if (runs !== null) {
    await seeCorpus(runs, options.corpus ?? [], options.db, host.signal);
    for (const [at, example] of runs.found(RUNS)) found[at]!.reasons.push(reason('corpus_text', example));
  }
  addSurplus(found, (target) => requests.get(target)?.count ?? 0);
  const judged = found.map(
    ({ id, target, reasons }): Judgement => ({ id, target, verdict: verdictOf(reasons), reasons }),
  );
  await writeVerdicts(judged, options, host);
  if (options.feedback !== undefined)
    await writeFeedback(path, judged, requests, options.feedback, format, model ?? '');
  const openings = prints.flatMap((p) => (p === null ? [] : [p.opening]));
  const summary = summarise(judged, requests, { malformed, badTargets, pairs, openings, valueReasons });
  host.stderr.write(options.json === true ? `${JSON.stringify(summary)}\n` : summaryText(summary));
  if (malformed + badTargets > 0) host.setExitCode(EXIT.partial);
}

/** Of two that are nearly one text the one with fewer faults stays, then the one that bears the asked name, then the first. */
function addPairs(found: readonly { readonly id: string; readonly reasons: Reason[] }[], pairs: readonly Pair[]): void {
  const faults = found.map(
    ({ reasons }) =>
      10 * reasons.filter((r) => CODES[r.code][0] !== 'note').length +
      (reasons.some((r) => r.code === 'other_persona') ? 1 : 0),
  );
  const sorted = [...pairs].sort((x, y) => y.shingles + y.content - x.shingles - x.content);
  for (const { a, b, shingles, content, cosine } of sorted) {
    const one = shingles >= DUPLICATE.shingles || content >= DUPLICATE.content;
    const plot = content >= PLOT.content || (shingles >= PLOT.shingles && (cosine ?? 0) >= PLOT.cosine);
    if (!one && !plot) continue;
    const worse = faults[a]! > faults[b]! ? a : b;
    const better = worse === a ? b : a;
    const { reasons } = found[worse]!;
    const code = one ? 'near_duplicate' : 'same_plot';
    if (reasons.some((r) => r.code === 'near_duplicate' || r.code === code)) continue;
    reasons.push(reason(code, undefined, `The other one is ${JSON.stringify(found[better]!.id)}.`));
  }
}

function addOpenings(found: readonly { readonly reasons: Reason[] }[], prints: readonly (Print | null)[]): void {
  const seen = new Set<string>();
  prints.forEach((print, i) => {
    if (print === null || print.opening === '') return;
    if (seen.has(print.opening)) found[i]!.reasons.push(reason('repeated_opening', print.opening));
    seen.add(print.opening);
  });
}

/** A target takes as many accepted stories as it asks for; later ones are surplus. */
function addSurplus(
  found: readonly { readonly target: string; readonly reasons: Reason[] }[],
  most: (target: string) => number,
): void {
  const taken = new Map<string, number>();
  for (const { target, reasons } of found) {
    if (verdictOf(reasons) !== 'accept') continue;
    const n = (taken.get(target) ?? 0) + 1;
    taken.set(target, n);
    if (n > most(target)) reasons.push(reason('surplus'));
  }
}

async function writeVerdicts(judged: readonly Judgement[], { out }: VerifyOptions, host: Host): Promise<void> {
  const lines = judged.map((verdict) => JSON.stringify(verdict));
  if (out !== undefined) writeLines(out, lines);
  else for (const line of lines) await write(host.stdout, `${line}\n`);
}

/**
 * Requests to write stories again that were not accepted, for each target as many as it still lacks; the texts are read again
 * rather than kept.
 */
async function writeFeedback(
  path: string,
  judged: readonly Judgement[],
  requests: ReturnType<typeof readRequests>['requests'],
  out: string,
  format: Format,
  model: string,
): Promise<void> {
  const lines: string[] = [];
  const lacking = new Map([...requests].map(([id, { count }]) => [id, count]));
  for (const { target, verdict } of judged) if (verdict === 'accept') take(lacking, target);
  const asked = new Map<string, number>();
  let at = 0;
  for await (const story of readStories(path)) {
    if (story === null) continue;
    const { verdict, target, reasons } = judged[at++]!;
    const request = requests.get(target);
    if (verdict === 'accept' || request === undefined || (lacking.get(target) ?? 0) <= 0) continue;
    take(lacking, target);
    const n = asked.get(target) ?? 0;
    asked.set(target, n + 1);
    lines.push(revisionLine(nthId(target, n), request, story, reasons, format, model));
  }
  writeLines(out, fileLines(lines, format), '--feedback');
}

function take(lacking: Map<string, number>, target: string): void {
  lacking.set(target, (lacking.get(target) ?? 0) - 1);
}
