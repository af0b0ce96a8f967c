// The bytes of one remote input. A broken connection goes on from the byte where it broke, and only in the same version.
import { PersonaPriorError } from '../../errors.js';
import { StreamFault } from '../fault.js';
import type { InputFile } from '../inputs.js';
import { type Answer, RemoteFailure, type RemoteObject, Stopped, type Version } from './object.js';
import { newPatience } from './retry.js';

export interface Connection {
  /**
   * Bytes from `start` to `end` (excluded) or to the last. Throws a {@link StreamFault} where no more come: who reads on
   * must look at `lost` and `changed`, since decoders take any break for the end of a cut file.
   */
  read(start?: number, end?: number): AsyncGenerator<Uint8Array>;
  /** The server could not be reached any more, or refuses: nothing is known about the rest, which --resume reads. */
  readonly lost: PersonaPriorError | undefined;
  /** The object is another one now: what was read of it before stays, the rest is lost. */
  readonly changed: StreamFault | undefined;
}

/** For an input with `remote`. `signal` ends all waiting. */
export function connect(file: InputFile & { readonly remote: RemoteObject }, signal?: AbortSignal): Connection {
  const { remote } = file;
  let version = remote.version;
  let lost: PersonaPriorError | undefined;
  let changed: StreamFault | undefined;
  const give = (error: unknown): Error => {
    if (error instanceof Stopped) return new StreamFault('truncated', 'interrupted');
    if (!(error instanceof RemoteFailure)) return error as Error;
    if (error.kind === 'changed') {
      changed = new StreamFault('truncated', `the object changed while it was read: ${error.message}`);
      return changed;
    }
    lost = lostInput(file.name, error);
    return new StreamFault('truncated', error.message);
  };

  const read = async function* (start = 0, end?: number): AsyncGenerator<Uint8Array> {
    const patience = newPatience(signal);
    let at = start;
    let stop = end ?? version.size;
    let broke = false;
    while (stop === null || at < stop) {
      if (lost !== undefined) throw new StreamFault('truncated', lost.message);
      if (changed !== undefined) throw changed;
      const before = at;
      let answer: Answer | undefined;
      try {
        answer = await remote.get(at, end, version, signal);
        version = sameVersion(version, answer.version, broke && !remote.fixed, remote.fixed);
        stop ??= version.size;
        let skip = at - answer.start;
        if (skip > 0 && end !== undefined) throw new RemoteFailure('final', 'the server gives no parts any more');
        for await (const chunk of answer.body) {
          const from = Math.min(skip, chunk.length);
          skip -= from;
          const piece = chunk.subarray(from, stop === null ? undefined : from + stop - at);
          if (piece.length === 0) continue;
          at += piece.length;
          yield piece;
          if (stop !== null && at >= stop) break;
        }
        if (stop === null) return;
        if (at < stop) throw new RemoteFailure('again', `the answer ends ${stop - at} bytes early`);
      } catch (error) {
        broke = true;
        try {
          await patience.failed(error, at - before);
        } catch (final) {
          throw give(final);
        }
      } finally {
        answer?.close();
      }
    }
  };
  return {
    read,
    get lost() {
      return lost;
    },
    get changed() {
      return changed;
    },
  };
}

/** An error for what cannot be reached; the address in it is without secrets. */
export function lostInput(name: string, error: RemoteFailure): PersonaPriorError {
  const help = error.help ?? 'what was read is kept: --resume goes on';
  return new PersonaPriorError('missing_input', error.message, { place: { file: name }, help });
}

/**
 * What is known of the version now. Throws `changed` for another one; where bytes are to be joined, something must prove
 * that it is the same.
 */
function sameVersion(known: Version, now: Version, join: boolean, fixed: boolean): Version {
  const differs = (what: string, a: unknown, b: unknown): never => {
    throw new RemoteFailure('changed', `${what} ${a}, now ${b}`);
  };
  const { size, etag, modifiedMs } = known;
  if (size !== null && now.size !== null && size !== now.size) differs('size', size, now.size);
  if (fixed) return { ...known, size: size ?? now.size };
  if (etag !== null && now.etag !== null) {
    if (etag !== now.etag) differs('ETag', etag, now.etag);
  } else if (modifiedMs !== null && now.modifiedMs !== null) {
    if (modifiedMs !== now.modifiedMs) differs('modified', time(modifiedMs), time(now.modifiedMs));
  } else if (join) {
    throw new RemoteFailure('final', 'the connection broke, and the server gives no ETag or date to go on by');
  }
  return { size: size ?? now.size, etag: etag ?? now.etag, modifiedMs: modifiedMs ?? now.modifiedMs };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
