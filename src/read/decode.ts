// UTF-8 bytes to text. Invalid sequences become U+FFFD, one for each maximal part as the Encoding Standard says, and are told.
import { isUtf8 } from 'node:buffer';

const lossy = new TextDecoder('utf-8', { ignoreBOM: true });

/** A whole buffer as text. A byte order mark is kept as U+FEFF. */
export function decodeUtf8(bytes: Uint8Array): { text: string; repaired: boolean } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return { text: buffer.toString('utf8'), repaired: false };
  return { text: lossy.decode(buffer), repaired: true };
}

/**
 * Stands for an invalid sequence in text that is cut into records only later: a lone surrogate, which valid UTF-8 cannot
 * give, so that a replaced character and a U+FFFD of the author stay apart until the record is known.
 */
export const MARK = '\udcff';

/** A whole buffer as text, with {@link MARK} for invalid sequences. */
export function decodeMarked(bytes: Uint8Array): { text: string; damaged: boolean } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? { text: buffer.toString('utf8'), damaged: false } : { text: marked(buffer), damaged: true };
}

/** Text of chunks whose borders may lie inside a character, with {@link MARK} for invalid sequences. */
export function markingDecoder(): { text(bytes: Uint8Array, last: boolean): string; damaged(): boolean } {
  let carry: Uint8Array = new Uint8Array(0);
  let damaged = false;
  return {
    text(bytes, last) {
      const joined = carry.length === 0 ? bytes : Buffer.concat([carry, bytes]);
      const whole = last ? joined.length : joined.length - openTail(joined);
      carry = Uint8Array.from(joined.subarray(whole));
      const decoded = decodeMarked(joined.subarray(0, whole));
      damaged ||= decoded.damaged;
      return decoded.text;
    },
    damaged: () => damaged,
  };
}

/** Whether any string in the value holds a {@link MARK}. Without recursion: hostile records are nested deeply. */
export function holdsMark(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string' && next.includes(MARK)) return true;
    if (typeof next !== 'object' || next === null || ArrayBuffer.isView(next)) continue;
    for (const [key, inner] of Object.entries(next)) open.push(key, inner);
  }
  return false;
}

/** Decodes between the U+FFFD that are really there; those that then appear are replacements. */
function marked(buffer: Buffer): string {
  const parts: string[] = [];
  const genuine = Buffer.from([0xef, 0xbf, 0xbd]);
  let from = 0;
  for (;;) {
    const at = buffer.indexOf(genuine, from);
    parts.push(lossy.decode(buffer.subarray(from, at < 0 ? buffer.length : at)).replaceAll('\ufffd', MARK));
    if (at < 0) return parts.join('\ufffd');
    from = at + 3;
  }
}

/** Bytes of an unfinished character at the end (0 to 3). */
function openTail(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const need = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return need > back ? back : 0;
  }
  return 0;
}
