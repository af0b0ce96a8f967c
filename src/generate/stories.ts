// A story as `generate` writes it, and what it answers. The file itself is endpoint/lines.ts.

/** A line of the file. */
export interface Story {
  /** the request's id, and eight hexadecimal digits of the SHA-256 of the text */
  readonly id: string;
  readonly target: string;
  readonly text: string;
  /** id of the target or revision request that it answers */
  readonly request: string;
  readonly model: string;
  readonly finish: string;
  readonly tokens: { readonly prompt: number; readonly completion: number; readonly estimated: boolean };
}

/** The request that a line answers; stories from elsewhere name their target alone. */
export function requestOf({ request, target, text }: Readonly<Record<string, unknown>>): string | null {
  if (typeof target !== 'string' || typeof text !== 'string') return null;
  return typeof request === 'string' ? request : target;
}
