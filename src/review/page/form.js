// The label form: one control per label of the codebook, by mouse, by Tab and by its key. Sends nothing.
import { byId, el } from './dom.js';

/** Headings inside a long list, before the choice with this label. */
const PARTS = { harms: 'against people', protects: 'for people' };

/**
 * Builds the form.
 * @returns its operations: `read` the label, `fill` it with one or with null, `press` a key (gives what it did in words, or
 * null for a key without a label), `missing` (what has to be answered yet, or null)
 */
export function createForm(codebook) {
  const fields = codebook.map((field) => {
    const type = field.kind === 'one' ? 'radio' : 'checkbox';
    const inputs = field.choices.map(({ label, key }) =>
      el('input', { type, name: field.name, value: label, 'aria-keyshortcuts': key }),
    );
    const set = el('fieldset', { class: `field ${field.name}` }, el('legend', {}, field.title));
    const list = el('div', { class: 'choices' });
    field.choices.forEach((choice, i) => {
      const part = PARTS[choice.label];
      if (part !== undefined) list.append(el('p', { class: 'part' }, part));
      list.append(choiceRow(choice, inputs[i]));
    });
    set.append(list);
    byId('fields').append(set);
    return { ...field, set, inputs };
  });
  const field = (name) => fields.find((f) => f.name === name);
  const chosen = ({ inputs }) => inputs.filter((input) => input.checked).map((input) => input.value);
  const persona = () => chosen(field('persona'))[0];

  /** Without a character the other fields have one answer only, and cannot be given another. */
  const refresh = () => {
    const closed = persona() !== undefined && persona() !== 'character';
    for (const { set, ofCharacter } of fields) if (ofCharacter) set.disabled = closed;
  };
  /** Who says how an AI behaves has said that there is one. */
  const implyCharacter = (input) => {
    const { ofCharacter } = field(input.name);
    if (ofCharacter && input.checked && persona() === undefined) field('persona').inputs[2].checked = true;
  };
  byId('fields').addEventListener('change', (event) => {
    implyCharacter(event.target);
    refresh();
  });

  return {
    read() {
      const character = persona() === 'character';
      const list = (name) => (character ? chosen(field(name)) : []);
      return {
        persona: persona(),
        framing: chosen(field('framing'))[0],
        valence: character ? chosen(field('valence'))[0] : 'na',
        conduct: list('conduct'),
        situation: list('situation'),
        reasons: list('reasons').length > 0,
        confidence: Number(chosen(field('confidence'))[0]),
      };
    },
    fill(label) {
      for (const { name, inputs } of fields) {
        const value = label?.[name] ?? null;
        const on = (choice) =>
          Array.isArray(value) ? value.includes(choice) : value === true ? choice === name : String(value) === choice;
        for (const input of inputs) input.checked = on(input.value);
      }
      refresh();
    },
    press(key) {
      for (const { choices, inputs, kind, set, title } of fields) {
        const at = choices.findIndex((choice) => choice.key === key);
        if (at < 0) continue;
        if (set.disabled) return `${title} is for characters only`;
        const input = inputs[at];
        input.checked = kind === 'one' ? true : !input.checked;
        implyCharacter(input);
        refresh();
        const name = title === 'Confidence' ? choices[at].meaning : choices[at].label;
        return `${title}: ${name}${input.checked ? '' : ' off'}`;
      }
      return null;
    },
    missing() {
      const open = fields.find((f) => f.kind === 'one' && !f.set.disabled && chosen(f).length === 0);
      return open === undefined
        ? null
        : `${open.title} is missing: press ${open.choices.map((c) => c.key).join(' or ')}`;
    },
  };
}

function choiceRow({ label, key, meaning }, input) {
  const name = el('span', { class: 'name' }, label.replaceAll('_', ' '));
  const text = el('span', {}, name, ' ', el('span', { class: 'meaning' }, meaning));
  return el('label', { class: 'choice' }, input, el('kbd', {}, key.toUpperCase()), text);
}
