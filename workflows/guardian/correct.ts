import { condition } from '@temporalio/workflow';
import { guardianCorrection, guardianMeasure, guardianRecord } from '../steps.ts';
import type {
  Decided,
  EndedCorrection,
  GivenApproval,
} from '../../domain/guardian/guardian-steps.ts';
import type { GuardianStory, RunningIncident } from './guardian-state.ts';

/** After a correction what it led to is measured before anything else is decided; the policy's cool-down is longer. */
const settleMs = 30_000;
const firstLookMs = 30_000;
const lastLookMs = 3_600_000;

/**
 * One violation's way to an end: measured afresh, simulated, decided, and carried out as a change, unless it
 * is to wait or an operator is to be asked.
 */
export async function correct(
  story: GuardianStory,
  incident: RunningIncident,
  approval: GivenApproval | null,
): Promise<void> {
  const decided = await decide(story, incident, approval);
  if (approval !== null) story.approval = null;
  if (decided.way === 'wait') {
    await withdraw(story, `No longer proposed: ${decided.because}.`);
    story.decideAgainAtMs = decided.untilMs;
    return;
  }
  if (decided.needsApproval) {
    await withdraw(story, 'Something else is proposed by now.');
    story.proposal = { decision: decided.decision, expiresAtMs: decided.untilMs };
    return;
  }
  story.proposal = null;
  await carryOut(story, incident, decided);
}

async function decide(
  story: GuardianStory,
  incident: RunningIncident,
  approval: GivenApproval | null,
): Promise<Decided> {
  const number = incident.decisions + 1;
  story.incident = { ...incident, decisions: number };
  const ref = { incident: incident.id, number };
  await story.show('correcting', {
    what: 'decision',
    detail: `${incident.label} is measured afresh and simulated`,
  });
  await guardianMeasure.measureForCorrection(ref);
  await guardianCorrection.simulateCorrection(ref);
  return guardianCorrection.decideCorrection({ ...ref, heldSince: story.heldSince, approval });
}

/** As an ordinary change, with its own log; approved by the policy, or by whoever approved the proposal. */
async function carryOut(
  story: GuardianStory,
  incident: RunningIncident,
  { decision }: Decided,
): Promise<void> {
  const note = (message: string, more: { to?: 'mitigated'; alert?: boolean } = {}) =>
    guardianRecord.noteIncident({
      incident: incident.id,
      key: story.nextKey(),
      actor: 'guardian',
      message,
      ...more,
    });
  const { changeId, label } = await guardianCorrection.requestCorrection({ decision });
  await story.show('correcting', { what: 'correction', detail: `${label} ends` });
  await note(`${label} carries it out.`);
  const { approved, detail } = await guardianCorrection.approveCorrection({ decision, changeId });
  if (!approved) {
    await story.show('correcting', { what: 'approval', detail: `an operator decides on ${label}` });
    await note(`${label} could not be approved by the policy: ${detail}`, { alert: true });
  }
  const ended = await untilEnded(story, { decision, changeId });
  story.decideAgainAtMs = Date.now() + settleMs;
  if (ended.way === 'roll-back') story.heldSince = new Date(Date.now()).toISOString();
  await note(
    `${ended.detail}.${ended.way === 'roll-back' ? ' Automation is held until the hold is lifted.' : ''}`,
    { alert: true, ...(ended.completed ? { to: 'mitigated' as const } : {}) },
  );
}

/** Told by a signal; looked at now and then besides, ever more rarely, for it may wait for people for days. */
async function untilEnded(
  story: GuardianStory,
  correction: { readonly decision: string; readonly changeId: string },
): Promise<EndedCorrection> {
  for (let waitMs = firstLookMs; ; waitMs = Math.min(2 * waitMs, lastLookMs)) {
    story.following = correction.changeId;
    const ended = await guardianCorrection.lookAtCorrection(correction);
    if (ended !== null) {
      story.following = null;
      return ended;
    }
    await condition(() => story.following === null, waitMs);
  }
}

/** Takes back what an operator was asked. */
export async function withdraw(story: GuardianStory, message: string): Promise<void> {
  const { proposal } = story;
  if (proposal === null) return;
  story.proposal = null;
  story.approval = null;
  await guardianRecord.withdrawProposal({ decision: proposal.decision, message });
}
