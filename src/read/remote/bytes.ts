// One remote input as bytes, for commands that read lines and no corpus.
import { PersonaPriorError } from '../../errors.js';
import { withoutSecrets } from './address.js';
import { connect } from './connection.js';
import { findRemote } from './find.js';

/** The bytes of the one file that the address names. Throws `missing_input`, also where the connection is lost for good. */
export async function* remoteBytes(argument: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const files = findRemote(argument, signal);
  const { value: file } = await files.next();
  await files.return(undefined);
  if (file?.remote === undefined || file.path !== withoutSecrets(argument)) {
    throw new PersonaPriorError('missing_input', 'expected the address of one file', {
      place: { file: file?.name ?? '' },
    });
  }
  const connection = connect({ ...file, remote: file.remote }, signal);
  try {
    yield* connection.read();
  } catch (error) {
    if (signal.aborted) return;
    const message = error instanceof Error ? error.message : String(error);
    throw (
      connection.lost ?? new PersonaPriorError('missing_input', message, { place: { file: file.name }, cause: error })
    );
  }
}
