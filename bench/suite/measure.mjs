// Times and memory of whole commands, and the numbers made of them. Runs nothing by itself.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Middle value of a list; of an even number, the upper one of the two. */
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Resident memory of a process and all its descendants in MB, shared pages counted in each (an upper bound). */
function treeMemory(root) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(name), { parent: Number(rest[1]), mb: (Number(rest[21]) * 4096) / 1e6 });
    } catch {
      // it has just ended
    }
  }
  let sum = 0;
  for (const [pid, { mb }] of parents) {
    for (let at = pid; at > 1; at = parents.get(at)?.parent ?? 0) {
      if (at === root) {
        sum += mb;
        break;
      }
    }
  }
  return sum;
}

/**
 * Runs a command through GNU time. Resolves to `{ wall, cpu, mb, stdout }`: seconds by the clock, processor seconds with all children
 * that it waited for, peak memory of the whole tree (sampled four times a second; 0 where there is no /proc), standard output. Null where the
 * command is not there or fails.
 */
export async function command(parts, { env = {}, accept = [0] } = {}) {
  const started = performance.now();
  const child = spawn('/usr/bin/time', ['-f', 'TIME %U %S', ...parts], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout = (stdout + chunk).slice(-200_000);
  });
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-200_000);
  });
  let mb = 0;
  const timer = setInterval(() => {
    try {
      mb = Math.max(mb, treeMemory(child.pid));
    } catch {
      mb = 0;
    }
  }, 250);
  const status = await new Promise((resolve) => {
    child.on('error', () => resolve(-1));
    child.on('close', resolve);
  });
  clearInterval(timer);
  const wall = (performance.now() - started) / 1000;
  if (!accept.includes(status)) {
    process.stderr.write(`  ${parts.slice(0, 4).join(' ')} … ended with ${status}: ${stderr.trim().split('\n').slice(-3).join(' | ').slice(-400)}\n`);
    return null;
  }
  const [, user, system] = /TIME ([\d.]+) ([\d.]+)/.exec(stderr) ?? [];
  return { wall, cpu: Number(user) + Number(system), mb, stdout };
}

/**
 * Runs every contender in turn, round by round, so that what disturbs one disturbs its neighbours. `contenders` maps a name to a
 * function that resolves to a run or null; a contender that gives null is left out from then on. The first `warm` rounds do not count.
 */
export async function rounds(contenders, repeats, warm = 1) {
  const runs = new Map();
  for (let i = -warm; i < repeats; i++) {
    for (const [name, work] of Object.entries(contenders)) {
      if (runs.get(name) === null) continue;
      const run = await work();
      if (run === null) runs.set(name, null);
      else if (i >= 0) runs.set(name, [...(runs.get(name) ?? []), run]);
    }
  }
  return runs;
}

/** One row a contender: median and range of the wall time, processor time, memory, and the ratio of the wall time to `floor`'s. */
export function rowsOf(runs, megabytes, floor) {
  const base = runs.get(floor);
  const rows = [];
  for (const [name, list] of runs) {
    if (list === null) {
      rows.push({ name, skipped: true });
      continue;
    }
    const walls = list.map((r) => r.wall);
    rows.push({
      name,
      seconds: median(walls),
      least: Math.min(...walls),
      most: Math.max(...walls),
      // not every contender tells it
      cpu: list.every((r) => r.cpu !== undefined) ? median(list.map((r) => r.cpu)) : null,
      megabytes: Math.max(...list.map((r) => r.mb ?? 0)),
      rate: megabytes / median(walls),
      ratio: base ? median(walls) / median(base.map((r) => r.wall)) : null,
      answer: list[0].answer ?? null,
    });
  }
  return rows;
}

/** Those rows as a Markdown table. `floor` names the contender whose time is 1. */
export function table(rows, floor) {
  const head = ['', 'wall s, median (range)', 'MB/s', 'CPU s', 'peak MB', `time against ${floor}`, ''];
  const cells = rows.map((r) =>
    r.skipped
      ? [r.name, 'not here, skipped', '', '', '', '', '']
      : [
          r.name,
          `${r.seconds.toFixed(2)} (${r.least.toFixed(2)}-${r.most.toFixed(2)})`,
          r.rate.toFixed(r.rate < 20 ? 1 : 0),
          r.cpu ? r.cpu.toFixed(2) : '',
          r.megabytes ? r.megabytes.toFixed(0) : '',
          r.ratio === null ? '' : r.ratio.toFixed(2),
          r.answer ?? '',
        ],
  );
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...cells.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}
