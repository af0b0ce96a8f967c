// Documents for whole scans, read from the bundled corpus: every format then holds the same ones.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './harness.js';

export interface Doc {
  id: string;
  title: string;
  text: string;
}

/** Bundled fiction and encyclopedia articles, and one long document made of them (several passages, far ones too). */
export function documents(): Doc[] {
  const fiction = readFileSync(join(ROOT, 'corpora/sample/fiction.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Doc);
  const articles = JSON.parse(readFileSync(join(ROOT, 'corpora/sample/encyclopedia.json'), 'utf8')) as Doc[];
  const plain = 'The road went over the hill and down to the sea, and nobody spoke of it again. '.repeat(300);
  const long: Doc = { id: 'long', title: 'Long', text: `${fiction[0]!.text}\n\n${plain}\n\n${fiction[1]!.text}` };
  return [...fiction.slice(0, 25), long, ...articles.slice(0, 15)].map(({ id, title, text }) => ({ id, title, text }));
}
