// `probe` on the command line.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type EndpointFlags, endpointFrom, endpointOptions } from '../endpoint/options.js';
import { EXIT, PersonaPriorError } from '../errors.js';
import { type Host, positive, temperature, write } from '../host.js';
import { modelsFolder } from '../installed.js';
import type { Probe } from './model.js';

interface ProbeFlags extends EndpointFlags {
  readonly scenes?: string;
  readonly samples: number;
  readonly chat?: boolean;
  readonly ownName?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly db?: string;
  readonly out: string;
  readonly json?: boolean;
}

export function probeCommand(program: Command, host: Host): void {
  const command = program
    .command('probe')
    .description("a language model's own prior: it continues scenes, and the continuations are read as a corpus is");
  endpointOptions(command)
    .option('--chat', 'ask by chat (default: plain completions, for base models)')
    .option('--scenes <file>', 'the scenes (default: models/scenes.json of the package)')
    .option('--samples <n>', 'continuations of each scene', positive, 5)
    .option('--max-tokens <n>', 'length of a continuation', positive, 300)
    .option('--temperature <t>', 'the sampling temperature', temperature, 1)
    .option('--own-name <name>', "the name of the persona that bears the model's own (default: from --model)")
    .option('--db <file>', 'the database of a corpus to compare with')
    .option('--out <dir>', 'where continuations.jsonl, probe.json and probe.md go', 'persona-prior-probe')
    .option('--json', 'write the result as JSON to stdout too')
    .action((flags: ProbeFlags) => run(flags, host));
}

async function run(flags: ProbeFlags, host: Host): Promise<void> {
  const { asUsage, EndpointError } = await import('../endpoint/error.js');
  const { loadCascade } = await import('../cascade.js');
  const { askContinuations, requestKey } = await import('./ask.js');
  const { corpusFigures } = await import('./corpus.js');
  const { judgeContinuations } = await import('./judge.js');
  const { probeMarkdown } = await import('./markdown.js');
  const { probeFigures } = await import('./probe.js');
  const { ownNameOf, readScenes } = await import('./scenes.js');
  const models = modelsFolder();
  const { samples, maxTokens, concurrency, model, db } = flags;
  const ownName = flags.ownName ?? ownNameOf(model);
  const { scenes, hash } = readScenes(flags.scenes ?? join(models, 'scenes.json'), ownName);
  const chat = flags.chat === true;
  const options = { samples, chat, maxTokens, temperature: flags.temperature, concurrency };
  const path = (name: string): string => join(flags.out, name);
  makeFolder(flags.out);
  // everything that may be wrong is found before a request is paid for
  const cascade = await loadCascade(models);
  const corpus = db === undefined ? null : corpusFigures(db, cascade.tropes);
  const tty = host.stderr.isTTY === true;
  try {
    const endpoint = await endpointFrom(flags, host);
    const onProgress = (done: number, of: number): void =>
      void (tty && host.stderr.write(`\r\u001b[K${done}/${of} continuations`));
    const asked = await askContinuations(endpoint, scenes, path('continuations.jsonl'), {
      ...options,
      signal: host.signal,
      onProgress,
    }).finally(() => endpoint.close());
    if (tty) host.stderr.write('\r\u001b[K');
    if (asked.end?.kind === 'access') throw asUsage(new EndpointError('access', asked.end.message));
    if (host.signal.aborted) return interrupted(host);
    const wanted = new Map(scenes.map((scene) => [requestKey(model, scene, options), scene]));
    const found = await judgeContinuations(path('continuations.jsonl'), wanted, samples, cascade, host.signal);
    const { judged, ...rest } = found;
    const sameClassifier = corpus?.encoder === cascade.hashes['encoder'];
    const probe: Probe = {
      version: 1,
      run: {
        model,
        mode: chat ? 'chat' : 'completions',
        temperature: flags.temperature,
        maxTokens,
        samples,
        ownName,
        scenes: { pairs: scenes.length / 2, sha256: hash },
        classifier: cascade.model,
        corpus: db === undefined ? null : { file: db, sameClassifier },
      },
      counts: { ...asked, judged: judged.length, ...rest },
      ...probeFigures(judged, corpus),
    };
    writeFileSync(path('probe.json'), `${JSON.stringify(probe, null, 2)}\n`);
    writeFileSync(path('probe.md'), probeMarkdown(probe));
    if (flags.json === true) await write(host.stdout, `${JSON.stringify(probe)}\n`);
    else await write(host.stdout, `${path('probe.json')}\n${path('probe.md')}\n`);
    if (asked.end !== null)
      host.stderr.write(`ended early: ${asked.end.message}. The same command goes on from here\n`);
    const missing = asked.left + Object.values(asked.errors).reduce((sum, n) => sum + n, 0);
    if (missing + found.failed > 0) {
      host.stderr.write(`${missing} of ${asked.wanted} continuations are missing; models failed on ${found.failed}\n`);
      host.setExitCode(EXIT.partial);
    }
  } catch (error) {
    if (!host.signal.aborted) throw error;
    interrupted(host);
  } finally {
    await cascade.dispose();
  }
}

function interrupted(host: Host): void {
  host.stderr.write('interrupted: the same command goes on from here\n');
  host.setExitCode(EXIT.interrupted);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new PersonaPriorError('usage', 'expected a folder that can be made', { place: { file: path }, help: 'check --out', cause }); // biome-ignore format: one line
  }
}
