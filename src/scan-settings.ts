// What a scan's result depends on besides models and inputs. A database, and a scan on many machines, hold one of them.
import type { Thresholds } from './cascade.js';
import { BLOCK_BYTES } from './unit.js';

export interface ScanSettings {
  readonly seed: number;
  readonly exactCounts: boolean;
  readonly blockBytes: number;
  readonly thresholds: Thresholds;
}

/** Stored as JSON, and compared as such: the order of its entries stays. */
export function scanSettings(
  options: { readonly seed?: number; readonly exactCounts?: boolean },
  thresholds: Thresholds,
): ScanSettings {
  return { seed: options.seed ?? 1, exactCounts: options.exactCounts ?? false, blockBytes: BLOCK_BYTES, thresholds };
}
