// A real standalone cluster on loopback, one of whose two workers dies in the middle. About a minute of two cores: it runs
// where PERSONA_PRIOR_SPARK_CLUSTER=1 asks for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { freshFolder, logicalRows, run } from '../scan/harness.js';
import { ENV, findSpark, QUICK, submit } from './harness.js';
import { writeInputs } from './inputs.js';

const wanted = process.env['PERSONA_PRIOR_SPARK_CLUSTER'] === '1';
const spark = wanted ? findSpark() : null;
if (!wanted) process.stderr.write('the test of a Spark cluster is skipped: PERSONA_PRIOR_SPARK_CLUSTER=1 runs it\n');
const dir = freshFolder();
const started: ChildProcess[] = [];

afterAll(() => {
  for (const child of started) end(child);
});

/** A process and those that it began, all at once. */
function end(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // it has ended
  }
}

function begin(...args: string[]): ChildProcess {
  const child = spawn(join(spark!, 'bin', 'spark-class'), args, {
    env: { ...ENV, SPARK_DAEMON_JAVA_OPTS: QUICK },
    detached: true,
    stdio: 'ignore',
    cwd: dir,
  });
  started.push(child);
  return child;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

describe.skipIf(spark === null)('a Spark cluster', () => {
  it('that loses a worker in the middle gives the database of a local scan', async () => {
    const inputs = writeInputs(dir);
    expect((await run(['scan', ...inputs, '--db', join(dir, 'local.db')])).code).toBe(3);
    const port = await freePort();
    const url = `spark://127.0.0.1:${port}`;
    const web = ['--webui-port', '0'];
    begin('org.apache.spark.deploy.master.Master', '--host', '127.0.0.1', '--port', String(port), ...web);
    const worker = (): ChildProcess =>
      begin(
        'org.apache.spark.deploy.worker.Worker',
        '--host',
        '127.0.0.1',
        '--cores',
        '1',
        '--memory',
        '1g',
        ...web,
        '--work-dir',
        join(dir, 'work'),
        url,
      );
    const [first] = [worker(), worker()];
    const out = join(dir, 'out');
    let over = false;
    const submitted = submit(
      spark!,
      url,
      ['--input', ...inputs, '--output', out, '--partition-bytes', '3000'],
      [
        `spark.executor.extraJavaOptions=${QUICK}`,
        'spark.executor.memory=512m',
        'spark.executor.cores=1',
        'spark.speculation=true',
        'spark.speculation.multiplier=1.1',
      ],
    ).finally(() => {
      over = true;
    });
    const parts = (): number =>
      existsSync(out) ? readdirSync(out).filter((name) => name.endsWith('.parquet')).length : 0;
    while (parts() === 0 && !over) await setTimeout(50);
    const before = parts();
    end(first!);
    const done = await submitted;
    expect(done.code, done.output).toBe(3);
    expect(before).toBeLessThan(parts());
    expect(done.output).toContain('Lost executor');
    const imported = await run(['import-spark', out, '--db', join(dir, 'spark.db')]);
    expect(imported.code, imported.stderr).toBe(3);
    expect(logicalRows(join(dir, 'spark.db'), true)).toEqual(logicalRows(join(dir, 'local.db'), true));
  }, 600_000);
});
