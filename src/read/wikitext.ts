// Wikitext to plain text, by one pass per kind of markup, each in linear time. What needs a wiki to be known is left out:
// templates (also those that give text, such as {{convert}}), tables, references, galleries, formulas, files, categories.

/** Elements whose content is no prose. `references` and `ref` may stand alone as `<ref/>`. */
const DROPPED =
  'ref|references|gallery|math|chem|score|timeline|imagemap|syntaxhighlight|source|templatestyles|graph|hiero|indicator';
/** Links that show nothing, or only a caption beside the text. Localised names are recognised for the largest wikis. */
const MEDIA =
  /^(?:file|image|media|category|datei|bild|kategorie|fichier|image|catégorie|archivo|imagen|categoría|файл|изображение|категория|ファイル|画像|カテゴリ|文件|图像|分类|immagine|categoria|ficheiro|imagem|bestand|categorie|plik|kategoria|ملف|تصنيف)\s*:/iu;
/** `[[de:Titel]]`: a link to another language, which shows beside the page. */
const LANGUAGE = /^[a-z]{2,3}(?:-[a-z]+)*:/;

/** Text of a page; `<nowiki>` and `<pre>` keep theirs as it is. Paragraphs stay apart by empty lines, headings are lines. */
export function wikitextToText(wikitext: string): string {
  // what is to stay is set aside under a mark that no text holds: a lone surrogate and its number
  const kept: string[] = [];
  let text = wikitext.replace(/\udbff/g, (c, at: number) => (isLow(wikitext.charCodeAt(at + 1)) ? c : '\ufffd'));
  text = withoutSpans(text, '<!--', '-->');
  text = setAside(text, kept);
  text = withoutElements(text);
  text = withoutNested(text, '{{', '}}');
  text = withoutNested(text, '{|', '|}', true);
  text = linksToText(text);
  text = text
    .replace(
      /\[(?:https?:|ftp:|mailto:|\/\/)[^\s[\]]*(?:[ \t]+([^[\]\n]*))?\]/gi,
      (_, label: string | undefined) => label ?? '',
    )
    .replace(/'{2,5}/g, '')
    .replace(/__[A-Z]{3,30}__/g, '')
    .replace(/<br\s*\/?>/gi, '\n')
    .replace(/<\/?[a-z][a-z0-9]*(?:\s[^<>]*)?>/gi, '');
  text = entities(text.split('\n').map(plainLine).join('\n')).replace(/\n{3,}/g, '\n\n');
  text = text.replace(/^\n+/, '').trimEnd();
  return text.replace(/\udbff(\d+);/g, (_, n: string) => kept[Number(n)]!);
}

/** Without the marks of headings, lists and rules. By hand: expressions that begin with a run of spaces take quadratic time. */
function plainLine(line: string): string {
  const end = line.trimEnd();
  if (end.startsWith('=') && end.endsWith('='))
    return end
      .replace(/^=+/, '')
      .replace(/(?<!=)=+$/, '')
      .trim();
  return end.replace(/^(?:[*#:;]+[ \t]*|-{4,})/, '');
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** From each `open` to the next `close`; one that is never closed is kept. */
function withoutSpans(text: string, open: string, close: string): string {
  const parts: string[] = [];
  let at = 0;
  for (let from = text.indexOf(open); from >= 0; from = text.indexOf(open, at)) {
    const to = text.indexOf(close, from + open.length);
    if (to < 0) break;
    parts.push(text.slice(at, from));
    at = to + close.length;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(at);
}

function setAside(text: string, kept: string[]): string {
  return replaceElements(text, 'nowiki|pre', (content) => {
    kept.push(entities(content));
    return `\udbff${kept.length - 1};`;
  });
}

function withoutElements(text: string): string {
  return replaceElements(text, DROPPED, () => '');
}

/** Elements of these names with their content, which may hold anything but their own end. An end that is missing: no element. */
function replaceElements(text: string, names: string, replace: (content: string) => string): string {
  const start = new RegExp(`<(${names})(?:\\s[^<>]*)?>`, 'gi');
  const missing = new Set<string>();
  const parts: string[] = [];
  let at = 0;
  for (let found = start.exec(text); found !== null; found = start.exec(text)) {
    const name = found[1]!.toLowerCase();
    const alone = found[0].endsWith('/>');
    if (missing.has(name) && !alone) continue;
    const from = start.lastIndex;
    let to = from;
    let end = from;
    if (!alone) {
      const close = new RegExp(`</${name}\\s*>`, 'gi');
      close.lastIndex = from;
      const closing = close.exec(text);
      if (closing === null) {
        missing.add(name);
        continue;
      }
      to = closing.index;
      end = close.lastIndex;
    }
    parts.push(text.slice(at, found.index), replace(text.slice(from, to)));
    at = end;
    start.lastIndex = end;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(at);
}

/** Without everything between matching marks; marks without a partner stay. `atLine`: the opening one begins a line. */
function withoutNested(text: string, open: string, close: string, atLine = false): string {
  const mark = new RegExp(`${atLine ? '^[ \\t:]*' : ''}${literally(open)}|${literally(close)}`, 'gm');
  const starts: number[] = [];
  const spans: [from: number, to: number][] = [];
  for (const found of text.matchAll(mark)) {
    if (found[0] !== close) starts.push(found.index);
    else if (starts.length > 0) {
      const from = starts.pop()!;
      while (spans.length > 0 && spans.at(-1)![0] > from) spans.pop();
      spans.push([from, found.index + close.length]);
    }
  }
  const parts: string[] = [];
  let at = 0;
  for (const [from, to] of spans) {
    parts.push(text.slice(at, from));
    at = to;
  }
  return parts.join('') + text.slice(at);
}

function literally(literal: string): string {
  return literal.replace(/[{}|[\]]/g, '\\$&');
}

/** `[[target|shown]]` to what it shows, from the inside out: captions of files hold links. */
function linksToText(text: string): string {
  const open: { parts: string[] }[] = [{ parts: [] }];
  let at = 0;
  for (const found of text.matchAll(/\[\[|\]\]/g)) {
    open.at(-1)!.parts.push(text.slice(at, found.index));
    at = found.index + 2;
    if (found[0] === '[[') open.push({ parts: [] });
    else if (open.length > 1) {
      const link = open.pop()!.parts.join('');
      open.at(-1)!.parts.push(shown(link));
    } else open[0]!.parts.push(']]');
  }
  open.at(-1)!.parts.push(text.slice(at));
  return open.map((level, i) => (i === 0 ? '' : '[[') + level.parts.join('')).join('');
}

function shown(link: string): string {
  const bar = link.indexOf('|');
  const target = (bar < 0 ? link : link.slice(0, bar)).trim();
  if (MEDIA.test(target)) return '';
  if (bar < 0 && LANGUAGE.test(target)) return '';
  return bar < 0 ? target.replace(/^:/, '') : link.slice(bar + 1);
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  thinsp: '\u2009',
  ensp: '\u2002',
  emsp: '\u2003',
  times: '×',
  minus: '−',
  deg: '°',
  prime: '′',
  Prime: '″',
  middot: '·',
  bull: '•',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  euro: '€',
  pound: '£',
  sect: '§',
  shy: '\u00ad',
  zwj: '\u200d',
  zwnj: '\u200c',
  lrm: '\u200e',
  rlm: '\u200f',
  dagger: '†',
  rarr: '→',
  larr: '←',
  frac12: '½',
  sup2: '²',
};

function entities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,9}));/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return NAMED[name as string] ?? whole;
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex as string, 16);
      return code <= 0x10ffff && (code & 0xfffff800) !== 0xd800 ? String.fromCodePoint(code) : whole;
    },
  );
}
