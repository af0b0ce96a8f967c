// Packages that only some inputs need.
import { PersonaPriorError } from '../../errors.js';

/** Loads a package; throws `usage` with what to do where it is not installed. */
export async function optional<T>(load: () => Promise<T>, name: string, scheme: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new PersonaPriorError('usage', `${scheme} addresses need the package ${name}, which is not installed`, {
      help: `npm install ${name}`,
      cause,
    });
  }
}
