// What people see on the terminal: the progress line, the summary table, an inspected file. Text only.
import type { Writable } from 'node:stream';
import type { Progress, ScanSummary } from './commit.js';
import { printable } from './errors.js';
import type { Inspection } from './read/inspect.js';

/** A line that is redrawn on a terminal (at most five times a second), or written every ten seconds elsewhere. */
export function progressLine(stream: Writable & { isTTY?: boolean }): { update(p: Progress): void; clear(): void } {
  const tty = stream.isTTY === true;
  const every = tty ? 200 : 10_000;
  let last = tty ? 0 : Date.now();
  return {
    update(progress) {
      const now = Date.now();
      if (now - last < every) return;
      last = now;
      const line = describe(progress);
      stream.write(tty ? `\r\u001b[K${line}` : `${line}\n`);
    },
    clear() {
      if (tty) stream.write('\r\u001b[K');
    },
  };
}

function describe(p: Progress): string {
  const share = p.totalBytes > 0 ? Math.min(1, p.bytes / p.totalBytes) : 0;
  const eta = share > 0.01 ? `, ETA ${duration((p.seconds * (1 - share)) / share)}` : '';
  const of = p.totalBytes > 0 ? ` of ${megabytes(p.totalBytes)} (${Math.round(share * 100)}%)` : '';
  const rate = Math.round(p.documents / Math.max(p.seconds, 0.001));
  return printable(
    `${p.file} [${Math.min(p.files, p.filesDone + 1)}/${p.files}] ${megabytes(p.bytes)}${of}, ${p.documents} documents (${rate}/s), ` +
      `${p.passages} passages scored, ${p.hits} hits, ${p.flags} flags${eta}`,
  );
}

/** The summary of a scan: every stage with in = out + dropped + failed. */
export function summaryTable(summary: ScanSummary): string {
  const n = (stage: string, kind: string): number => summary.tallies.get(`${stage}|${kind}|`) ?? 0;
  const reasons = (stage: string, kind: string): [string, number][] =>
    [...summary.tallies]
      .filter(([key]) => key.startsWith(`${stage}|${kind}|`))
      .map(([key, value]): [string, number] => [key.split('|')[2]!, value])
      .sort();
  const rows = [['stage', 'in', 'out', 'dropped', 'failed']];
  for (const stage of ['read', 'gate', 'segment', 'linear', 'transformer']) {
    const dropped = reasons(stage, 'dropped')
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', ');
    const failed = reasons(stage, 'failed').reduce((sum, [, count]) => sum + count, 0);
    rows.push([stage, String(n(stage, 'in')), String(n(stage, 'out')), dropped || '0', String(failed)]);
  }
  const width = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(width[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
  const incomplete = summary.incomplete.map((file) => `incomplete: ${printable(file)}\n`);
  const unnamed = summary.incompleteFiles - summary.incomplete.length;
  if (unnamed > 0) incomplete.push(`incomplete: ${unnamed} files more\n`);
  const { quarantined } = summary;
  if (quarantined !== null) {
    const left = quarantined.left === 0 ? '' : `, ${quarantined.left} more did not fit its limit`;
    incomplete.push(`${quarantined.written} records in quarantine${left}\n`);
  }
  return printableLines(
    `${table}\n${summary.hits} hits, ${summary.flags} flags in ${summary.documents} documents` +
      `; ${summary.skipped} records skipped, ${summary.repaired} repaired, ${summary.failed} failed, ${duration(summary.seconds)}` +
      `${summary.status === 'interrupted' ? '; interrupted, go on with --resume' : ''}\n${incomplete.join('')}`,
  );
}

/** An inspected file for people. */
export function inspectionText(found: Inspection): string {
  return printableLines(`${JSON.stringify(found, null, 2)}\n`);
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
