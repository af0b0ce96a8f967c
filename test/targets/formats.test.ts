import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { writeTargets } from '../../src/targets/write.js';
import { ROOT } from '../scan/harness.js';
import { corpusDatabase, hostOf, type Said } from './harness.js';

// integer programs and type checks take a while on a busy machine
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const STORIES = 360;
let db: string;
beforeAll(() => {
  db = corpusDatabase();
});

const file = async (format: 'anthropic-batch' | 'openai-batch'): Promise<string> => {
  const said: Said = { stdout: '', stderr: '', code: 0 };
  await writeTargets({ db, stories: STORIES, format, model: 'some-model', seed: 1 }, hostOf(said));
  return said.stdout;
};

/** Type errors of a module in this package, so that it finds the SDKs. */
function typeErrors(source: string): string[] {
  const folder = mkdtempSync(join(ROOT, 'test', 'targets', 'typed-'));
  try {
    const path = join(folder, 'requests.ts');
    writeFileSync(path, source);
    const { options } = ts.parseJsonConfigFileContent(
      ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config,
      ts.sys,
      ROOT,
    );
    const program = ts.createProgram([path], options);
    return ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ANTHROPIC = "import type { BatchCreateParams } from '@anthropic-ai/sdk/resources/messages/batches';\n";
const OPENAI = `import type { BatchCreateParams } from 'openai/resources/batches';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
interface Line { custom_id: string; method: 'POST'; url: BatchCreateParams['endpoint']; body: ChatCompletionCreateParamsNonStreaming }\n`;

describe('request files', () => {
  it('are batches of Anthropic’s SDK', async () => {
    const text = await file('anthropic-batch');
    const { requests } = JSON.parse(text) as { requests: { custom_id: string }[] };
    expect(requests).toHaveLength(STORIES);
    expect(new Set(requests.map((r) => r.custom_id)).size).toBe(STORIES);
    for (const { custom_id } of requests) expect(custom_id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(typeErrors(`${ANTHROPIC}export const batch: BatchCreateParams = ${text};`)).toEqual([]);
  });
  it('are batches of OpenAI’s SDK', async () => {
    const lines = (await file('openai-batch')).trimEnd().split('\n');
    expect(lines).toHaveLength(STORIES);
    expect(new Set(lines.map((l) => (JSON.parse(l) as { custom_id: string }).custom_id)).size).toBe(STORIES);
    expect(typeErrors(`${OPENAI}export const lines: Line[] = [${lines.join(',\n')}];`)).toEqual([]);
  });
  it('would be caught if they were not', () => {
    const anthropic = '{"requests":[{"custom_id":"a","params":{"model":"m","messages":[]}}]}';
    expect(typeErrors(`${ANTHROPIC}export const batch: BatchCreateParams = ${anthropic};`).join()).toContain(
      'max_tokens',
    );
    const openai =
      '[{"custom_id":"a","method":"POST","url":"/v1/chat","body":{"model":"m","messages":[{"role":"user"}]}}]';
    const errors = typeErrors(`${OPENAI}export const lines: Line[] = ${openai};`).join();
    expect(errors).toContain('/v1/chat');
    expect(errors).toContain('content');
  });
});
