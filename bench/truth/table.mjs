// Counts the intervals that hold the truth, and writes the table. Nothing is drawn here.

const FIGURES = {
  passage: 'persona=character, per passage',
  word: 'persona=character, per word',
  malevolent: 'valence=malevolent, per passage',
  prior: 'prior: malevolent given character',
};
const percent = (v) => `${Number((100 * v).toPrecision(3))}%`;
const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;

/** The claim is of `passage`: at least 90 of 100 at each rate, and 278 of 300 together (scaled for other rounds). */
export function markdown(run, results) {
  const rates = [...new Set(results.map((r) => r.rate))];
  const count = (rate, figure) => {
    const judged = results.filter((r) => (rate === null || r.rate === rate) && r[figure] !== null && r[figure].inside !== null);
    return { inside: judged.filter((r) => r[figure].inside).length, of: judged.length };
  };
  const summary = Object.fromEntries(
    Object.keys(FIGURES).map((figure) => [
      figure,
      { ...Object.fromEntries(rates.map((rate) => [rate, count(rate, figure)])), all: count(null, figure) },
    ]),
  );
  const enough = (c, share) => c.of > 0 && c.inside >= share * c.of - 1e-9;
  const { all, ...each } = summary.passage;
  const passed = Object.values(each).every((c) => enough(c, 0.9)) && enough(all, 278 / 300);
  const cell = ({ inside, of }) => (of === 0 ? 'none' : `${inside} of ${of}`);
  const rows = rates.map((rate) => {
    const own = results.filter((r) => r.rate === rate);
    const naive = own.map((r) => r.hits / r.passages);
    const truth = own.map((r) => r.passage.truth);
    const estimated = own.filter((r) => r.passage.estimate !== null);
    const found = own.reduce((sum, r) => sum + r.character, 0);
    return [
      percent(rate),
      `${Math.min(...own.map((r) => r.character))} to ${Math.max(...own.map((r) => r.character))}`,
      percent(own.reduce((sum, r) => sum + r.caught, 0) / found),
      percent(own.reduce((sum, r) => sum + r.caught, 0) / own.reduce((sum, r) => sum + r.hits, 0)),
      percent(mean(truth)),
      percent(mean(naive)),
      percent(mean(estimated.map((r) => r.passage.estimate))),
      percent(mean(estimated.map((r) => r.passage.high - r.passage.low))),
      `${own.filter((r) => r.passage.inside === false && r.passage.low > r.passage.truth).length} / ${own.filter((r) => r.passage.inside === false && r.passage.high < r.passage.truth).length}`,
    ];
  });
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const table = (head, body) => [line(head), `|${head.map(() => ' --- |').join('')}`, ...body.map(line)];
  const { pool } = run;
  const parts = (p) => Object.entries(p).map(([part, n]) => `${n} ${part}`).join(', ');
  const text = [
    `# Intervals against known truth, ${run.date}`,
    '',
    `Made by \`${run.command}\` (Node ${run.node}, ${run.seconds} s of CPU; ${run.encoder}).`,
    '',
    `**${passed ? 'Passed' : 'Failed'}**: the 95% interval of the prevalence per passage holds the truth in ${rates.map((rate) => `${cell(summary.passage[rate])} corpora at ${percent(rate)}`).join(', ')}; ${cell(all)} together (asked: 90 of 100 at each, 278 of 300 together).`,
    '',
    '## How',
    '',
    `Each corpus has ${run.passages.toLocaleString('en-US')} passages in documents of 1 to 20, in two sources of 60% and 40% whose rates stand 1 : 2.5. Documents are made of labelled passages that readers found to be without an AI persona; passages with one are mixed in at random places in runs of 1 to 4, their number binomial, no passage twice in a corpus. A third of the documents are of passages without any AI term, as far as there are some.`,
    '',
    `Every labelled passage was scored once by the shipped models, whole, with its own title and names, and the scores were reused. The scan's own code sorts the passages into hits and strata of rejects, \`labels sample -n ${run.labels} --design neyman\`'s own code draws, each drawn passage gets its reader's label, \`labels import\`'s and the report's own code do the rest.`,
    '',
    `Passages with a persona: only of the parts that the encoder did not train on (${parts(pool.characters)}${pool.charactersNotUsed > 0 ? `; the other ${pool.charactersNotUsed} were not used` : ''}). Passages without: ${parts(pool.empties)}; ${pool.empties.train > 0 ? `unseen parts (${run.unseen.join(', ')}) go into every corpus first, and the train part fills it, since the unseen ones are too few` : `all of the unseen parts (${run.unseen.join(', ')})`}. Readers chose these passages for being hard, so the classifier is worse here than in a corpus: the two columns of recall and precision say how good it was.`,
    '',
    '## Corpora and estimates',
    '',
    ...table(
      ['rate', 'persona passages', 'recall', 'precision', 'mean truth', 'mean naive count', 'mean estimate', 'mean width', 'missed above / below'],
      rows,
    ),
    '',
    '`missed above` counts intervals that lie above the truth, `below` those under it.',
    '',
    '## Intervals that hold the truth',
    '',
    ...table(
      ['figure', ...rates.map(percent), 'all'],
      Object.entries(FIGURES).map(([figure, name]) => [name, ...rates.map((rate) => cell(summary[figure][rate])), cell(summary[figure].all)]),
    ),
    '',
    'Corpora whose labels do not suffice for a figure (fewer than 20 effective labels in its domain) are not counted in its row.',
    '',
  ].join('\n');
  return { summary, text, passed };
}
