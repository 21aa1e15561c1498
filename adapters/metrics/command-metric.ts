import { spawn } from 'node:child_process';
import { Semaphore } from 'async-mutex';
import { DomainError } from '../../domain/errors.ts';
import { fillArguments } from '../../domain/verification/metric-arguments.ts';
import type { MetricProvider } from '../../domain/verification/metric-ports.ts';
import type { MetricValue } from '../../domain/verification/metric-value.ts';

const mostOutputBytes = 65_536;
const mostAtOnce = 4;

/** Why a program is not run; undefined when it is. */
export function whyNotProgram(allowed: readonly string[], program: string): string | undefined {
  if (allowed.includes(program)) return undefined;
  return `${program} is not in CTC_VERIFICATION_COMMANDS; ${
    allowed.length === 0 ? 'it is empty, so that nothing is run' : `allowed: ${allowed.join(', ')}`
  }`;
}

/**
 * Runs an allowed program without a shell, in a process group of its own that is killed with everything in
 * it at its end, its time-out or a cancellation. It gets what is being verified as JSON on standard input,
 * and nothing of the worker's environment.
 */
export function createCommandMetric(options: {
  readonly programs: readonly string[];
}): MetricProvider<'command'> {
  const places = new Semaphore(mostAtOnce);
  return {
    async measure({ provider, metric, number, args }, { signal }) {
      const { program } = provider;
      const hindrance = whyNotProgram(options.programs, program);
      if (hindrance !== undefined) {
        throw new DomainError('refused', `${hindrance}.`, {
          code: 'command-not-allowed',
          remedy: 'Add it there for API and workers, or measure in another way.',
        });
      }
      const filled = provider.args.map((text) => fillArguments(text, args));
      const input = JSON.stringify({ ...args, attempt: Number(args.attempt), metric, number });
      const ended = await places.runExclusive(() => {
        signal.throwIfAborted();
        return run(program, filled, input, signal);
      });
      const said = ended.errors === '' ? '' : `: ${ended.errors}`;
      return {
        value: { exitCode: ended.exitCode, output: readOutput(ended.output) },
        detail: `${program} exits with ${ended.exitCode}${said}`,
      };
    },
  };
}

interface Ended {
  readonly exitCode: number;
  readonly output: string;
  /** The end of what it said on standard error. */
  readonly errors: string;
}

function run(
  program: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const killGroup = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nothing of it is left.
      }
    };
    let output = '';
    let errors = '';
    let failure: DomainError | undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length <= mostOutputBytes) return;
      failure = new DomainError(
        'invalid',
        `${program} writes more than ${mostOutputBytes} bytes.`,
        {
          code: 'command-output-too-large',
          remedy: 'Let it write only the value, as JSON.',
        },
      );
      killGroup();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-500);
    });
    // A program that does not read its input is not at fault.
    child.stdin.on('error', () => undefined).end(input);
    signal.addEventListener('abort', killGroup, { once: true });
    // What it leaves running would hold its output open.
    child.once('exit', killGroup);
    child.once('error', (error) => {
      signal.removeEventListener('abort', killGroup);
      reject(cannotRun(program, error));
    });
    child.once('close', (exitCode, killedBy) => {
      signal.removeEventListener('abort', killGroup);
      if (signal.aborted) reject(signal.reason as Error);
      else if (failure !== undefined) reject(failure);
      else if (exitCode === null) reject(killed(program, killedBy));
      else resolve({ exitCode, output, errors: errors.trim() });
    });
  });
}

/** JSON, or else the text itself; nothing is null. */
function readOutput(output: string): MetricValue {
  const text = output.trim();
  if (text === '') return null;
  try {
    return JSON.parse(text) as MetricValue;
  } catch {
    return text;
  }
}

function cannotRun(program: string, error: Error): DomainError {
  return new DomainError('invalid', `${program} cannot be run: ${error.message}.`, {
    code: 'command-cannot-run',
    remedy: 'Install it on every worker, executable for the worker’s user.',
    cause: error,
  });
}

function killed(program: string, by: string | null): DomainError {
  return new DomainError('unavailable', `${program} was ended by ${by ?? 'a signal'}.`, {
    code: 'command-killed',
    remedy: 'Look into the system log of the worker’s machine: it may have run out of memory.',
  });
}
