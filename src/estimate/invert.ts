// Finds where a tail probability falls to a given size: the ends of an interval by test inversion.

/**
 * The largest (or smallest) parameter whose tail probability still reaches `size`.
 * @param tail probability at a parameter; 1 or near it at `from`, falling towards `to`
 * @param from parameter that is surely inside; @param to the last possible parameter, on either side of `from`
 * @param step first stride away from `from`, > 0
 * @returns a parameter between `from` and `to`, to 1e-6 of its distance from `from`
 */
export function lastAccepted(
  tail: (t: number) => number,
  size: number,
  from: number,
  to: number,
  step: number,
): number {
  const direction = Math.sign(to - from);
  if (direction === 0) return from;
  const reach = Math.abs(to - from);
  const excess = (distance: number): number => {
    const p = tail(from + direction * distance);
    return Math.log(Math.max(p, 1e-300) / size);
  };
  let inside = 0;
  let outside = Math.min(step, reach);
  let above = excess(0);
  if (above <= 0) return from;
  let below = excess(outside);
  while (below > 0) {
    if (outside >= reach) return to;
    inside = outside;
    above = below;
    outside = Math.min(outside * 2, reach);
    below = excess(outside);
  }
  let side = 0;
  for (let i = 0; i < 100 && outside - inside > 1e-6 * outside; i++) {
    let next = i % 4 === 3 ? (inside + outside) / 2 : (inside * below - outside * above) / (below - above);
    if (!(next > inside && next < outside)) next = (inside + outside) / 2;
    const value = excess(next);
    if (Math.abs(value) < 1e-7) return from + direction * next;
    if (value > 0) {
      inside = next;
      above = value;
      if (side === 1) below /= 2;
      side = 1;
    } else {
      outside = next;
      below = value;
      if (side === -1) above /= 2;
      side = -1;
    }
  }
  return from + direction * inside;
}
