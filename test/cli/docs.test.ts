// Every command and flag is documented, and the program is quick to start.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, run } from '../scan/harness.js';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

describe('the command line', () => {
  it('lists every command in the README, and exit codes in every --help', async () => {
    const top = await run(['--help']);
    expect(top.code).toBe(0);
    expect(top.stdout).toContain('130 interrupted');
    const commands = [...top.stdout.matchAll(/^ {2}([a-z]+)\b/gm)].map((m) => m[1]!).filter((c) => c !== 'help');
    expect(commands).toContain('scan');
    for (const command of commands) {
      expect(readme, command).toContain(`\`${command}`);
      const help = await run([command, '--help']);
      expect(help.code, command).toBe(0);
      expect(help.stdout, command).toContain('Exit codes');
    }
  });

  it('says its version on stdout, and unknown options on stderr with exit 2', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
    const bad = await run(['scan', 'x', '--nonsense']);
    expect(bad.code).toBe(2);
    expect(bad.stdout).toBe('');
    expect(bad.stderr).toContain('--nonsense');
  });

  it('a closed pipe is not an error', async () => {
    const { spawnSync } = await import('node:child_process');
    const cli = join(ROOT, 'dist', 'cli.js');
    const shell = spawnSync(
      'bash',
      ['-c', `"${process.execPath}" "${cli}" models --json | head -c 1; echo "\${PIPESTATUS[0]}"`],
      { encoding: 'utf8' },
    );
    expect(shell.stdout).toBe('[0\n');
  });
});
