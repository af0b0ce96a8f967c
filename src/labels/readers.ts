// Who labelled: people, or a model that stands apart from them. A judge's labels never enter an estimate.

const JUDGE = 'judge:';

/** The reader name of a model's labels. */
export function judgeName(model: string): string {
  return `${JUDGE}${model}`;
}

/** Whether a reader is a model that `labels judge` asked. */
export function isJudge(reader: string): boolean {
  return reader.startsWith(JUDGE);
}
