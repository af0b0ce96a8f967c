// Checks of single fields of a problem: present, of the right type, in range. What a problem is stands in `problem.ts`.

export type ProblemCode =
  | 'not_json' // the line is no JSON object
  | 'missing' // a needed field is not there
  | 'not_a_number' // a field is no finite number, or not in its range
  | 'not_a_count' // a count is negative or no whole number
  | 'inconsistent' // counts contradict each other: positives > given, given > sampled, sampled > population
  | 'bad_level' // level is not strictly between 0 and 1
  | 'unknown' // unknown method, target, inference or interval
  | 'unsuited' // the method cannot answer this kind of problem
  | 'undefined'; // the estimate does not exist for these numbers

/** Thrown inside the checks only; `parseProblem` turns it into an answer with the problem's id. */
export class Refusal extends Error {
  constructor(
    readonly code: ProblemCode,
    message: string,
  ) {
    super(message);
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown, where: string): Fields {
  if (value === undefined) throw new Refusal('missing', `${where} is missing`);
  if (!isFields(value)) throw new Refusal('missing', `${where} must be an object`);
  return value;
}

export function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new Refusal('missing', `${name} must be a list`);
  if (value.length === 0) throw new Refusal('missing', `${name} is empty`);
  return value;
}

export function number(fields: Fields, name: string, where: string): number {
  const value = fields[name];
  if (value === undefined) throw new Refusal('missing', `${where} is missing`);
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new Refusal('not_a_number', `${where} must be a finite number, got ${JSON.stringify(value)}`);
  }
  return value;
}

export function count(fields: Fields, name: string, where: string): number {
  const value = number(fields, name, `${where}.${name}`);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Refusal('not_a_count', `${where}.${name} must be a whole number from 0, got ${value}`);
  }
  return value;
}

export function probability(fields: Fields, name: string, where: string): number {
  const value = number(fields, name, `${where}.${name}`);
  if (value < 0 || value > 1) throw new Refusal('not_a_number', `${where}.${name} must be in [0, 1], got ${value}`);
  return value;
}

export function probabilities(fields: Fields, name: string, where: string): number[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length === 0)
    throw new Refusal('missing', `${where}.${name} must be a list of numbers`);
  for (const v of value) {
    if (typeof v !== 'number' || !(v >= 0 && v <= 1)) {
      throw new Refusal('not_a_number', `${where}.${name} must hold numbers in [0, 1], got ${JSON.stringify(v)}`);
    }
  }
  return value as number[];
}

export function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[], fallback: T): T {
  const value = fields[name];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'string' || !(allowed as readonly string[]).includes(value)) {
    throw new Refusal('unknown', `unknown ${name} ${JSON.stringify(value)}; known: ${allowed.join(', ')}`);
  }
  return value as T;
}

export function atMost(a: number, aName: string, b: number, bName: string, where: string): void {
  if (a > b) throw new Refusal('inconsistent', `${where}: ${aName} (${a}) is more than ${bName} (${b})`);
}
