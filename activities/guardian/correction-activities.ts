import { setTimeout as delay } from 'node:timers/promises';
import { changeRequestSchema, type ReleaseChange } from '../../domain/change/change-request.ts';
import { isEnded } from '../../domain/change/life-cycle.ts';
import type { ChangeMessenger } from '../../domain/change/messages.ts';
import type { ChangeDetail, ChangeReader, ChangeRequests } from '../../domain/change/readers.ts';
import { DomainError, isDomainError } from '../../domain/errors.ts';
import { decideCorrection } from '../../domain/guardian/decide-correction.ts';
import type { GuardianCorrectionSteps } from '../../domain/guardian/guardian-steps.ts';
import {
  guardianPrincipal,
  policyPrincipal,
  type CorrectionOrder,
  type GuardianRegister,
} from '../../domain/guardian/ports.ts';
import type { HashOf } from '../../domain/hash.ts';
import type { Optimus } from '../../domain/placement/ports.ts';
import { resolveChangeWindow } from '../../domain/windows/change-window.ts';
import { windowRequestOf } from '../../domain/windows/window.ts';
import { heartbeatWhile } from '../heartbeat.ts';

export interface CorrectionActivityPorts {
  readonly guardians: GuardianRegister;
  readonly requests: Pick<ChangeRequests, 'request'>;
  readonly changeReader: Pick<ChangeReader, 'get'>;
  readonly messenger: ChangeMessenger;
  readonly optimus: Pick<Optimus, 'simulate'>;
  readonly hashOf: HashOf;
  /** ISO instant. */
  readonly now: () => string;
}

const pollMs = 500;

/** What is done about a violation: the way out is chosen, and carried out as an ordinary change. */
export function createCorrectionActivities(
  ports: CorrectionActivityPorts,
): GuardianCorrectionSteps {
  const { guardians, requests, changeReader, messenger, optimus, hashOf, now } = ports;

  const untilChange = (
    changeId: string,
    reached: (change: ChangeDetail) => boolean,
  ): Promise<ChangeDetail> =>
    heartbeatWhile(async (signal) => {
      for (;;) {
        const change = await changeReader.get(changeId);
        if (reached(change)) return change;
        await delay(pollMs, undefined, { signal });
      }
    });

  return {
    openIncident: ({ application }) => guardians.openIncident(application, now()),

    async simulateCorrection(ref) {
      if (await guardians.findSimulations(ref)) return { summary: 'Simulated before.' };
      const orders = await guardians.simulationOrders(ref, Date.parse(now()));
      const answers: string[] = [];
      for (const order of orders) {
        const result = await heartbeatWhile((signal) => optimus.simulate(order.input, { signal }));
        await guardians.storeSimulation(ref, order, result, now());
        answers.push(`${order.way} ${order.release}: ${result.placements.length} placements`);
      }
      return { summary: answers.join('; ') || 'There is no datacentre left to simulate with.' };
    },

    async decideCorrection(input) {
      const decided = await guardians.decide(input, decideCorrection, now());
      const { id: decision, way, because, untilMs, needsApproval } = decided;
      return { decision, way, because, untilMs, needsApproval };
    },

    async requestCorrection({ decision }) {
      const { changeId: known } = await guardians.decision(decision);
      const changeId = known ?? (await request(decision));
      const { label } = await changeReader.get(changeId);
      return { changeId, label };
    },

    async approveCorrection({ decision, changeId }) {
      const { approvedBy, approvalReason } = await guardians.decision(decision);
      const change = await untilChange(changeId, ({ state }) => !waitsForAssessment(state));
      if (change.state !== 'awaiting-approval') {
        return { approved: !isEnded(change.state), detail: `it is ${change.state}` };
      }
      const { policyApproval } = await guardians.correctionOrder(decision);
      const by =
        approvedBy === null
          ? {
              by: policyPrincipal,
              reason: `the policy of ${policyApproval.application}, version ${policyApproval.definitionVersion}, lets the guardian act (mode "${policyApproval.mode}")`,
              policy: policyApproval,
            }
          : { by: approvedBy, reason: approvalReason ?? 'approved as proposed' };
      try {
        const { message } = await messenger.send(
          changeId,
          'decide',
          { ...by, decision: 'approved', planHash: change.planHash ?? '' },
          `guardian/${decision}/${change.revision}`,
        );
        return { approved: true, detail: message };
      } catch (error) {
        // A freeze or a conflict stands against it: that is for a person to override.
        if (isDomainError(error) && error.kind === 'refused') {
          return { approved: false, detail: error.message };
        }
        throw error;
      }
    },

    async lookAtCorrection({ decision, changeId }) {
      const { way } = await guardians.decision(decision);
      const change = await changeReader.get(changeId);
      if (!isEnded(change.state)) return null;
      const outcome = change.outcome ?? change.state;
      await guardians.noteEnded(decision, outcome, now());
      if (way === 'wait') throw new Error(`decision ${decision} is to wait`);
      return { completed: outcome === 'completed', way, detail: `${change.label} is ${outcome}` };
    },
  };

  /** Asks for the change once, however often it is asked: the decision is its key. */
  async function request(decision: string): Promise<string> {
    const order = await guardians.correctionOrder(decision);
    const body = requestOf(order, Date.parse(now()));
    const { id } = await requests.request({
      requester: guardianPrincipal,
      requestKey: `guardian/${decision}`,
      // Not of the body: its window is from now on, and a repetition is the same request.
      requestHash: hashOf({ decision }),
      request: body,
      window: resolveChangeWindow(body.window, { afterMs: Date.parse(now()), datacentres: [] }),
      origin: order.origin,
    });
    await guardians.noteRequested(decision, id);
    return id;
  }
}

function requestOf(order: CorrectionOrder, nowMs: number): ReleaseChange {
  const { application, policy, release, datacentres, because, origin } = order;
  const words = origin.way === 'redeploy' ? `Redeploy` : `Roll back to`;
  const opensAtMs = Math.floor(nowMs / 1000) * 1000;
  const parsed = changeRequestSchema.parse({
    kind: 'release',
    class: 'emergency',
    title: `${words} ${application.name} ${release} (${origin.incidentLabel})`,
    reason: because.slice(0, 10_000),
    department: application.department,
    window: windowRequestOf(
      { opensAtMs, closesAtMs: opensAtMs + policy.windowMinutes * 60_000 },
      'UTC',
    ),
    application: application.name,
    release,
    datacentres,
    // Nobody is there to look at a pause: what fails is taken back as a whole.
    strategy: { onFailure: 'rollbackAll' },
  });
  if (parsed.kind === 'release') return parsed;
  throw new DomainError('invalid', 'A correction deploys a release.', { code: 'not-a-release' });
}

function waitsForAssessment(state: ChangeDetail['state']): boolean {
  return state === 'requested' || state === 'assessed';
}
