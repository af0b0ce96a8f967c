// Where Spark is, if it is, and how the tests submit the scan to it.
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { ROOT } from '../scan/harness.js';

export const PYTHON = process.env['PERSONA_PRIOR_SPARK_PYTHON'] ?? 'python3';

/** The folder of PySpark, or null where it or Java is not there; says so. */
export function findSpark(): string | null {
  if (process.env['PERSONA_PRIOR_SPARK_TESTS'] === '0') {
    process.stderr.write('Spark tests are skipped: PERSONA_PRIOR_SPARK_TESTS=0\n');
    return null;
  }
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const found = spawnSync(PYTHON, ['-c', 'import pyspark; print(pyspark.__file__)'], { encoding: 'utf8' });
  if (java.status === 0 && found.status === 0) return dirname(found.stdout.trim());
  const what =
    java.status === 0 ? `${PYTHON} cannot import pyspark (set PERSONA_PRIOR_SPARK_PYTHON)` : 'there is no Java';
  process.stderr.write(`Spark tests are skipped: ${what}\n`);
  return null;
}

export interface Submitted {
  readonly code: number | null;
  readonly output: string;
}

export const ENV = {
  ...process.env,
  SPARK_LOCAL_IP: '127.0.0.1',
  PYSPARK_PYTHON: PYTHON,
  PYSPARK_DRIVER_PYTHON: PYTHON,
};

/** For Java processes that live some seconds. */
export const QUICK = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

/** Runs spark/scan.py with this checkout as the package. */
export function submit(
  spark: string,
  master: string,
  args: readonly string[],
  conf: readonly string[] = [],
): Promise<Submitted> {
  // what Spark compiles for large jobs costs these small ones more than it saves
  const quick = ['spark.sql.codegen.wholeStage=false', 'spark.sql.adaptive.enabled=false'];
  const quiet = ['spark.ui.enabled=false', 'spark.driver.bindAddress=127.0.0.1'];
  const java = ['--driver-java-options', QUICK];
  const settings = [...java, ...[...quiet, ...quick, ...conf].flatMap((c) => ['--conf', c])];
  const script = [join(ROOT, 'spark', 'scan.py'), '--package', ROOT, '--node', process.execPath, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(join(spark, 'bin', 'spark-submit'), ['--master', master, ...settings, ...script], { env: ENV });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
