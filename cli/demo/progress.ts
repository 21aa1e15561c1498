import { Listr } from 'listr2';
import { colours } from '../colours.ts';
import { write } from '../output.ts';

export interface Progress {
  /** Shows that something is being done, then that it is done or has failed. */
  step<T>(title: string, work: (note: (line: string) => void) => Promise<T>): Promise<T>;
}

/** A progress view on a terminal, plain lines when piped. */
export function createProgress(): Progress {
  return process.stdout.isTTY && process.env['CI'] === undefined ? viewed() : plain();
}

function plain(): Progress {
  return {
    async step(title, work) {
      write(`… ${title}`);
      const result = await work((line) => write(`    ${line}`));
      write(`${colours.green('✔')} ${title}`);
      return result;
    },
  };
}

function viewed(): Progress {
  return {
    async step<T>(title: string, work: (note: (line: string) => void) => Promise<T>): Promise<T> {
      const results: T[] = [];
      await new Listr([
        {
          title,
          rendererOptions: { outputBar: 8, persistentOutput: true },
          task: async (_context, shown) => {
            results.push(
              await work((line) => {
                shown.output = line;
              }),
            );
          },
        },
      ]).run();
      const [result] = results;
      return result as T;
    },
  };
}
