import { spawn } from 'node:child_process';

/** Reads lists of process numbers, and ends those of the last one when nobody holds the other end any more. */
const script = 'while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -KILL $pids';

export interface EndWithUs {
  /** These are all that run now. */
  watch(pids: readonly number[]): void;
  /** Nothing is to be ended any more. */
  release(): void;
}

/**
 * Ends processes when this one is gone, however it went: a SIGKILL leaves no time to end them in order. A
 * shell of one's own waits for the pipe from us to close.
 */
export function endWithUs(): EndWithUs {
  const shell = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C in the terminal would end it before us
  });
  shell.on('error', () => {}); // without a shell the next run ends the left-overs (run-directory.ts)
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return {
    watch(pids) {
      shell.stdin.write(`${pids.join(' ')}\n`);
    },
    release() {
      shell.kill('SIGKILL');
    },
  };
}
