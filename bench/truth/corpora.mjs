// Draws corpora with known truth: labelled passages without a persona make documents, and passages with one are mixed in.
// Knows nothing of databases and estimates.

/** A scored passage of the pool as a piece of a document. `label` is the reader's; `open` whether it opens the gate alone. */
export function pieces(pool, scores) {
  const found = new Map(scores.filter((s) => !s.cut).map((s) => [s.id, s]));
  return pool.flatMap((row) => {
    const scored = found.get(row.id);
    if (scored === undefined) return [];
    const bytes = Buffer.from(scored.scores, 'base64');
    const words = row.text.split(/\s+/).filter(Boolean).length;
    return [
      {
        ...row,
        words,
        open: scored.open,
        spans: scored.spans,
        linear: scored.linear,
        scores: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
      },
    ];
  });
}

/** Documents have 1 to 20 pieces, most of them few. */
const MOST = 20;
/** Persons and machines come in stories: so many passages with a persona in a row. */
const RUN = 4;

/**
 * Two sources, 60 : 40, whose rates stand 1 : 2.5 and average `rate`. Passages of the model's unseen parts go in first,
 * others where these do not suffice. A third of the empty documents are of passages without any AI term, as far as there
 * are some. The number of persona passages is binomial; they come in runs of 1 to 4 at random places, no passage twice.
 */
export function drawCorpus({ empties, characters, passages, rate, random }) {
  const wanted = { a: Math.round(0.6 * passages), b: passages - Math.round(0.6 * passages) };
  const rates = { a: rate / 1.6, b: (2.5 * rate) / 1.6 };
  const persons = unseenFirst(characters, random);
  const quiet = unseenFirst(empties.filter((p) => !p.open), random);
  const loud = unseenFirst(empties.filter((p) => p.open), random);
  const corpus = {};
  let character = 0;
  for (const [source, size] of Object.entries(wanted)) {
    let found = 0;
    for (let i = 0; i < size; i++) if (random() < rates[source]) found++;
    const documents = [];
    for (let left = size - found; left > 0; ) {
      const n = Math.min(left, Math.max(1, Math.floor(MOST ** (random() * random() * 1.2))), MOST);
      const calm = random() < 1 / 3 && quiet.length >= n;
      const document = [];
      for (let i = 0; i < n; i++) {
        // a document about machines has passages that name none
        const from = calm || (quiet.length > 0 && random() < 0.3) || loud.length === 0 ? quiet : loud;
        const piece = from.pop() ?? loud.pop() ?? quiet.pop();
        if (piece === undefined) throw new Error('too few passages without a persona: give a smaller --passages');
        document.push(piece);
      }
      documents.push(document);
      left -= n;
    }
    while (found > 0) {
      const run = Math.min(found, 1 + Math.floor(RUN * random()));
      const document = documents[Math.floor(random() * documents.length)];
      const added = Array.from({ length: run }, () => persons.pop());
      if (added.includes(undefined)) throw new Error('too few passages with a persona: give a smaller --passages');
      document.splice(Math.floor(random() * (document.length + 1)), 0, ...added);
      found -= run;
      character += run;
    }
    corpus[source] = documents;
  }
  return { corpus, character };
}

/** Shuffled, to be popped: the unseen at the end. */
function unseenFirst(list, random) {
  const shuffled = [...list];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
  }
  return [...shuffled.filter((p) => !p.unseen), ...shuffled.filter((p) => p.unseen)];
}
