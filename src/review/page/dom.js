// Builds elements; text goes in as text nodes only. Nothing here parses markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes and children; a string child is text. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for a piece of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

// controls that would reorder or hide what stands around them, and C0/C1 but for tab and line ends
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: showing control characters is the point
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * Text of the corpus in an element that isolates its direction. Control characters stand as their code points, so that what
 * is read is what a model reads.
 */
export function corpusText(tag, text, attributes = {}) {
  const node = el(tag, { dir: 'auto', ...attributes });
  let from = 0;
  for (const match of text.matchAll(CONTROLS)) {
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    node.append(text.slice(from, match.index), el('span', { class: 'control', dir: 'ltr' }, `U+${code}`));
    from = match.index + match[0].length;
  }
  node.append(text.slice(from));
  return node;
}
