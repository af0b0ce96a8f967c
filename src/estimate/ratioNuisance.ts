// Constrained maximum-likelihood counts for a ratio: the most likely positives and other domain units of every stratum
// if P(positive | domain) were a given value. The counterpart of `nuisance.ts` with two counts a stratum.

/** A stratum whose sample found `positives` among `given` units of the domain. */
export interface DomainStratum {
  readonly population: number;
  readonly sampled: number;
  readonly positives: number;
  readonly given: number;
  readonly weight: number;
}

export interface DomainCounts {
  readonly positives: Float64Array;
  /** Units of the domain that are not positive. */
  readonly others: Float64Array;
}

/**
 * Maximises Π multivariate-hypergeometric(x_h) subject to Σ w_h((1 − r)P_h − r·G_h) = 0, where P are positives and G the
 * domain's other units. With Stirling's derivative ln(z + ½), unsampled counts plus ½ are x_P/((1+u)e^{λw(1−r)} − 1),
 * x_G/((1+u)e^{−λwr} − 1) and x_O/u, where u makes them sum to N − n + 3/2 in each stratum and λ meets the constraint.
 */
export function constrainedRatio(strata: readonly DomainStratum[], r: number): DomainCounts {
  const positives = new Float64Array(strata.length);
  const others = new Float64Array(strata.length);
  const excessAt = (lambda: number): number => {
    let sum = 0;
    for (let h = 0; h < strata.length; h++) {
      fillCounts(strata[h]!, lambda, r, positives, others, h);
      sum += strata[h]!.weight * ((1 - r) * positives[h]! - r * others[h]!);
    }
    return sum;
  };
  let total = 0;
  let scale = Number.POSITIVE_INFINITY;
  for (const s of strata) {
    total += s.weight * s.population;
    scale = Math.min(scale, s.sampled / (s.population + 1) / s.weight);
  }
  const close = 1e-11 * total;
  let low = 0;
  let high = 0;
  let atLow = excessAt(0);
  let atHigh = atLow;
  if (Math.abs(atLow) <= close) return { positives, others };
  // The excess falls as lambda grows.
  if (atLow > 0) {
    for (let step = scale; atHigh > 0 && step < 1e3; step *= 3) {
      low = high;
      atLow = atHigh;
      high = step;
      atHigh = excessAt(high);
    }
    if (atHigh >= 0) return { positives, others };
  } else {
    for (let step = scale; atLow < 0 && step < 1e3; step *= 3) {
      high = low;
      atHigh = atLow;
      low = -step;
      atLow = excessAt(low);
    }
    if (atLow <= 0) return { positives, others };
  }
  let side = 0;
  for (let i = 0; i < 80 && high - low > 1e-13 * Math.abs(low + high); i++) {
    const next = i % 3 === 2 ? (low + high) / 2 : (low * atHigh - high * atLow) / (atHigh - atLow);
    const excess = excessAt(next);
    if (Math.abs(excess) <= close) break;
    if (excess > 0) {
      low = next;
      atLow = excess;
      if (side === 1) atHigh /= 2;
      side = 1;
    } else {
      high = next;
      atHigh = excess;
      if (side === -1) atLow /= 2;
      side = -1;
    }
  }
  return { positives, others };
}

function fillCounts(
  stratum: DomainStratum,
  lambda: number,
  r: number,
  positives: Float64Array,
  others: Float64Array,
  h: number,
): void {
  const { population: N, sampled: n, positives: xP, given, weight } = stratum;
  const xG = given - xP;
  const xO = n - given;
  const unsampled = N - n;
  if (unsampled <= 0) {
    positives[h] = xP;
    others[h] = xG;
    return;
  }
  const eP = Math.expm1(lambda * weight * (1 - r));
  const eG = Math.expm1(-lambda * weight * r);
  const sum = unsampled + 1.5;
  // Each count is infinite at its own threshold of u; the largest threshold belongs to the category that is favoured.
  const tP = -eP / (1 + eP);
  const tG = -eG / (1 + eG);
  const threshold = Math.max(0, tP, tG);
  const partP = (u: number) => (xP === 0 ? 0 : xP / (u * (1 + eP) + eP));
  const partG = (u: number) => (xG === 0 ? 0 : xG / (u * (1 + eG) + eG));
  const partO = (u: number) => (xO === 0 ? 0 : xO / u);
  const favoured = threshold === 0 ? xO : threshold === tP ? xP : xG;
  let uP: number;
  let uG: number;
  let uO: number;
  const atThreshold = favoured > 0 ? Number.POSITIVE_INFINITY : partP(threshold) + partG(threshold) + partO(threshold);
  if (atThreshold <= sum) {
    uP = threshold === tP && threshold > 0 ? 0 : partP(threshold);
    uG = threshold === tG && threshold > 0 ? 0 : partG(threshold);
    uO = threshold === 0 ? 0 : partO(threshold);
    const remainder = sum - uP - uG - uO;
    if (threshold === 0) uO = remainder;
    else if (threshold === tP) uP = remainder;
    else uG = remainder;
  } else {
    // Newton on 1/f, which is nearly linear in u, kept inside a bracket.
    let low = threshold;
    let high = threshold + n / sum;
    while (partP(high) + partG(high) + partO(high) > sum) high = threshold + (high - threshold) * 2;
    let u = high;
    for (let i = 0; i < 60; i++) {
      const a = partP(u);
      const b = partG(u);
      const c = partO(u);
      const f = a + b + c;
      if (Math.abs(f - sum) <= 1e-12 * sum) break;
      if (f > sum) low = u;
      else high = u;
      const slope =
        (xP === 0 ? 0 : (a * a * (1 + eP)) / xP) +
        (xG === 0 ? 0 : (b * b * (1 + eG)) / xG) +
        (xO === 0 ? 0 : (c * c) / xO);
      let next = u + (f * (f - sum)) / (sum * slope);
      if (!(next > low && next < high)) next = (low + high) / 2;
      if (high - low <= 1e-15 * high) break;
      u = next;
    }
    uP = partP(u);
    uG = partG(u);
    uO = partO(u);
  }
  const p = Math.max(0, uP - 0.5);
  const g = Math.max(0, uG - 0.5);
  const o = Math.max(0, uO - 0.5);
  const all = p + g + o || 1;
  positives[h] = xP + (p * unsampled) / all;
  others[h] = xG + (g * unsampled) / all;
}
