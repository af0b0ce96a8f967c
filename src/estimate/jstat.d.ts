// The part of jstat that `quantile.ts` uses; the package ships no types.

declare module 'jstat' {
  interface Distributions {
    readonly normal: {
      inv(p: number, mean: number, sd: number): number;
      cdf(x: number, mean: number, sd: number): number;
    };
    readonly studentt: { inv(p: number, df: number): number };
    readonly beta: { inv(p: number, a: number, b: number): number };
    ibeta(x: number, a: number, b: number): number;
  }
  const jstat: { readonly jStat: Distributions };
  export default jstat;
}
