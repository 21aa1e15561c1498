import { Mutex } from 'async-mutex';
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { DomainError } from '../../domain/errors.ts';
import type { Rehearse } from '../../domain/rehearsal/ports.ts';
import type { RehearsalReport } from '../../domain/rehearsal/report.ts';
import type { RehearsalMessage } from './protocol.ts';

const program = join(import.meta.dirname, 'main.ts');

/**
 * Has changes rehearsed in a process of its own, one at a time: what they cost in time and memory, and whatever
 * goes wrong in them, is kept from the deployments of this one.
 */
export function createRehearse(): Rehearse {
  const turns = new Mutex();
  return (order, options) => turns.runExclusive(() => rehearse(order, options));
}

const rehearse: Rehearse = (order, { signal, onProgress }) =>
  new Promise<RehearsalReport>((resolve, reject) => {
    signal.throwIfAborted();
    const child = fork(program, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      signal,
    });
    child.on('message', (message: RehearsalMessage) => {
      switch (message.type) {
        case 'progress':
          onProgress(message.done);
          return;
        case 'report':
          resolve(message.report);
          return;
        case 'problem': {
          const { kind, code, message: words, remedy } = message;
          reject(
            new DomainError(kind, words, { code, ...(remedy === undefined ? {} : { remedy }) }),
          );
        }
      }
    });
    child.on('error', reject);
    child.on('exit', (code, killedBy) => {
      // After an answer it changes nothing.
      reject(
        new DomainError(
          'unavailable',
          `The process that rehearsed it ended with ${code === null ? (killedBy ?? 'a signal') : `code ${code}`}.`,
          { code: 'rehearsal-died', remedy: 'Ask for the rehearsal again.' },
        ),
      );
    });
    child.send(order);
  });
