// A linear or integer program as it is built, and its solution by HiGHS (WebAssembly). Knows nothing of stories.
import loadHighs from 'highs';
import { PersonaPriorError } from '../errors.js';

export interface Term {
  readonly by: number;
  readonly of: number;
}

export interface Solution {
  readonly values: readonly number[];
  readonly objective: number;
}

/** Variables are numbered as they are added; `cost` is what a unit adds to the objective, which is minimised. */
export interface Program {
  variable(options: { low?: number; high?: number; whole?: boolean; cost?: number }): number;
  row(terms: readonly Term[], is: '<=' | '>=' | '=', right: number): void;
  /**
   * null where no values meet all rows, or none were found within so many nodes. Ends at a gap or at a node, never by the
   * clock: the same program has the same solution on every machine. @param relaxed take whole variables as any number
   */
  solve(options?: { relaxed?: boolean; nodes?: number; gap?: number }): Promise<Solution | null>;
}

interface Variable {
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
  readonly cost: number;
}

export function newProgram(): Program {
  const variables: Variable[] = [];
  const rows: string[] = [];
  return {
    variable({ low = 0, high = Number.POSITIVE_INFINITY, whole = false, cost = 0 }) {
      variables.push({ low, high, whole, cost });
      return variables.length - 1;
    },
    row(terms, is, right) {
      const sums = new Map<number, number>();
      for (const { by, of } of terms) sums.set(of, (sums.get(of) ?? 0) + by);
      rows.push(` r${rows.length}: ${linear(sums)} ${is} ${decimal(right)}`);
    },
    async solve({ relaxed = false, nodes = 100, gap = 0.005 } = {}) {
      const highs = await load();
      const options = { mip_max_nodes: nodes, mip_rel_gap: gap, random_seed: 1, output_flag: false } as const;
      const found = highs.solve(lpText(variables, rows, relaxed), options);
      // the package gives no values where the nodes ran out ("Unknown"), also when it had found some
      if (['Infeasible', 'Primal infeasible or unbounded', 'Unknown'].includes(found.Status)) return null;
      const columns = found.Columns as Record<string, { Primal?: number }>;
      const values = variables.map((_, i) => columns[`x${i}`]?.Primal);
      if (values.some((v) => v === undefined || !Number.isFinite(v))) {
        throw new PersonaPriorError('internal', `the solver ended with: ${found.Status}`);
      }
      return { values: values as number[], objective: found.ObjectiveValue };
    },
  };
}

/** The package is an ES module at run time and typed as CommonJS: its loader is the default import itself. */
const load = loadHighs as unknown as (typeof loadHighs)['default'];

/** The CPLEX LP format. */
function lpText(variables: readonly Variable[], rows: readonly string[], relaxed: boolean): string {
  const costs = new Map(variables.flatMap((v, i) => (v.cost === 0 ? [] : [[i, v.cost] as const])));
  const bounds = variables.map(({ low, high }, i) =>
    high === Number.POSITIVE_INFINITY ? ` x${i} >= ${decimal(low)}` : ` ${decimal(low)} <= x${i} <= ${decimal(high)}`,
  );
  const whole = relaxed ? [] : variables.flatMap((v, i) => (v.whole ? [` x${i}`] : []));
  return [
    'Minimize',
    ` cost: ${linear(costs)}`,
    'Subject To',
    ...rows,
    'Bounds',
    ...bounds,
    ...(whole.length === 0 ? [] : ['General', ...whole]),
    'End',
    '',
  ].join('\n');
}

/** The format wants a term at least, and lines that are not too long. */
function linear(terms: ReadonlyMap<number, number>): string {
  const parts = [...terms]
    .filter(([, by]) => by !== 0)
    .map(([of, by]) => `${by < 0 ? '-' : '+'} ${decimal(Math.abs(by))} x${of}`);
  if (parts.length === 0) return '0 x0';
  return parts.map((part, i) => (i > 0 && i % 20 === 0 ? `\n  ${part}` : part)).join(' ');
}

function decimal(value: number): string {
  return String(Number(value.toPrecision(12)));
}
