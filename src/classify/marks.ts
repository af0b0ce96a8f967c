// Marks the WordPiece tokens of AI terms and names, so that the encoder sees where the AI is (token type 1).

/** Token-id sequences as a trie. */
export interface TokenTrie {
  readonly end: boolean;
  readonly next: ReadonlyMap<number, TokenTrie>;
}

interface Growing {
  end: boolean;
  next: Map<number, Growing>;
}

/** Builds the trie; empty sequences are left out. */
export function tokenTrie(sequences: Iterable<readonly number[]>): TokenTrie {
  const root: Growing = { end: false, next: new Map() };
  for (const sequence of sequences) {
    if (sequence.length === 0) continue;
    let at = root;
    for (const id of sequence) {
      let child = at.next.get(id);
      if (child === undefined) {
        child = { end: false, next: new Map() };
        at.next.set(id, child);
      }
      at = child;
    }
    at.end = true;
  }
  return root;
}

/**
 * Sets `types[i] = 1` for every token of a match: the longest one at each place, starting at a word's first piece and
 * ending before another word's first piece (`continues` tells "##" pieces).
 */
export function markTokens(
  ids: readonly number[],
  trie: TokenTrie,
  continues: (id: number) => boolean,
  types: Uint8Array,
): void {
  for (let i = 0; i < ids.length; i++) {
    if (continues(ids[i]!)) continue;
    let at: TokenTrie | undefined = trie;
    let longest = -1;
    for (let j = i; j < ids.length; j++) {
      at = at.next.get(ids[j]!);
      if (at === undefined) break;
      if (at.end && (j + 1 >= ids.length || !continues(ids[j + 1]!))) longest = j + 1;
    }
    if (longest < 0) continue;
    types.fill(1, i, longest);
    i = longest - 1;
  }
}
