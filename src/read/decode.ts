// UTF-8 bytes to text: invalid sequences become U+FFFD and are told. Chunk boundaries inside a character are no fault.

/** A streaming decoder that remembers whether it had to replace anything. */
export function decoder(): { text(bytes: Uint8Array, last: boolean): string; repaired(): boolean; reset(): void } {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let carry: Uint8Array = new Uint8Array(0);
  let repaired = false;
  return {
    text(bytes, last) {
      const joined = carry.length === 0 ? bytes : Buffer.concat([carry, bytes]);
      const open = last ? 0 : openTail(joined);
      const whole = joined.subarray(0, joined.length - open);
      carry = Uint8Array.from(joined.subarray(joined.length - open));
      try {
        return strict.decode(whole);
      } catch {
        repaired = true;
        return new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole);
      }
    },
    repaired: () => repaired,
    reset() {
      repaired = false;
    },
  };
}

/** Bytes of an unfinished character at the end (0 to 3). */
function openTail(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const b = bytes[bytes.length - back]!;
    if ((b & 0xc0) === 0x80) continue;
    const need = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1;
    return need > back ? back : 0;
  }
  return 0;
}

/** A whole buffer as text. */
export function decodeUtf8(bytes: Uint8Array): { text: string; repaired: boolean } {
  const d = decoder();
  const text = d.text(bytes, true);
  return { text, repaired: d.repaired() };
}
