import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildSpec, RunningChild } from './child-process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Collects garbage earlier than Node would on a large machine: the whole system stays below a gigabyte. */
const smallHeap = ['--max-old-space-size=256', '--max-semi-space-size=2'];

interface NodeChildOptions {
  readonly name: string;
  /** Relative to the project's root. */
  readonly main: string;
  readonly env: NodeJS.ProcessEnv;
  readonly whenReady: ChildSpec['whenReady'];
}

/** One of our own mains as a child of this Node, with a message channel (exit-with-parent.ts). */
export function nodeChild({ name, main, env, whenReady }: NodeChildOptions): ChildSpec {
  return {
    name,
    command: process.execPath,
    args: [...smallHeap, '--disable-warning=ExperimentalWarning', main],
    cwd: root,
    env,
    ipc: true,
    stopGraceMs: 30_000,
    whenReady,
  };
}

/** Resolves when the child sends `{ type: 'ready' }`; one child answers once, so an early message is kept. */
export async function saysReady(child: RunningChild, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const finish = (act: () => void) => {
      child.process.off('message', heard);
      signal.removeEventListener('abort', given);
      act();
    };
    const heard = (message: unknown) => {
      const isReady = (message as { type?: unknown } | null)?.type === 'ready';
      if (isReady) finish(resolve);
    };
    const given = () => {
      finish(() => {
        reject(signal.reason as Error);
      });
    };
    child.process.on('message', heard);
    signal.addEventListener('abort', given);
  });
}

/** Resolves when the address answers with success. */
export async function answers(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
      });
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // not listening yet
    }
    await delay(50);
  }
}
