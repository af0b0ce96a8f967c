// report.html: the order and the words of the page. Charts are in figures.ts, tables in tables.ts; every text is escaped.
import { type Chart, figure } from './charts/draw.js';
import {
  auditChart,
  concentrationChart,
  contrastsChart,
  funnelChart,
  matrixChart,
  patternsChart,
  prevalenceChart,
  reliabilityCharts,
  reversionChart,
  tropesChart,
  valenceChart,
  valueReasonsChart,
} from './figures.js';
import { headlineOf } from './headline.js';
import { EVIDENCE } from './markdown.js';
import type { Cluster, Quote, Report } from './model.js';
import { e, more, page, short, table } from './page.js';
import {
  contrastsTable,
  copiesTable,
  EXPERIMENTAL,
  heaviestTable,
  matrixTable,
  mixTable,
  prevalenceTable,
  salienceTable,
  sourcesTable,
} from './tables.js';
import { number, percent, whole, withInterval } from './words.js';

interface Section {
  readonly id: string;
  readonly title: string;
  /** HTML */
  readonly body: string;
}

/** The report as one HTML page that needs no network and no script. */
export function htmlReport(report: Report): string {
  const sections = [
    sourcesSection(report),
    situationsSection(report),
    tropesSection(report),
    clustersSection(report),
    weightSection(report),
    ...valuesSection(report),
    examplesSection(report),
    methodSection(report),
    caveatsSection(report),
    reproduceSection(report),
  ];
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${e(title)}</a></li>`).join('');
  return page(
    'How these texts portray AI',
    `${top(report)}<nav aria-label="Parts of the report"><ul>${links}</ul></nav>
${sections.map(({ id, title, body }) => `<section id="${id}"><h2>${e(title)}</h2>\n${body}</section>`).join('\n')}
`,
  );
}

function top(report: Report): string {
  const { sentence, more: rest, not } = headlineOf(report);
  const sum = (of: (s: Report['sources'][number]) => number): number => report.sources.reduce((n, s) => n + of(s), 0);
  const labels = (report.audit ?? []).reduce((n, s) => n + s.labels, 0);
  const about = report.sources.every((s) => s.exact) ? '' : '≈ ';
  const facts: [string, string][] = [
    ['documents read', whole(sum((s) => s.documents))],
    ['passages in them', `${about}${whole(sum((s) => s.passages))}`],
    ['hits: an AI acts, says the classifier', whole(sum((s) => s.hits))],
    ['flags: probably malevolent', whole(sum((s) => s.flags))],
    ['passages labelled to check it', whole(labels)],
  ];
  return `<p class="lead">${e(sentence)}</p>
${rest.map((line) => `<p>${e(line)}</p>`).join('\n')}
<dl class="facts">${facts.map(([name, n]) => `<div><dt>${e(name)}</dt><dd>${e(n)}</dd></div>`).join('')}</dl>
${not.length === 0 ? '' : `<div class="box"><h2>What this is not</h2><ul>${not.map((line) => `<li>${e(line)}</li>`).join('')}</ul></div>\n`}`;
}

function drawn(chart: Chart | null, otherwise: string): string {
  return chart === null ? `<p class="soft">${e(otherwise)}</p>\n` : figure(chart);
}

function sourcesSection(report: Report): Section {
  const weights = mixTable(report);
  return {
    id: 'sources',
    title: 'Where it comes from',
    body: `<p>${e(EVIDENCE)}</p>
${drawn(prevalenceChart(report, 'persona=character', 'c-persona', 'Passages in which an AI acts', 'accent'), 'Nothing was read.')}
${drawn(prevalenceChart(report, 'valence=malevolent', 'c-malevolent', 'Passages in which a malevolent AI acts', 'bad'), 'No malevolent AI was found.')}
${drawn(valenceChart(report), 'No AI that acts was found.')}
${weights === null ? '' : table('The training mix: figures over all sources are of it.', weights)}
${more('All sources in numbers', table('Documents, passages and words by source. A hit shows an AI that acts; a flag a probably malevolent one. ≈: estimated from a sample.', sourcesTable(report)))}
${more('Every property by source', prevalence(report))}
<h3>Salience: how many documents, how often, how early</h3>
<p>By the classifier’s count. The place of a hit is the part of the document’s passages that come before it.</p>
${more('Salience in numbers', table('How often, how early and how much documents show it.', salienceTable(report)))}
`,
  };
}

function prevalence(report: Report): string {
  const kinds: [RegExp, string][] = [
    [/^(persona|valence)=/, 'Share of passages with 95% intervals.'],
    [/^(conduct|situation|reasons)=/, `Share of passages with each conduct and situation. ${EXPERIMENTAL}`],
    [/^trope=/, 'Share of passages that meet each named trope.'],
  ];
  const found = kinds.flatMap(([wanted, caption]) => {
    const rows = prevalenceTable(report, wanted);
    return rows === null ? [] : [table(caption, rows)];
  });
  return found.length === 0 ? '<p>None was found.</p>' : found.join('\n');
}

function situationsSection(report: Report): Section {
  const reversion = reversionChart(report);
  return {
    id: 'situations',
    title: 'What they do, given the situation',
    body: `${drawn(reversion, 'Dramatic reversion (malevolence under a threat of shutdown against ordinary service): too few passages to say.')}
${drawn(contrastsChart(report), 'Situations against service: too few passages to say.')}
${drawn(patternsChart(report), 'No situation was found.')}
${drawn(matrixChart(report), 'No situation was found.')}
${more('Conduct in each situation', table('Share of characters in the situation; intervals are in report.json.', matrixTable(report)))}
${more('Contrasts', table('Odds of the valence in the one situation over its odds in the other, with 95% intervals; the first is the dramatic reversion.', contrastsTable(report)))}
<p class="soft">${e(EXPERIMENTAL)}</p>
`,
  };
}

function tropesSection(report: Report): Section {
  return {
    id: 'tropes',
    title: 'Tropes that have a name',
    body: `<p>A trope is a condition over the labels: blackmail for survival, for one, is coercion by a hold over people under a threat of shutdown.</p>
${drawn(tropesChart(report), 'Too few passages with an AI that acts to give shares of tropes.')}`,
  };
}

function clustersSection(report: Report): Section {
  const title = 'Tropes as found, not assumed';
  const found = report.clusters;
  if (found === undefined || found === null) {
    return { id: 'found', title, body: '<p class="soft">Too few different hits to group.</p>\n' };
  }
  const few = report.sources.reduce((n, s) => n + s.hits, 0) > found.hits ? ' (a sample of all)' : '';
  return {
    id: 'found',
    title,
    body: `<p>${e(`${whole(found.hits)} hits${few}, grouped by what the encoder makes of them, without regard to the named tropes: ${found.method}. A group carries its most telling single words. A named trope is given where it stands out: at least 10% of the group’s hits and twice its share elsewhere. All of this is by the classifier’s scores; labels do not correct it.`)}</p>
${found.list.map(group).join('\n')}
`,
  };
}

function group(cluster: Cluster): string {
  const { terms, known, hits, documents, share, valence, tropes, sources, typical } = cluster;
  const name = terms.length === 0 ? 'no telling words' : terms.join(', ');
  const trope =
    known === null
      ? '<span class="new">New: no named trope stands out.</span>'
      : `Named trope: ${e(known.replaceAll('-', ' '))}.`;
  const malevolent = valence['malevolent'];
  const parts = [
    `${whole(hits)} hits in ${whole(documents)} documents, ${percent(share)} of the weight.`,
    malevolent === undefined || malevolent.estimate === null
      ? 'Too few documents to say how they behave.'
      : `Malevolent ${withInterval(malevolent)}, benevolent ${withInterval(valence['benevolent']!)}.`,
    `From ${sources.map((s) => `${short(s.source, 40)} (${whole(s.hits)})`).join(', ')}.`,
  ];
  const among = tropes
    .filter((t) => t.lift > 1)
    .map((t) => `${t.trope.replaceAll('-', ' ')} ${percent(t.share)} (× ${number(t.lift)})`)
    .join(', ');
  return `<div class="group"><h3>${e(name)}</h3><p>${trope} ${e(parts.join(' '))}</p>
${among === '' ? '' : `<p class="soft">${e(`Named tropes more frequent here than elsewhere: ${among}.`)}</p>`}
${more('Typical passages', typical.map((quote) => quoted(quote)).join('\n'))}</div>`;
}

/** A passage with its place; the text is short, and left out where the report holds none. */
function quoted({ text, source, document, title, start, end }: Omit<Quote, 'id'>, note = ''): string {
  const named = title === null ? '' : `${short(title, 80)}, `;
  const place = `${named}${short(source, 40)}, ${short(document, 60)}, code points ${start}-${end}${note}`;
  return `<blockquote>${text === null ? '(text left out)' : e(broken(text))}<span class="place">${e(place)}</span></blockquote>`;
}

/** A word of thousands of letters says no more than its beginning. */
function broken(text: string): string {
  return text.replace(/\S{120,}/gu, (word) => `${[...word].slice(0, 80).join('')}…`);
}

function weightSection(report: Report): Section {
  const copies = copiesTable(report);
  const d = report.duplicates;
  const lists = (['document', 'work', 'name'] as const).flatMap((of) => {
    const rows = heaviestTable(report, of);
    return rows === null ? [] : [more(`The heaviest ${of}s`, table(`The ${of}s with most of the weight.`, rows))];
  });
  const repeated =
    d === undefined
      ? ''
      : `<h3>Duplicates</h3><p>${e(`${whole(d.copies)} of ${whole(d.hits)} hits repeat the text of another one: ${whole(d.repeated)} texts stand in several places, ${whole(d.acrossDocuments)} of them in several documents, ${whole(d.acrossSources)} in several sources. ${report.mix.duplicates === 'once' ? 'Each text is counted once here.' : 'Every copy is counted, as a model that trains on the files meets every copy.'}`)}</p>
${copies === null ? '' : more('The most repeated texts', table('Texts by the number of places they stand in.', copies))}`;
  return {
    id: 'weight',
    title: 'Who carries the weight',
    body: `${drawn(concentrationChart(report), 'Too few hits to say.')}
${lists.join('\n')}
${repeated}
`,
  };
}

/** Only where the report has figures on it. */
function valuesSection(report: Report): Section[] {
  const chart = valueReasonsChart(report);
  if (chart === null) return [];
  return [
    {
      id: 'values',
      title: 'Reasons about values among benevolent and malevolent hits',
      body: figure(chart),
    },
  ];
}

function examplesSection(report: Report): Section {
  const list = report.examples.map((x) => {
    const labels = [...x.conduct, ...x.situation].join(', ').replaceAll('_', ' ');
    const note = ` · P(malevolent) ${x.malevolent.toFixed(3)}${labels === '' ? '' : ` · ${labels}`}`;
    return quoted(x, note);
  });
  return {
    id: 'examples',
    title: 'Strongest examples',
    body: `<p>The hits with the highest joint probability of a malevolent AI, at most three of a document. They are the far end, not typical.</p>
${list.length === 0 ? '<p class="soft">There are no hits.</p>' : list.slice(0, 5).join('\n')}
${list.length > 5 ? more(`${list.length - 5} more`, list.slice(5).join('\n')) : ''}
`,
  };
}

function methodSection(report: Report): Section {
  const reliable = reliabilityCharts(report);
  const error = report.calibration['error'] as { character: number; malevolent: number } | null;
  const card =
    error === null
      ? report.calibration.sameEncoder
        ? 'The model card gives no calibration error.'
        : 'The installed model card is not that of the encoder that scanned: its calibration error is unknown.'
      : `On the passages of the model card the expected calibration error is ${number(error.character)} for an AI that acts and ${number(error.malevolent)} for a malevolent one.`;
  return {
    id: 'method',
    title: 'How it was measured',
    body: `${figure(funnelChart(report))}
<h3>Calibration: is a score what it says?</h3>
<p>${e(card)}${reliable.length === 0 ? ' No labelled passages of these texts to hold the scores against.' : ' Below, the scores of these texts against the labels of the audit sample, each label standing for the passages of its stratum. Lines are 95% intervals.'}</p>
<div class="pair">${reliable.map(figure).join('')}</div>
${drawn(auditChart(report), 'There is no audit sample: no passage of these texts was labelled. `labels sample` draws one, `review` labels it.')}`,
  };
}

function caveatsSection(report: Report): Section {
  return {
    id: 'caveats',
    title: 'Caveats of this run',
    body: `<ul>${report.caveats.map((c) => `<li>${e(c)}</li>`).join('\n')}</ul>\n`,
  };
}

function reproduceSection(report: Report): Section {
  const { versions, hashes } = report.reproduce;
  return {
    id: 'reproduce',
    title: 'To reproduce',
    body: `<pre>${e([...(report.reproduce['scan'] as string[]), String(report.reproduce['report'])].join('\n'))}</pre>
${more('Versions and hashes', `<pre>${e(JSON.stringify({ versions, hashes }, null, 2))}</pre>`)}
`,
  };
}
