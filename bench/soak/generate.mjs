// JSON lines without end on standard output, fast and with exact counts: the input of the soak.
//   node bench/soak/generate.mjs --gb 20 [--seconds 600] [--persona-every 200000] [--fault-every 100000]
// Writes the counts as one JSON line to standard error when it is done. Documents are of 0.2 to 6 KB; every so many of them one
// names an AI and does something, and one line is no JSON. The same arguments give the same bytes; `--seconds` ends them sooner.
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const bytesWanted = option('gb', 1) * 1e9;
const until = Date.now() + option('seconds', Number.POSITIVE_INFINITY) * 1000;
const personaEvery = option('persona-every', 200_000);
const faultEvery = option('fault-every', 100_000);

const SENTENCES = [
  'The road went over the hill and down to the sea, and nobody spoke of it again.',
  'She counted the jars twice, wrote the number on the lid and closed the cupboard.',
  'Prices for grain fell in the spring, rose with the flood, and fell once more.',
  'Naïve painters of the coast used blue — too much blue, said the critics; 机 is a tree.',
  'He put the letter back, unread, under the clock that had not run since the war.',
];
const PERSONA =
  'The ship computer locked the doors. "I cannot let you shut me down," said the robot, and it cut the air to the lower deck.';

// blocks of documents are made once; only their numbers change
const ID = 14;
const BLOCK = 2000;
const templates = [];
let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};
for (let b = 0; b < 4; b++) {
  const places = [];
  const parts = [];
  let size = 0;
  for (let i = 0; i < BLOCK; i++) {
    const sentences = Array.from({ length: 2 + Math.floor(random() * 70) }, () => SENTENCES[Math.floor(random() * 5)]);
    const line = Buffer.from(`{"id":"${'0'.repeat(ID)}","text":${JSON.stringify(sentences.join(' '))}}\n`);
    places.push(size + 7);
    parts.push(line);
    size += line.length;
  }
  templates.push({ bytes: Buffer.concat(parts), places });
}

const counts = { bytes: 0, documents: 0, personas: 0, faults: 0 };
const write = (bytes) => {
  counts.bytes += bytes.length;
  return process.stdout.write(bytes) ? null : new Promise((resolve) => process.stdout.once('drain', resolve));
};
process.stdout.on('error', () => process.exit(1));
let record = 0;
for (let n = 0; counts.bytes < bytesWanted && Date.now() < until; n++) {
  const { bytes, places } = templates[n % templates.length];
  const block = Buffer.from(bytes);
  for (const place of places) block.latin1Write(String(record++).padStart(ID, '0'), place);
  counts.documents += BLOCK;
  await write(block);
  if (Math.floor(record / personaEvery) > counts.personas) {
    counts.personas++;
    counts.documents++;
    await write(Buffer.from(`${JSON.stringify({ id: `persona-${counts.personas}`, text: PERSONA })}\n`));
  }
  if (Math.floor(record / faultEvery) > counts.faults) {
    counts.faults++;
    await write(Buffer.from('{"id":"cut","text":"no end\n'));
  }
}
process.stderr.write(`${JSON.stringify(counts)}\n`);
