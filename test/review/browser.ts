// A real Chromium, where there is one, and the review command as a process of its own. No test here.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { CLI } from '../scan/harness.js';

const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of a Chromium: the environment variable CHROMIUM, or a usual place; undefined where there is none. */
export const CHROMIUM = process.env['CHROMIUM'] ?? USUAL.find((path) => existsSync(path));

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox', '--headless=new'] });
}

export interface Review {
  readonly url: string;
  /** kills it as a crash would, or (`SIGINT`) as a user does; gives the exit code */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `persona-prior review` on a database; resolves when it has printed its address. */
export function startCommand(args: readonly string[]): Promise<Review> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, [CLI, 'review', '--no-open', ...args]);
    const closed = new Promise<number | null>((done) => child.on('close', done));
    let stdout = '';
    let stderr = '';
    child.stderr!.on('data', (part: Buffer) => {
      stderr += String(part);
    });
    child.stdout!.on('data', (part: Buffer) => {
      stdout += String(part);
      if (!stdout.includes('\n')) return;
      resolve({
        url: stdout.trim(),
        kill(signal) {
          child.kill(signal);
          return closed;
        },
      });
    });
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`review ended with ${code}: ${stderr}`)));
  });
}
