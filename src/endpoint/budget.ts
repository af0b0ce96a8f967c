// A bound on what a run may spend, kept before the fact: a request goes out only where its most still fits.

export interface Budget {
  /** One HTTP request more; false when there is none left. */
  request(): boolean;
  /**
   * Sets `most` tokens aside, and waits while others under way may give back what this needs. Null: it cannot fit any
   * more. The function that it gives takes what was really spent.
   */
  tokens(most: number): Promise<((spent: number) => void) | null>;
}

export function makeBudget(limits: { readonly requests?: number; readonly tokens?: number } = {}): Budget {
  const { requests = Number.POSITIVE_INFINITY, tokens = Number.POSITIVE_INFINITY } = limits;
  let sent = 0;
  let spent = 0;
  let held = 0;
  let waiting: (() => void)[] = [];
  return {
    request: () => {
      if (sent >= requests) return false;
      sent++;
      return true;
    },
    tokens: async (most) => {
      while (spent + held + most > tokens) {
        if (held === 0 || spent + most > tokens) return null;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      held += most;
      return (used) => {
        held -= most;
        spent += used;
        const woken = waiting;
        waiting = [];
        for (const wake of woken) wake();
      };
    },
  };
}
