// HTML to readable text in one pass over the tokens of parse5, the tokenizer of the WHATWG standard. Builds no tree, so time
// and memory grow with the page only: tree-based extractors take minutes for a page of 100,000 open elements.
import { Tokenizer, TokenizerMode } from 'parse5';

export interface Page {
  readonly title: string | null;
  /** blocks apart by line feeds, white space as a browser shows it */
  readonly text: string;
}

/** Never text of a page. Their content is no markup, but for `template` and `svg`. */
const UNSEEN = new Set(['script', 'style', 'noscript', 'iframe', 'noembed', 'noframes', 'template', 'svg', 'head']);
/** What stands around the text. Left out only where the page closes all of them. */
const AROUND = new Set(['nav', 'footer', 'aside', 'select', 'button', 'menu', 'dialog']);
const PARAGRAPHS = words(`address article blockquote dl fieldset figure form h1 h2 h3 h4 h5 h6 header hr main ol p pre
  section table ul details`);
const LINES =
  words(`br body caption center dd div dt figcaption html legend li summary tbody textarea tfoot thead tr option
  optgroup`);
const CELLS = new Set(['td', 'th']);
const RAW: Readonly<Record<string, number>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  plaintext: TokenizerMode.PLAINTEXT,
};

/** All visible text but navigation, footers and controls; links and images give their text only. `title` may be empty. */
export function htmlToText(html: string): Page {
  return read(html, true) ?? read(html, false)!;
}

/** Null where `without` is asked for, and an element that is to be left out is never closed: it may hold the whole page. */
function read(html: string, without: boolean): Page | null {
  const parts: string[] = [];
  let title: string | null = null;
  let inTitle = false;
  let inside: string | null = null; // the outermost element that is left out
  let depth = 0; // of elements of its name
  let pre = 0;
  let feeds = 0; // line feeds due before the next text
  let space = ''; // due as well
  let fresh = false; // a line feed directly behind <pre> is none

  const blank = (least: number): void => {
    feeds = Math.max(feeds, least);
    space = '';
  };
  const put = (chars: string): void => {
    if (feeds > 0 && parts.length > 0) parts.push('\n'.repeat(feeds));
    else if (space !== '' && parts.length > 0) parts.push(space);
    feeds = 0;
    space = '';
    parts.push(chars);
  };
  const border = (name: string): void => {
    if (PARAGRAPHS.has(name)) blank(2);
    else if (LINES.has(name)) blank(1);
    else if (CELLS.has(name)) space = '\t';
  };
  const text = (chars: string): void => {
    if (inTitle) title = (title ?? '') + chars;
    else if (inside !== null) return;
    else if (pre > 0) {
      const shown = fresh ? chars.replace(/^\n/, '') : chars;
      fresh = false;
      if (shown !== '') put(shown);
    } else {
      for (const piece of chars.split(/([ \t\n\r\f]+)/)) {
        if (piece === '') continue;
        if (/[^ \t\n\r\f]/.test(piece)) put(piece);
        else if (space === '') space = ' ';
      }
    }
  };
  const tokenizer: Tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: false },
    {
      onComment() {},
      onDoctype() {},
      onEof() {},
      onNullCharacter() {},
      onCharacter: (token) => text(token.chars),
      onWhitespaceCharacter: (token) => text(token.chars),
      onStartTag({ tagName: name, selfClosing }) {
        const closed = selfClosing && inside === 'svg';
        const mode = RAW[name];
        if (mode !== undefined && !closed) tokenizer.state = mode as typeof tokenizer.state;
        if (name === 'title') inTitle = title === null && (inside === null || inside === 'head');
        if (name === 'body') leaveHead();
        if (inside === name) {
          if (!closed) depth++;
        } else if (inside === null && (UNSEEN.has(name) || (without && AROUND.has(name)))) {
          inside = name;
          depth = 1;
          border(AROUND.has(name) ? 'p' : '');
        } else if (inside === 'head' && PARAGRAPHS.has(name)) leaveHead();
        if (inside !== null) return;
        border(name);
        if (name === 'pre' || name === 'textarea') {
          pre++;
          fresh = true;
        }
      },
      onEndTag({ tagName: name }) {
        if (name === 'title') inTitle = false;
        if (inside === name && --depth === 0) {
          inside = null;
          if (AROUND.has(name)) blank(2);
        } else if (inside === null) {
          if (pre > 0 && (name === 'pre' || name === 'textarea')) pre--;
          border(name);
        }
      },
    },
  );
  const leaveHead = (): void => {
    if (inside === 'head') inside = null;
  };
  tokenizer.write(html, true);
  if (without && inside !== null) return null;
  const shown = title as string | null;
  return { title: shown === null ? null : shown.replace(/[ \t\n\r\f]+/g, ' ').trim(), text: parts.join('') };
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/));
}
