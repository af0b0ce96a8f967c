// Where Dolma looks for the attributes of a document file: `/documents/` in its path becomes `/attributes/NAME/`.
import { dirname, join, relative, sep } from 'node:path';
import { PersonaPriorError } from '../errors.js';

/** The folder of the attributes, and Dolma's name for them. */
export const EXPERIMENT = 'persona_prior';

const DOCUMENTS = `${sep}documents${sep}`;

/**
 * Paths below the export's folder, in the order of the document files: what follows `/documents/` in a path; without that,
 * the path below the folder that all of those files share. Throws `usage` where two would be the same.
 * @param paths absolute
 */
export function attributePaths(paths: readonly string[]): string[] {
  const loose = paths.filter((path) => !path.includes(DOCUMENTS));
  const shared = loose.map(dirname).reduce((a, b) => commonFolder(a, b), dirname(loose[0] ?? ''));
  const seen = new Map<string, string>();
  return paths.map((path) => {
    const at = path.lastIndexOf(DOCUMENTS);
    const below = at < 0 ? relative(shared, path) : path.slice(at + DOCUMENTS.length);
    const twin = seen.get(below);
    if (twin !== undefined) {
      throw new PersonaPriorError('usage', `its attributes would lie where those of ${twin} lie`, {
        place: { file: path },
        help: 'scan the two document folders into two databases',
      });
    }
    seen.set(below, path);
    return join('attributes', EXPERIMENT, below);
  });
}

function commonFolder(a: string, b: string): string {
  let folder = a;
  while (folder !== b && !b.startsWith(folder.endsWith(sep) ? folder : folder + sep)) folder = dirname(folder);
  return folder;
}
