// Shows one passage in its context, and what the models say of it unless the review is blind.
import { byId, corpusText, el } from './dom.js';

export function showPassage(passage, total) {
  const { index, source, doc, start, end, title, text, before, after, model, label } = passage;
  byId('where').replaceChildren(`Passage ${index + 1} of ${total}${label === null ? '' : ' (labelled)'}`);
  const rows = [
    ['title', title === null ? el('dd', { class: 'none' }, 'none') : corpusText('dd', title)],
    ['source', corpusText('dd', source)],
    ['document', el('dd', {}, corpusText('bdi', doc), `, characters ${start} to ${end}`)],
  ];
  byId('meta').replaceChildren(...rows.map(([name, value]) => el('div', {}, el('dt', {}, name), value)));
  byId('text').replaceChildren(corpusText('p', text));
  // it can be taller than the window, and is then scrolled with the keyboard too
  byId('text').tabIndex = 0;
  showNeighbour(byId('before'), before, 'before');
  showNeighbour(byId('after'), after, 'after');
  byId('model').hidden = model === null;
  byId('scores').replaceChildren(...(model === null ? [] : modelView(model)));
}

function showNeighbour(box, neighbour, side) {
  box.hidden = neighbour === null;
  if (neighbour === null) return box.replaceChildren();
  // offsets of neighbours differ by the space between two sentences even where nothing is left out
  const gap = neighbour.gap > 2 ? `, ${neighbour.gap} characters between are not stored` : '';
  const note = el('p', { class: 'note' }, `The text ${side}${gap}`);
  const text = corpusText('p', neighbour.text, { class: 'beside', tabindex: 0 });
  box.replaceChildren(note, text);
  // what stands next to the passage is the part that is seen first
  text.scrollTop = side === 'before' ? text.scrollHeight : 0;
}

function modelView({ stratum, names, linear, scores }) {
  const facts = [
    `stratum ${stratum}`,
    `linear ${linear === null ? 'not run' : linear.toFixed(2)}`,
    ...(scores === null ? ['encoder not run'] : []),
  ];
  const heads = Object.entries(scores ?? {}).map(([head, values]) => {
    const shown = Object.entries(values).filter(([, p]) => p >= 0.1);
    shown.sort((a, b) => b[1] - a[1]);
    const words = shown.map(([label, p]) => `${label.replaceAll('_', ' ')} ${p.toFixed(2)}`).join(', ');
    return el('div', {}, el('dt', {}, head), el('dd', {}, words === '' ? 'all under 0.1' : words));
  });
  return [
    el('p', {}, facts.join(' · ')),
    ...(names.length === 0 ? [] : [el('p', {}, 'AI names: ', corpusText('bdi', names.join(', ')))]),
    el('dl', {}, ...heads),
  ];
}
