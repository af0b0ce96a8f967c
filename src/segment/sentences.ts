// Sentence spans of a text by Unicode rules (Intl.Segmenter), mended for hard-wrapped lines and English abbreviations.
// It does not build passages; see segment.ts.

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'sentence' });

/** A paragraph longer than this is cut at white space first, so that no single call sees an unbounded string. */
const MAX_PARAGRAPH = 20_000;

/** Sentences that end so go on: titles, Latin abbreviations, initials, and "A.I." before a verb. */
const ABBREVIATION =
  /(?:^|[\s("'“‘[])(?:Mr|Mrs|Ms|Mx|Dr|Drs|Prof|St|Sr|Jr|Capt|Cmdr|Lt|Col|Gen|Maj|Sgt|Cpl|Rev|Hon|Gov|Sen|Rep|Pres|Messrs|Mme|Mlle|vs|v|No|Nos|Fig|Figs|Vol|Ch|Sec|pp|ca|cf|al|Inc|Ltd|Co|Corp|Bros|Mt|Ft|e\.g|i\.e|A\.I|[A-Z])\.\s*$/;

/** A half-open range of UTF-16 units. `paragraph` is true where a blank line (or the end of the text) follows. */
export interface Sentence {
  readonly from: number;
  readonly to: number;
  readonly paragraph: boolean;
}

/**
 * Cuts a text into sentences, in order, without leading or trailing white space. A single line break counts as a space
 * (Project Gutenberg and mail are hard-wrapped), a blank line ends a paragraph.
 */
export function sentences(text: string): Sentence[] {
  const found: Sentence[] = [];
  const breaks = /\r?\n[^\S\n]*\r?\n\s*|\u2029/g;
  let from = 0;
  for (;;) {
    const match = breaks.exec(text);
    const to = match === null ? text.length : match.index;
    paragraphSentences(text, from, to, found);
    if (match === null) return found;
    from = breaks.lastIndex;
  }
}

function paragraphSentences(text: string, start: number, end: number, found: Sentence[]): void {
  const before = found.length;
  for (let from = start; from < end; ) {
    const to = chunkEnd(text, from, end);
    // same length, so that the segmenter's indices are the text's
    const flat = text.slice(from, to).replace(/[\r\n\u0085\u2028]/g, ' ');
    let open = -1;
    for (const { segment, index } of SEGMENTER.segment(flat)) {
      if (open < 0) open = index;
      const stop = index + segment.length;
      const goesOn = stop < flat.length && ABBREVIATION.test(flat.slice(Math.max(open, stop - 16), stop));
      if (goesOn) continue;
      pushTrimmed(text, from + open, from + stop, found);
      open = -1;
    }
    if (open >= 0) pushTrimmed(text, from + open, to, found);
    from = to;
  }
  if (found.length > before) {
    const last = found[found.length - 1]!;
    found[found.length - 1] = { from: last.from, to: last.to, paragraph: true };
  }
}

function chunkEnd(text: string, from: number, end: number): number {
  if (end - from <= MAX_PARAGRAPH) return end;
  const space = text.lastIndexOf(' ', from + MAX_PARAGRAPH);
  if (space > from) return space + 1;
  const cut = from + MAX_PARAGRAPH;
  const unit = text.charCodeAt(cut);
  return unit >= 0xdc00 && unit <= 0xdfff ? cut - 1 : cut;
}

function pushTrimmed(text: string, from: number, to: number, found: Sentence[]): void {
  let a = from;
  let b = to;
  while (a < b && isSpace(text.charCodeAt(a))) a++;
  while (b > a && isSpace(text.charCodeAt(b - 1))) b--;
  if (b > a) found.push({ from: a, to: b, paragraph: false });
}

/** White space as JavaScript's `\s` sees it, from a UTF-16 unit. */
export function isSpace(unit: number): boolean {
  return (
    unit === 32 ||
    (unit >= 9 && unit <= 13) ||
    unit === 0xa0 ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000 ||
    unit === 0xfeff ||
    unit === 0x85
  );
}
