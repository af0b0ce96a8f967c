// The part of natural that `terms.ts` uses; the package ships types for the whole only.

declare module 'natural/lib/natural/util/stopwords.js' {
  const stopwords: { readonly words: readonly string[] };
  export default stopwords;
}
