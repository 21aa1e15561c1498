import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RivalAnswer, RivalProblem } from './rival-problem.ts';

const version = '9.15.6755';
const root = join(import.meta.dirname, '..', '..');

/** OR-Tools in an environment of its own under .ctc; undefined, having said why, where that cannot be made. */
export function prepareCpSat():
  ((problem: RivalProblem, how: CpSatOptions) => RivalAnswer) | undefined {
  const environment = join(root, '.ctc', `ortools-${version}`);
  const python = join(environment, 'bin', 'python');
  try {
    if (!existsSync(join(environment, 'ready'))) {
      console.log(`OR-Tools ${version} is installed into .ctc …`);
      execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', `ortools==${version}`], {
        stdio: 'inherit',
      });
      execFileSync(python, ['-c', 'import ortools.sat.python.cp_model']);
      execFileSync('touch', [join(environment, 'ready')]);
    }
  } catch (error) {
    console.log(`OR-Tools could not be installed, and is left out: ${String(error)}`);
    return undefined;
  }
  return (problem, { limitSeconds, workers }) => {
    const run = spawnSync(python, [join(import.meta.dirname, 'cp_sat_model.py')], {
      input: JSON.stringify({ ...problem, limitSeconds, workers }),
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`OR-Tools failed: ${run.stderr}`);
    return JSON.parse(run.stdout) as RivalAnswer;
  };
}

export interface CpSatOptions {
  readonly limitSeconds: number;
  /** Threads. */
  readonly workers: number;
}
