// A model's card: what it is, its thresholds, and the checksums of its files, verified at load.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PersonaPriorError } from '../errors.js';

export interface ModelCard {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly thresholds: Readonly<Record<string, number>>;
  /** file name in the folder → SHA-256 (hex) */
  readonly sha256: Readonly<Record<string, string>>;
  readonly [more: string]: unknown;
}

const HELP = 'reinstall the package, or point PERSONA_PRIOR_MODELS at a complete models folder';

/** Reads `card.json` of a model folder and checks every file that it names. Throws `model_missing` or `model_changed`. */
export function loadCard(folder: string): ModelCard {
  const path = join(folder, 'card.json');
  let card: ModelCard;
  try {
    card = JSON.parse(readFileSync(path, 'utf8')) as ModelCard;
  } catch (cause) {
    throw new PersonaPriorError('model_missing', 'expected a model card', { place: { file: path }, help: HELP, cause });
  }
  for (const [file, expected] of Object.entries(card.sha256)) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(folder, file));
    } catch (cause) {
      const place = { file: join(folder, file) };
      throw new PersonaPriorError('model_missing', 'a file of the model is missing', { place, help: HELP, cause });
    }
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== expected) {
      throw new PersonaPriorError('model_changed', `expected SHA-256 ${expected}, found ${found}`, {
        place: { file: join(folder, file) },
        help: HELP,
      });
    }
  }
  return card;
}
