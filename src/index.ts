// The library entry: the same functions that the commands run.
export { type Cascade, loadCascade } from './cascade.js';
export { type ClassifyLine, type ClassifyOptions, classifyLine as classify } from './classify/command.js';
export type { Progress, ScanSummary } from './commit.js';
export { PersonaPriorError } from './errors.js';
export { estimate } from './estimate/estimate.js';
export type { Report } from './report/model.js';
export { buildReport as report, type ReportOptions, writeReport } from './report/report.js';
export { type ScanOptions, scan } from './scan.js';
export * from './types.js';
