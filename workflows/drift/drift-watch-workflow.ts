import { ActivityFailure, continueAsNew, isCancellation } from '@temporalio/workflow';
import { comparison } from '../steps.ts';

export interface DriftWatchInput {
  /** Applications up to this one were looked at in the run before. */
  readonly after?: string;
  readonly looked?: number;
  readonly unknown?: number;
}

export interface DriftRound {
  readonly looked: number;
  /** Not looked at: a change is at work, or their datacentres could not be asked. */
  readonly unknown: number;
}

/** Looked at in one run, so that its history stays short. */
const perRun = 100;
/** At the same time: datacentres have other things to do. */
const atOnce = 4;

/** One round over everything that was verified; what has drifted is reported where the check is stored. */
export async function driftWatchWorkflow(input: DriftWatchInput = {}): Promise<DriftRound> {
  let { looked = 0, unknown = 0 } = input;
  const names = await comparison.listVerified({ after: input.after ?? '', limit: perRun });
  for (let first = 0; first < names.length; first += atOnce) {
    const some = names.slice(first, first + atOnce);
    const known = await Promise.all(some.map((application) => isKnown(application)));
    looked += known.filter(Boolean).length;
    unknown += known.filter((one) => !one).length;
  }
  const after = names.at(-1);
  if (after !== undefined && names.length === perRun) {
    return continueAsNew<typeof driftWatchWorkflow>({ after, looked, unknown });
  }
  return { looked, unknown };
}

/** One that cannot be looked at keeps nobody from looking at the others. */
async function isKnown(application: string): Promise<boolean> {
  try {
    await comparison.checkDrift({ application });
    return true;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return false;
  }
}
