import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly withinMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Ends the command early. */
  readonly signal?: AbortSignal;
  /** Takes any exit code as an answer. */
  readonly anyExit?: boolean;
}

/**
 * Runs a program to its end and gives what it printed. Throws an Error that says what failed: not found,
 * exit code with its last words, or out of time (then the program and what it started are ended).
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // its own group, so that what it started ends with it
    env: options.env,
    cwd: options.cwd,
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const given = AbortSignal.any([
    AbortSignal.timeout(options.withinMs),
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL'); // the group is gone, or there are no groups here
    }
  };
  if (given.aborted) kill();
  given.addEventListener('abort', kill);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (given.aborted) throw given.reason;
    if (code !== 0 && options.anyExit !== true) {
      throw new Error(`${command} ended with ${String(code)}: ${output.trim().slice(-600)}`);
    }
    return output;
  } finally {
    given.removeEventListener('abort', kill);
  }
}
