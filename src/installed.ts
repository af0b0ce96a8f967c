// Where this installation lies: its models, its bundled corpus, its version.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The models folder: `PERSONA_PRIOR_MODELS`, or the one of the package. */
export function modelsFolder(): string {
  return globalThis.process?.env['PERSONA_PRIOR_MODELS'] ?? join(root, 'models');
}

/** A path inside the package, for the bundled corpus and the report's parts. */
export function packagePath(...parts: string[]): string {
  return join(root, ...parts);
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Versions that a result may depend on. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const of = (name: string): string => {
    try {
      let folder = dirname(require.resolve(name));
      for (; folder !== dirname(folder); folder = dirname(folder)) {
        try {
          const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
            name?: string;
            version?: string;
          };
          if (found.name === name && found.version !== undefined) return found.version;
        } catch {
          // no package.json here: one folder up
        }
      }
    } catch {
      // not installed: optional
    }
    return 'none';
  };
  return {
    'persona-prior': packageVersion(),
    node: globalThis.process?.version ?? 'unknown',
    '@huggingface/transformers': of('@huggingface/transformers'),
    'better-sqlite3': of('better-sqlite3'),
  };
}
