import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { noteExit } from './instances.ts';
import type { Instance } from './instances.ts';
import type { LocalState } from './local-state.ts';
import type { StartedProcess } from './start-process.ts';

export interface WatchContext {
  readonly state: LocalState;
  readonly logger: Logger;
  /** Called with every child of this worker, for it alone learns the exit code; `ended` never rejects. */
  readonly onStart: (instance: Instance, ended: Promise<void>) => void;
}

/** Learns how the child ends; why one could not be started is known when this resolves. */
export async function watchChild(context: WatchContext, started: StartedProcess): Promise<void> {
  const { state, logger, onStart } = context;
  const { child, instance } = started;
  const { component, marker, pid } = instance;
  const note = (detail: string): void => {
    logger.info({ component, pid, detail }, 'component ended');
    try {
      if (state.isOpen()) noteExit(state, marker, pid, detail);
    } catch (error) {
      // Only the detail is lost: that it has ended is seen in /proc.
      logger.warn({ component, pid, error }, 'how a component ended could not be recorded');
    }
  };
  if (child === undefined) return;
  if (pid === 0) {
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
    note(`could not start "${error.path ?? ''}": ${describeSpawnError(error)}`);
    return;
  }
  child.on('error', (error) => {
    logger.warn({ component, pid, error }, 'a component reports an error');
  });
  onStart(instance, whenEnded(child).then(note));
}

/** How it ended, for a person. */
function whenEnded(child: ChildProcess): Promise<string> {
  const describe = (code: number | null, signal: NodeJS.Signals | null): string =>
    code === null ? `ended by ${String(signal)}` : `exited with code ${code}`;
  return new Promise((resolve) => {
    const { exitCode, signalCode } = child;
    if (exitCode !== null || signalCode !== null) resolve(describe(exitCode, signalCode));
    else child.once('exit', (code, signal) => resolve(describe(code, signal)));
  });
}

function describeSpawnError({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such command (ENOENT)';
  if (code === 'EACCES') return 'the file may not be executed (EACCES)';
  return code ?? message;
}
