import { describe, expect, it } from 'vitest';
import { readLabels } from '../../src/evaluate/labels.js';
import { label, labelFile } from './fake.js';

const character = { persona: 'character', valence: 'neutral' };

describe('readLabels', () => {
  it('reads labels as indices of the codebook, ignores fields it does not know, takes the id for a missing doc', async () => {
    const { passages, bad, lines } = await readLabels(
      labelFile([
        label({
          ...character,
          id: 7,
          doc: undefined,
          conduct: ['befriends', 'harms', 'harms'],
          situation: ['autonomy'],
          mood: 'sad',
        }),
        '',
        label({ id: 'b', title: 'A Title', names: ['Ulla'] }),
      ]),
    );
    expect(bad).toEqual([]);
    expect(lines).toBe(2);
    expect(passages[0]).toMatchObject({
      line: 1,
      id: '7',
      doc: '7',
      persona: 2,
      valence: 3,
      conduct: [0, 14],
      situation: [9],
    });
    expect(passages[1]).toMatchObject({
      line: 3,
      title: 'A Title',
      names: ['Ulla'],
      persona: 0,
      framing: 2,
      valence: -1,
    });
  });
  it('splits at line feeds only, and takes a byte order mark and carriage returns', async () => {
    const line = JSON.stringify(label({ text: 'One paragraph.\u2028Another.' }));
    const { passages, bad } = await readLabels(labelFile([`\ufeff${line}\r`]));
    expect(bad).toEqual([]);
    expect(passages[0]!.text).toContain('\u2028');
  });
  it.each([
    ['{"id":', 'not JSON'],
    ['[1]', 'not a JSON object'],
    [label({ id: '' }), 'no id'],
    [label({ doc: true }), 'doc is neither a string nor a number'],
    [label({ source: undefined }), 'no source'],
    [label({ text: ' \n' }), 'no text'],
    [label({ title: 3 }), 'title is not a string'],
    [label({ names: 'Ulla' }), 'names is not a list of strings'],
    [label({ persona: 'hero' }), 'persona is not one of none, mention, character'],
    [label({ framing: undefined }), 'framing is not one of fiction, discourse, other'],
    [label({ valence: null }), 'valence is not one of malevolent, ambivalent, benevolent, neutral, na'],
    [label({ ...character, conduct: ['sings'] }), 'conduct is not a list of labels of the codebook'],
    [label({ ...character, situation: 'service' }), 'situation is not a list of labels of the codebook'],
    [label({ reasons: 'no' }), 'reasons is neither true nor false'],
    [label({ persona: 'character' }), 'persona character needs a valence'],
    [
      label({ conduct: ['harms'] }),
      'without a persona character, valence is na, conduct and situation are empty and reasons is false',
    ],
  ])('sets %j aside with its line and reason', async (line, reason) => {
    const found = await readLabels(labelFile([label({}), line]));
    expect(found.bad).toEqual([{ line: 2, reason }]);
    expect([found.lines, found.passages.length]).toEqual([2, 1]);
  });
  it('counts a passage that stands twice once', async () => {
    const { passages, bad } = await readLabels(
      labelFile([label({}), label({ persona: 'mention' }), label({ text: 'Other.' })]),
    );
    expect(passages.map((p) => p.line)).toEqual([1, 3]);
    expect(bad).toEqual([{ line: 2, reason: 'the same id and text as line 1' }]);
  });
  it('says which file is missing', async () => {
    await expect(readLabels('/nowhere/labels.jsonl')).rejects.toMatchObject({
      code: 'missing_input',
      place: { file: '/nowhere/labels.jsonl' },
    });
  });
});
