// Sampling distributions of counts under simple random sampling without replacement, and of weighted sums of such
// counts over strata. Exact up to a stated trimming; no normal approximation. Interval logic is in `invert.ts`.

/** P(X = from + i) = p[i]; zero elsewhere (tails below 1e-13 of the mode are cut and the rest is scaled to 1). */
export interface Pmf {
  readonly from: number;
  readonly p: Float64Array;
}

/** A term `unit * X` of a weighted sum. */
export interface Term {
  readonly unit: number;
  readonly pmf: Pmf;
}

const CUT = 1e-13;
/** Atoms over three times this number are gathered into so many cells of equal width, each keeping its mean. */
const CELLS = 500;
/** With more terms than this, fewer cells do: each term is a smaller part of the sum. */
const MANY_TERMS = 6;
const FEWER_CELLS = 150;

/**
 * Hypergeometric distribution of the positives in a sample of `n` out of `N` units of which `K` are positive.
 * Built by the ratio recurrence from the mode, so there is no cancellation for N up to 1e15. `K` may be real (the
 * constrained estimate of a nuisance count): the same recurrence interpolates between the integers.
 */
export function hypergeometric(N: number, K: number, n: number): Pmf {
  const k = Math.min(Math.max(K, 0), N);
  const rest = N - k;
  const least = Math.max(0, Math.ceil(n - rest - 1e-9));
  const most = Math.max(least, Math.min(n, Math.ceil(k - 1e-9)));
  const mode = Math.min(most, Math.max(least, Math.floor(((n + 1) * (k + 1)) / (N + 2))));
  const up: number[] = [];
  let mass = 1;
  let value = 1;
  for (let x = mode; x < most; x++) {
    value *= (Math.max(0, k - x) * (n - x)) / ((x + 1) * (rest - n + x + 1));
    if (!(value > CUT)) break;
    up.push(value);
    mass += value;
  }
  const down: number[] = [];
  value = 1;
  for (let x = mode; x > least; x--) {
    value *= (x * Math.max(0, rest - n + x)) / ((k - x + 1) * (n - x + 1));
    if (!(value > CUT)) break;
    down.push(value);
    mass += value;
  }
  const p = new Float64Array(down.length + 1 + up.length);
  for (let i = 0; i < down.length; i++) p[down.length - 1 - i] = down[i]! / mass;
  p[down.length] = 1 / mass;
  for (let i = 0; i < up.length; i++) p[down.length + 1 + i] = up[i]! / mass;
  return { from: mode - down.length, p };
}

/** Distribution of the sum of two independent counts. */
export function convolve(a: Pmf, b: Pmf): Pmf {
  const p = new Float64Array(a.p.length + b.p.length - 1);
  for (let i = 0; i < a.p.length; i++) {
    const w = a.p[i]!;
    if (w < 1e-16) continue;
    for (let j = 0; j < b.p.length; j++) p[i + j]! += w * b.p[j]!;
  }
  return { from: a.from + b.from, p };
}

/**
 * P(Σ unit·X ≤ s) if `closed`, else P(Σ unit·X < s), for independent X and units > 0.
 * Terms with the same unit are convolved on the integers, the rest by atoms; the term with the widest support is never
 * expanded, only looked up in its cumulative table. Ties are decided with a relative tolerance of 1e-9.
 */
export function tailBelow(terms: readonly Term[], s: number, closed: boolean): number {
  const merged = mergeUnits(terms);
  let last = 0;
  for (let i = 1; i < merged.length; i++) {
    if (merged[i]!.pmf.p.length > merged[last]!.pmf.p.length) last = i;
  }
  const final = merged[last]!;
  const cells = cellsFor(merged.length);
  const scale = merged.reduce((m, t) => Math.max(m, t.unit), Math.abs(s));
  const limit = closed ? s + scale * 1e-9 : s - scale * 1e-9;
  let atoms: Atoms = { v: Float64Array.of(0), p: Float64Array.of(1), size: 1 };
  const floorOfRest = merged.reduce((sum, t) => sum + t.unit * t.pmf.from, 0);
  let reserved = floorOfRest;
  for (let i = 0; i < merged.length; i++) {
    if (i === last) continue;
    const term = merged[i]!;
    reserved -= term.unit * term.pmf.from;
    atoms = spread(atoms, term, limit - reserved);
    if (atoms.size > 3 * cells) atoms = gather(atoms, cells);
  }
  const cumulative = new Float64Array(final.pmf.p.length);
  let sum = 0;
  for (let i = 0; i < cumulative.length; i++) {
    sum += final.pmf.p[i]!;
    cumulative[i] = sum;
  }
  let total = 0;
  for (let i = 0; i < atoms.size; i++) {
    const index = Math.floor((limit - atoms.v[i]!) / final.unit) - final.pmf.from;
    if (index < 0) continue;
    total += atoms.p[i]! * (index >= cumulative.length ? 1 : cumulative[index]!);
  }
  return Math.min(1, total);
}

/** Resolution for a sum of so many terms. */
export function cellsFor(terms: number): number {
  return terms > MANY_TERMS ? FEWER_CELLS : CELLS;
}

/** A discrete distribution of real values: the first `size` entries count. */
export interface Atoms {
  readonly v: Float64Array;
  readonly p: Float64Array;
  readonly size: number;
}

function mergeUnits(terms: readonly Term[]): Term[] {
  const sorted = [...terms].sort((a, b) => b.unit - a.unit);
  const merged: Term[] = [];
  for (const term of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && before.unit - term.unit <= before.unit * 1e-9) {
      merged[merged.length - 1] = { unit: before.unit, pmf: convolve(before.pmf, term.pmf) };
    } else {
      merged.push(term);
    }
  }
  return merged;
}

/** Adds one term to the atoms, dropping what can no longer come under the limit. */
function spread(atoms: Atoms, term: Term, limit: number): Atoms {
  const { from, p: q } = term.pmf;
  const v = new Float64Array(atoms.size * q.length);
  const p = new Float64Array(atoms.size * q.length);
  let size = 0;
  for (let i = 0; i < atoms.size; i++) {
    const base = atoms.v[i]! + from * term.unit;
    for (let j = 0; j < q.length; j++) {
      const value = base + j * term.unit;
      if (value > limit) break;
      const mass = atoms.p[i]! * q[j]!;
      if (mass < 1e-15) continue;
      v[size] = value;
      p[size++] = mass;
    }
  }
  return { v, p, size };
}

/** Gathers atoms into at most cells + 1 atoms, each at the mean of its cell. */
export function gather(atoms: Atoms, cells: number): Atoms {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < atoms.size; i++) {
    const value = atoms.v[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const width = (most - least) / cells || 1;
  const mass = new Float64Array(cells + 1);
  const moment = new Float64Array(cells + 1);
  for (let i = 0; i < atoms.size; i++) {
    const cell = Math.floor((atoms.v[i]! - least) / width);
    mass[cell]! += atoms.p[i]!;
    moment[cell]! += atoms.p[i]! * atoms.v[i]!;
  }
  let size = 0;
  for (let i = 0; i <= cells; i++) {
    if (mass[i]! <= 0) continue;
    const m = mass[i]!;
    moment[size] = moment[i]! / m;
    mass[size++] = m;
  }
  return { v: moment, p: mass, size };
}

/** Distribution of the sum of two independent discrete values, gathered where it grows long. */
export function sumAtoms(a: Atoms, b: Atoms, cells: number): Atoms {
  const v = new Float64Array(a.size * b.size);
  const p = new Float64Array(a.size * b.size);
  let size = 0;
  for (let i = 0; i < a.size; i++) {
    for (let j = 0; j < b.size; j++) {
      const mass = a.p[i]! * b.p[j]!;
      if (mass < 1e-12) continue;
      v[size] = a.v[i]! + b.v[j]!;
      p[size++] = mass;
    }
  }
  const sum = { v, p, size };
  return size > 3 * cells ? gather(sum, cells) : sum;
}

/** P(A + B ≤ limit) for independent A and B. */
export function atomsBelow(a: Atoms, b: Atoms, limit: number): number {
  const order = Array.from({ length: b.size }, (_, i) => i).sort((i, j) => b.v[i]! - b.v[j]!);
  const values = new Float64Array(b.size);
  const cumulative = new Float64Array(b.size + 1);
  order.forEach((index, i) => {
    values[i] = b.v[index]!;
    cumulative[i + 1] = cumulative[i]! + b.p[index]!;
  });
  let total = 0;
  for (let i = 0; i < a.size; i++) {
    const room = limit - a.v[i]!;
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle]! <= room) low = middle + 1;
      else high = middle;
    }
    total += a.p[i]! * cumulative[low]!;
  }
  return Math.min(1, total);
}
