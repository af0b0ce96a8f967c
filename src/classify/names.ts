// Names that a document gives its AIs: capitalised words in apposition to an entity term ("the ship's brain, Ulla",
// "a robot called Tin"). Heuristics on text only; whether the passage shows a persona is decided before.

const NAME = '[A-Z][A-Za-z0-9]*(?:[-.][A-Z0-9][A-Za-z0-9]*)*(?: (?:[A-Z][A-Za-z0-9]+|[A-Z0-9]+|[0-9]+)){0,2}';
const AFTER = new RegExp(
  `^(?:,? (?:named|called|dubbed|nicknamed|known as|codenamed|designated|that called itself)|,)? ["'“‘]?(${NAME})`,
);
const BEFORE = new RegExp(
  `(?:^|[\\s"'“‘(])(${NAME})["'”’]?,? (?:(?:is|was) )?(?:a|an|the|our|my|his|her|their|this|that)(?: [a-z'’-]+){0,3} $`,
);

/** Capitalised words that begin sentences or name no one. */
const NO_NAMES = new Set(
  (
    'I A An The This That These Those He She It They We You His Her Its Their My Our Your And But Or Nor So Yet If When ' +
    'While As At By For From In Into Of On To With Without After Before Then There Here Now No Not Yes What Who Why How ' +
    'Where Which One Two Three Mr Mrs Ms Dr Sir Captain God Earth Mars Moon Venus Earthmen English American Chapter ' +
    'Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August ' +
    'September October November December'
  ).split(' '),
);

/** A name and the UTF-16 index of its first letter. */
export interface NamedAt {
  readonly name: string;
  readonly at: number;
}

/** Names in apposition to the entity spans of `text` that lie inside `[from, to)`, in order of place. */
export function appositions(
  text: string,
  spans: readonly { readonly from: number; readonly to: number }[],
  from: number,
  to: number,
): NamedAt[] {
  const found: NamedAt[] = [];
  for (const span of spans) {
    if (span.from < from || span.to > to) continue;
    const after = AFTER.exec(flat(text.slice(span.to, Math.min(to, span.to + 80))));
    if (after !== null) keep(after[1]!, span.to + after[0].length - after[1]!.length);
    const begin = Math.max(from, span.from - 80);
    const before = BEFORE.exec(flat(text.slice(begin, span.from)));
    if (before !== null) keep(before[1]!, begin + before.index + before[0].indexOf(before[1]!));
  }
  return found.sort((a, b) => a.at - b.at);

  function keep(name: string, at: number): void {
    const first = name.split(' ')[0]!;
    if (NO_NAMES.has(first) || first.length < 2 || name.length > 40) return;
    found.push({ name, at });
  }
}

function flat(text: string): string {
  return text.replace(/[\s\u00a0]/g, ' ').replace(/ {2}/g, ' ');
}
