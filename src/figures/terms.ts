// The most telling words of groups of texts, by class-based TF-IDF. Knows nothing of hits or clusters.
import stopwords from 'natural/lib/natural/util/stopwords.js';

/** Words that say little and are not in the stop list of `natural`. */
const MORE =
  'http https www com org html one two three four five six seven eight nine ten eleven twelve asked found ever goes wrote sure first last just will even time thing things something nothing anything everything everyone someone people person really back going went gone know knew think thought want wanted made makes making say says saying told tell used use using may shall upon without within though although however whether rather quite yet every off down again always often also already yes not nor don doesn didn isn wasn aren weren won wouldn couldn shouldn hasn haven hadn can’t i’m you’re that’s there’s let put good little long new old man men right away around another enough look looked seemed seem seems'.split(
    ' ',
  );
const STOP: ReadonlySet<string> = new Set([...stopwords.words, ...MORE]);

/** One text, in the group that it belongs to. Words of one `document` count as one voice, see {@link tellingTerms}. */
export interface GroupedText {
  readonly group: number;
  readonly document: string;
  readonly text: string;
}

/**
 * The `wanted` most telling single words of each group: tf × log(1 + A / f) (class-based TF-IDF; Grootendorst, BERTopic,
 * 2022), where tf is the number of the group's texts that hold the word, f that of all, and A the mean number of different
 * words over texts of a group. A word counts only if it stands in `spread` documents of the group at least (in all of them
 * where the group has fewer), so that one book's names do not label a group. Words are runs of letters, lower case,
 * 3 to 24 long. `allowed` null: any word.
 */
export function tellingTerms(
  texts: Iterable<GroupedText>,
  groups: number,
  wanted: number,
  { spread, allowed }: { readonly spread: number; readonly allowed: ((word: string) => boolean) | null },
): string[][] {
  const counts = Array.from({ length: groups }, () => new Map<string, { n: number; documents: Set<string> }>());
  const documents = Array.from({ length: groups }, () => new Set<string>());
  const all = new Map<string, number>();
  let words = 0;
  for (const { group, document, text } of texts) {
    const own = counts[group]!;
    documents[group]!.add(document);
    for (const word of wordsOf(text)) {
      words++;
      all.set(word, (all.get(word) ?? 0) + 1);
      const found = own.get(word);
      if (found === undefined) own.set(word, { n: 1, documents: new Set([document]) });
      else {
        found.n++;
        // enough is enough: memory stays small
        if (found.documents.size < spread) found.documents.add(document);
      }
    }
  }
  const mean = words / Math.max(1, groups);
  return counts.map((own, group) => {
    const least = Math.min(spread, documents[group]!.size);
    return [...own]
      .filter(([word, { documents: of }]) => of.size >= least && (allowed === null || allowed(word)))
      .map(([word, { n }]) => ({ word, score: n * Math.log(1 + mean / all.get(word)!) }))
      .sort((a, b) => b.score - a.score || (a.word < b.word ? -1 : 1))
      .reduce<string[]>((chosen, { word }) => {
        // one form of a word is enough: robot, robots
        if (chosen.length < wanted && !chosen.some((c) => sameStem(c, word))) chosen.push(word);
        return chosen;
      }, []);
  });
}

function sameStem(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long.startsWith(short) && /^(?:s|es|ed|d|ing|’s)?$/.test(long.slice(short.length));
}

/** The different words of a text that may tell something. */
function wordsOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const word of text.toLowerCase().match(/\p{L}+(?:['’]\p{L}+)?/gu) ?? []) {
    if (word.length < 3 || word.length > 24) continue;
    const plain = word.replace(/['’](?:s|t|ll|re|ve|d|m)$/, '');
    if (plain.length >= 3 && !STOP.has(plain)) found.add(plain);
  }
  return found;
}
