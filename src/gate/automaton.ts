// A complete Aho-Corasick table over symbols, with word boundaries, runs of spaces and outputs built into its states.
import { type Alphabet, foldPattern, SYMBOL } from './classes.js';

/** `next[state + symbol]` is the next state (states are multiples of `width`); states from `firstOutput` on have outputs. */
export interface Automaton {
  readonly width: number;
  readonly next: Int32Array;
  /** the state at the start of a text and after any boundary */
  readonly boundary: number;
  readonly firstOutput: number;
  /** pattern numbers of state `firstOutput + i * width` */
  readonly outputs: readonly (readonly number[])[];
  /** of state `i * width`: how many symbols of a pattern it stands for */
  readonly depth: Uint16Array;
}

const NONE: readonly number[] = [];

interface Node {
  children: Map<number, number>;
  fail: number;
  ends: number[];
}

/**
 * Builds the table. A pattern matches whole words only: after a boundary, and before one (unless it ends in punctuation,
 * as "a.i."). The space inside a pattern matches any run of white space and hyphens.
 * Aho & Corasick 1975, with the failure function computed away; a match at a word's end is reported on the boundary
 * symbol after it, by states of their own.
 */
export function buildAutomaton(patterns: readonly string[], alphabet: Alphabet): Automaton {
  const ROOT = 0;
  const BOUNDARY = 1;
  const nodes: Node[] = [
    { children: new Map(), fail: ROOT, ends: [] },
    { children: new Map(), fail: ROOT, ends: [] },
  ];
  const separators = separatorSymbols(alphabet);
  for (const s of separators) nodes[ROOT]!.children.set(s, BOUNDARY);

  const order: number[] = [];
  patterns.forEach((pattern, number) => {
    let at = BOUNDARY;
    for (const c of foldPattern(pattern)) {
      const symbol = c === ' ' ? SYMBOL.space : alphabet.of(c.codePointAt(0)!);
      let child = nodes[at]!.children.get(symbol);
      if (child === undefined) {
        child = nodes.length;
        nodes.push({ children: new Map(), fail: ROOT, ends: [] });
        nodes[at]!.children.set(symbol, child);
      }
      at = child;
    }
    if (at !== BOUNDARY) nodes[at]!.ends.push(number);
  });

  const width = alphabet.size;
  const delta: Int32Array[] = [];
  const root = new Int32Array(width).fill(ROOT);
  for (const s of separators) root[s] = BOUNDARY;
  delta[ROOT] = root;
  const queue = [BOUNDARY];
  const lastSymbol = new Map<number, number>([[BOUNDARY, SYMBOL.space]]);
  const depth = [0, 0];
  for (let head = 0; head < queue.length; head++) {
    const id = queue[head]!;
    order.push(id);
    const node = nodes[id]!;
    const row = delta[node.fail]!.slice();
    if (lastSymbol.get(id) === SYMBOL.space) row[SYMBOL.space] = id;
    delta[id] = row;
    for (const [symbol, child] of node.children) {
      nodes[child]!.fail = delta[node.fail]![symbol]!;
      lastSymbol.set(child, symbol);
      depth[child] = depth[id]! + 1;
      queue.push(child);
    }
    for (const [symbol, child] of node.children) row[symbol] = child;
    for (const pattern of nodes[node.fail]!.ends) if (!node.ends.includes(pattern)) node.ends.push(pattern);
  }

  return withOutputs(nodes, delta, order, separators, lastSymbol, depth, width);
}

/** The symbols that end a word: white space, punctuation, and the punctuation that patterns hold. */
export function separatorSymbols(alphabet: Alphabet): number[] {
  const found = new Set<number>([SYMBOL.space, SYMBOL.punct]);
  for (let b = 0; b < 128; b++) {
    const symbol = alphabet.ascii[b]!;
    if (!/[a-z0-9]/i.test(String.fromCharCode(b)) && symbol > 2) found.add(symbol);
  }
  // an apostrophe inside a word is a boundary too: "robot's" holds robot
  return [...found];
}

/** Adds, for every node where a pattern ends, a copy of the state that each separator leads to, which carries the output. */
function withOutputs(
  nodes: Node[],
  delta: Int32Array[],
  order: number[],
  separators: number[],
  lastSymbol: Map<number, number>,
  depth: readonly number[],
  width: number,
): Automaton {
  const separator = new Set(separators);
  const plain = nodes.length;
  const clones = new Map<string, number>();
  const cloneOf: number[] = [];
  const outputs: number[][] = [];
  const clone = (target: number, ends: readonly number[]): number => {
    const key = `${target}:${ends.join()}`;
    let id = clones.get(key);
    if (id === undefined) {
      id = plain + outputs.length;
      clones.set(key, id);
      cloneOf.push(target);
      outputs.push([...ends]);
    }
    return id;
  };
  // a node that ends in punctuation reports on arrival, any other one on the boundary symbol that follows
  const arrives = new Uint8Array(plain);
  for (const id of order) if (nodes[id]!.ends.length > 0 && separator.has(lastSymbol.get(id)!)) arrives[id] = 1;
  const rows: Int32Array[] = [];
  for (let id = 0; id < plain; id++) {
    const targets = delta[id]!;
    const row = targets.slice();
    const ends = arrives[id] === 1 ? NONE : nodes[id]!.ends;
    for (let symbol = 0; symbol < width; symbol++) {
      const target = targets[symbol]!;
      const leaves = ends.length > 0 && separator.has(symbol);
      if (!leaves && arrives[target] === 0) continue;
      const reported = [...(leaves ? ends : NONE), ...(arrives[target] === 1 ? nodes[target]!.ends : NONE)];
      row[symbol] = clone(target, [...new Set(reported)]);
    }
    rows.push(row);
  }
  for (let i = 0; i < outputs.length; i++) rows.push(rows[cloneOf[i]!]!);

  const next = new Int32Array(rows.length * width);
  rows.forEach((row, id) => {
    next.set(row, id * width);
  });
  for (let i = 0; i < next.length; i++) next[i] = next[i]! * width;
  const depths = Uint16Array.from(rows, (_, id) => depth[id < plain ? id : cloneOf[id - plain]!]!);
  return { width, next, boundary: width, firstOutput: plain * width, outputs, depth: depths };
}
