// What the bin gives to commands, and the small things that all of them use. No command here.
import type { Readable, Writable } from 'node:stream';
import { InvalidArgumentError } from 'commander';

/** Streams, the interrupt signal, and where the exit code goes. */
export interface Host {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable & { isTTY?: boolean };
  readonly signal: AbortSignal;
  readonly argv: readonly string[];
  /** the environment, for API keys */
  readonly env?: Readonly<Record<string, string | undefined>>;
  setExitCode(code: number): void;
}

/** Writes, and waits where the reader is slower than we are. */
export function write(stream: Writable, text: string): Promise<void> | void {
  if (stream.write(text)) return;
  return new Promise((resolve) => stream.once('drain', resolve));
}

/** Argument parser: a whole number from 1 on. */
export function positive(value: string): number {
  const n = Number(value);
  if (!Number.isSafeInteger(n) || n < 1) throw new InvalidArgumentError('expected a whole number from 1 on');
  return n;
}

/** Argument parser: a probability. */
export function probability(value: string): number {
  const p = Number(value);
  if (value.trim() === '' || !(p >= 0 && p <= 1)) throw new InvalidArgumentError('expected a number from 0 to 1');
  return p;
}

/** Argument parser: a sampling temperature. */
export function temperature(value: string): number {
  const t = Number(value);
  if (value.trim() === '' || !(t >= 0 && t <= 2)) throw new InvalidArgumentError('expected a number from 0 to 2');
  return t;
}
