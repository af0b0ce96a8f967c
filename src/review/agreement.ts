// How far two readers agree on the passages that both have labelled: Cohen's kappa per head. Corrects nothing.
import { bootstrap } from '../evaluate/bootstrap.js';
import type { Measure } from '../evaluate/measures.js';
import type { Figure } from '../evaluate/model.js';
import type { Label } from '../labels/label.js';
import { storedLabels } from '../labels/store.js';
import type { Db } from '../store/database.js';
import { CONDUCT, HEADS, type HeadName, SITUATION } from '../types.js';

/** `kappa` is null where it is not defined: no passages, or both readers gave one and the same answer throughout. */
export interface HeadAgreement {
  readonly head: HeadName;
  /** passages compared: those that both labelled; for heads of a character, those that both call one */
  readonly passages: number;
  /** share of equal answers */
  readonly agreed: number | null;
  readonly kappa: Figure;
}

export interface PairAgreement {
  readonly readers: readonly [string, string];
  readonly passages: number;
  readonly heads: readonly HeadAgreement[];
}

const BOOTSTRAP = { seed: 1, replicates: 500, level: 0.95 };

/**
 * Every pair of readers with passages in common. Kappa = (p_o − p_e) / (1 − p_e) (Cohen 1960). Conduct and situation are
 * sets: each label of the codebook is one yes-or-no answer per passage, and the answers are pooled. Intervals resample
 * documents.
 * @param wanted which pairs, by their readers' names; default: all
 */
export function agreements(db: Db, wanted: (first: string, second: string) => boolean = () => true): PairAgreement[] {
  const byReader = new Map<string, Map<string, Labelled>>();
  for (const { reader, source, doc, start, end, label } of storedLabels(db)) {
    const own = byReader.get(reader) ?? new Map<string, Labelled>();
    byReader.set(reader, own);
    own.set(JSON.stringify([source, doc, start, end]), { document: JSON.stringify([source, doc]), label });
  }
  const readers = [...byReader.keys()].sort();
  return readers.flatMap((first, i) =>
    readers.slice(i + 1).flatMap((second) => {
      if (!wanted(first, second)) return [];
      const others = byReader.get(second)!;
      const pairs = [...byReader.get(first)!].flatMap(([place, { document, label }]) => {
        const other = others.get(place);
        return other === undefined ? [] : [{ document, labels: [label, other.label] as const }];
      });
      if (pairs.length === 0) return [];
      return [
        {
          readers: [first, second] as const,
          passages: pairs.length,
          heads: HEADS.map(({ name }) => compare(name, pairs)),
        },
      ];
    }),
  );
}

interface Labelled {
  readonly document: string;
  readonly label: Label;
}

interface Pair {
  readonly document: string;
  readonly labels: readonly [Label, Label];
}

/** What a label answers under a head: one answer, or one per label of a set. */
const ANSWERS: Readonly<Record<HeadName, (label: Label) => readonly string[]>> = {
  persona: (l) => [l.persona],
  framing: (l) => [l.framing],
  valence: (l) => [l.valence],
  conduct: (l) => CONDUCT.map((c) => String(l.conduct.includes(c))),
  situation: (l) => SITUATION.map((s) => String(l.situation.includes(s))),
  reasons: (l) => [String(l.reasons)],
};

function compare(head: HeadName, all: readonly Pair[]): HeadAgreement {
  const always = head === 'persona' || head === 'framing';
  const pairs = always ? all : all.filter(({ labels }) => labels.every((l) => l.persona === 'character'));
  const answers = pairs.map(({ labels: [a, b] }) => [ANSWERS[head](a), ANSWERS[head](b)] as const);
  const numbers = new Map<string, number>();
  const documents = Int32Array.from(pairs, ({ document }) => {
    const number = numbers.get(document) ?? numbers.size;
    numbers.set(document, number);
    return number;
  });
  const rows = Int32Array.from(pairs, (_, i) => i);
  const kappa = bootstrap(documents, rows, BOOTSTRAP)(kappaOf(answers));
  const equal = answers.reduce((sum, [a, b]) => sum + a.filter((x, i) => x === b[i]).length, 0);
  const total = answers.reduce((sum, [a]) => sum + a.length, 0);
  return { head, passages: pairs.length, agreed: total === 0 ? null : equal / total, kappa };
}

/** Cohen's kappa of paired answers, each passage counted as often as its weight says; NaN where chance alone agrees fully. */
export function kappaOf(answers: readonly (readonly [readonly string[], readonly string[]])[]): Measure {
  const kinds = [...new Set(answers.flatMap(([a, b]) => [...a, ...b]))];
  // per passage: how often each reader gave each answer, and how many answers are equal
  const counts = answers.map(([a, b]) => {
    const of = (list: readonly string[]): number[] => kinds.map((kind) => list.filter((x) => x === kind).length);
    return { first: of(a), second: of(b), equal: a.filter((x, i) => x === b[i]).length, total: a.length };
  });
  return (weights) => {
    let total = 0;
    let equal = 0;
    const first = new Float64Array(kinds.length);
    const second = new Float64Array(kinds.length);
    counts.forEach((row, at) => {
      const weight = weights[at]!;
      total += weight * row.total;
      equal += weight * row.equal;
      for (let kind = 0; kind < kinds.length; kind++) {
        first[kind]! += weight * row.first[kind]!;
        second[kind]! += weight * row.second[kind]!;
      }
    });
    const chance = first.reduce((sum, n, kind) => sum + (n / total) * (second[kind]! / total), 0);
    return chance === 1 ? Number.NaN : (equal / total - chance) / (1 - chance);
  };
}
