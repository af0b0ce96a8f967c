// Constrained maximum-likelihood counts: the most likely positives of every stratum given the sample, if their
// (weighted) sum were a given total. These are the nuisance values at which `invert.ts` takes tail probabilities.

/** A stratum of which `sampled` of `population` units were drawn at random without replacement. */
export interface CountedStratum {
  readonly population: number;
  readonly sampled: number;
  readonly positives: number;
  /** Weight of one unit (epochs or mixture weight); 1 for the corpus as it stands. */
  readonly weight: number;
}

/**
 * Positives K_h of each stratum that maximise Π Hypergeometric(x_h; N_h, K_h, n_h) subject to Σ w_h K_h = total.
 * With Stirling's ln Γ(z + 1) ≈ derivative ln(z + ½), the Lagrange condition is the quadratic
 * n(u* − u) = E·u(A − u) with u = K − x + ½, A = N + 1 − x, u* = x(N + 1 − n)/n and E = exp(λw) − 1.
 * @returns real counts within [x_h, N_h − n_h + x_h], summing to `total` (clipped to what is possible)
 */
export function constrainedCounts(strata: readonly CountedStratum[], total: number): Float64Array {
  const counts = new Float64Array(strata.length);
  const sumAt = (lambda: number): number => {
    let sum = 0;
    for (let h = 0; h < strata.length; h++) {
      const count = countAt(strata[h]!, lambda);
      counts[h] = count;
      sum += strata[h]!.weight * count;
    }
    return sum;
  };
  let scale = Number.POSITIVE_INFINITY;
  for (const s of strata) scale = Math.min(scale, Math.max(s.sampled, 0.5) / (s.population + 1) / s.weight);
  let low = 0;
  let high = 0;
  let atLow = sumAt(0);
  let atHigh = atLow;
  // The sum falls as lambda grows.
  if (atLow > total) {
    for (let step = scale; atHigh > total && step < 1e6; step *= 4) {
      low = high;
      atLow = atHigh;
      high = step;
      atHigh = sumAt(high);
    }
  } else {
    for (let step = scale; atLow < total && step < 1e6; step *= 4) {
      high = low;
      atHigh = atLow;
      low = -step;
      atLow = sumAt(low);
    }
  }
  if (atHigh >= total) {
    sumAt(high);
    return counts;
  }
  if (atLow <= total) {
    sumAt(low);
    return counts;
  }
  const close = 1e-10 * (Math.abs(total) + 1);
  let side = 0;
  let errorLow = atLow - total;
  let errorHigh = atHigh - total;
  for (let i = 0; i < 200 && high - low > 1e-15 * Math.abs(low + high); i++) {
    // Illinois false position, with a bisection every fourth step against flat ends.
    const next = i % 4 === 3 ? (low + high) / 2 : (low * errorHigh - high * errorLow) / (errorHigh - errorLow);
    const error = sumAt(next) - total;
    if (Math.abs(error) <= close) return counts;
    if (error > 0) {
      low = next;
      errorLow = error;
      if (side === 1) errorHigh /= 2;
      side = 1;
    } else {
      high = next;
      errorHigh = error;
      if (side === -1) errorLow /= 2;
      side = -1;
    }
  }
  return counts;
}

function countAt(stratum: CountedStratum, lambda: number): number {
  const { population: N, sampled: n, positives: x, weight } = stratum;
  const most = N - n + x;
  if (n === N) return x;
  const E = Math.expm1(lambda * weight);
  const A = N + 1 - x;
  const star = (x * (N + 1 - n)) / n;
  const b = n + E * A;
  let u = star;
  if (Math.abs(E) * A >= 1e-12 * n) {
    // E u² − b u + n u* = 0, the root in [0, A], written without cancellation.
    const square = b * b;
    const root = Math.sqrt(Math.max(0, square - 4 * E * n * star));
    // where b² overflows the root is b
    if (square === Number.POSITIVE_INFINITY) u = (n * star) / b;
    else u = b > 0 ? (2 * n * star) / (b + root) : (b - root) / (2 * E);
  }
  return Math.min(most, Math.max(x, u + x - 0.5));
}
