// Asks the desktop to show an address, where there is a desktop.
import { spawn } from 'node:child_process';
import { platform } from 'node:os';
import type { Host } from '../host.js';

/** Opens the default browser. On a machine without a display nothing is started: the printed address has to do. */
export function openBrowser(url: string, { env = {} }: Pick<Host, 'env'>): void {
  const system = platform();
  if (system !== 'darwin' && system !== 'win32' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return;
  const [command, ...args] =
    system === 'darwin' ? ['open'] : system === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  const child = spawn(command!, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}

/** Waits for Ctrl-C. */
export function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
