// Writes a drawn corpus as the database that a scan would leave, by the scan's own code; only the scores come from the cache.

/**
 * @param lib modules of dist: unit, store/database, store/shards, store/writer, types
 * @returns the open database and the label of every passage by `source|document|start`
 */
export async function scanned(corpus, { seed, thresholds, lib }) {
  const db = lib.openDatabase(':memory:');
  const settings = JSON.stringify({ seed, exactCounts: false, thresholds });
  db.prepare(`insert into runs (started, status, command, versions, hashes, settings)
    values ('', 'done', 'bench', '{}', '{}', ?)`).run(settings);
  const truths = new Map();
  const writer = lib.openWriter(db, ':memory:');
  for (const [name, documents] of Object.entries(corpus)) {
    const source = lib.sourceId(db, name);
    const shard = Number(
      db
        .prepare(`insert into shards (source_id, run_id, path, name, status) values (?, 1, ?, ?, 'running')`)
        .run(source, name, name).lastInsertRowid,
    );
    const keys = lib.samplingKeys(seed, name);
    const result = { tallies: new Map(), hits: [], samples: [], faults: [] };
    for (const [record, parts] of documents.entries()) {
      const document = assemble(`${name}-${record}`, parts);
      for (const [i, p] of document.passages.entries()) truths.set(`${name}|${document.id}|${p.start}`, parts[i]);
      lib.tally(result.tallies, 'read', 'in');
      lib.tally(result.tallies, 'read', 'out');
      if (!document.open) closed(document, keys, result, lib);
      else {
        const cascade = { thresholds, tropes: [], judge: async () => judged(document, thresholds) };
        const unit = { sampleLimits: {}, exactCounts: false };
        await lib.judgeInto(cascade, document, { record, offset: 0 }, unit, keys, result);
      }
    }
    const cursor = { nextRecord: documents.length, nextByte: 0, compressedBytes: 0 };
    writer.commit(shard, source, result, cursor, { status: 'done', fault: null });
  }
  return { db, truths };
}

/** Pieces in a row, an empty line between; all of the Basic Multilingual Plane or not, offsets are code points. */
function assemble(id, parts) {
  let text = '';
  let point = 0;
  const passages = parts.map((part) => {
    const from = text.length;
    const start = point;
    text += `${part.text}\n\n`;
    point += [...part.text].length + 2;
    return { start, end: point - 2, from, to: text.length - 2, words: part.words, part };
  });
  return { id, title: null, text, names: [], passages, open: parts.some((p) => p.open) };
}

/** As the cascade judges: passages within reach of an entity, over the linear threshold, get the encoder's scores. */
function judged(document, thresholds) {
  const near = reached(document.passages);
  const passages = document.passages.map(({ part, ...passage }, i) => ({
    ...passage,
    gate: near[i],
    linear: near[i] ? part.linear : null,
    scores: near[i] && part.linear >= thresholds.linear ? part.scores : null,
    embedding: EMBEDDING,
    names: [],
  }));
  return { open: true, found: null, passages, failures: [] };
}

const EMBEDDING = new Float32Array(384).fill(0.05);
/** Words between a passage and the nearest entity, as in src/cascade.ts. */
const REACH = 1500;

function reached(passages) {
  const near = passages.map(() => false);
  const sweep = (order) => {
    let distance = Number.POSITIVE_INFINITY;
    for (const i of order) {
      if (passages[i].part.open) distance = 0;
      if (distance <= REACH) near[i] = true;
      if (!passages[i].part.open) distance += passages[i].words;
    }
  };
  const order = passages.map((_, i) => i);
  sweep(order);
  sweep(order.reverse());
  return near;
}

/** A document that the gate rejects: its blocks and their rows by src/unit.ts, but for the cutting. */
function closed(document, keys, { tallies, samples }, lib) {
  lib.tally(tallies, 'gate', 'in');
  lib.tally(tallies, 'gate', 'dropped', 'no_entity');
  const blocks = lib.blocksOfText(document.text);
  lib.tally(tallies, 'sample', 'population', 'gate', blocks);
  const id = new TextEncoder().encode(document.id);
  const drawn = lib.drawnBlocks(id, blocks, keys, Number.MAX_SAFE_INTEGER);
  samples.push(...lib.blockSamples(document, document.passages, blocks, drawn, keys));
}
