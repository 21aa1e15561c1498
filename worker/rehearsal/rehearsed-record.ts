import type { LineSteps, RecordSteps } from '../../domain/change/change-steps.ts';
import type { ChangeState } from '../../domain/change/life-cycle.ts';
import type { RequestedChange } from '../../domain/change/ports.ts';
import type {
  LogEntry,
  RunbookStepEntry,
  TransitionEntry,
  WaitingFor,
} from '../../domain/change/story.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ResolvedWindow } from '../../domain/windows/window.ts';

export interface WrittenEntry extends LogEntry {
  readonly at: string;
  readonly event: string;
  readonly from: ChangeState | null;
  readonly to: ChangeState | null;
}

/** The record of one change, kept in memory by the rules of the real one. */
export interface RehearsedRecord {
  readonly activities: RecordSteps & LineSteps;
  readonly entries: readonly WrittenEntry[];
  readonly steps: readonly (RunbookStepEntry & { readonly at: string })[];
  readonly sites: Readonly<Record<string, string>>;
  state(): ChangeState;
  waitingFor(): WaitingFor | null;
  /** As it was asked for, with the window that it has by now. */
  change(): RequestedChange;
}

export function createRehearsedRecord(asked: RequestedChange, now: () => string): RehearsedRecord {
  const entries: WrittenEntry[] = [];
  const steps: (RunbookStepEntry & { at: string })[] = [];
  const sites: Record<string, string> = {};
  const keys = new Set<string>();
  const decisions = new Map<string, { decided: boolean; approvals: number }>();
  const approvers = new Map<string, Set<string>>();
  let state: ChangeState = 'requested';
  let waitingFor: WaitingFor | null = null;
  let change = asked;

  /** False when it is there already, as a repeated step finds it. */
  const write = (
    entry: LogEntry,
    event: string,
    from: ChangeState | null = null,
    to: ChangeState | null = null,
  ): boolean => {
    if (keys.has(entry.key)) return false;
    if (from !== null && from !== state) {
      throw new DomainError('conflict', `The rehearsed change is "${state}", and not "${from}".`, {
        code: 'state-moved-on',
      });
    }
    keys.add(entry.key);
    entries.push({ ...entry, at: now(), event, from, to });
    if (to !== null) state = to;
    return true;
  };
  // eslint-disable-next-line @typescript-eslint/require-await -- async is what turns a throw into a rejection
  const soon = async <T>(act: () => T): Promise<T> => act();

  return {
    entries,
    steps,
    sites,
    state: () => state,
    waitingFor: () => waitingFor,
    change: () => change,

    activities: {
      recordTransition: (entry: TransitionEntry) =>
        soon(() => {
          const { event, from, to } = entry;
          if (!write(entry, event, from, to)) return;
          waitingFor = entry.waitingFor;
          if (entry.verifiedAttempt === undefined) return;
          for (const [datacentre, outcome] of Object.entries(sites)) {
            if (outcome === 'applied') sites[datacentre] = 'verified';
          }
        }),

      recordEntry: (entry) =>
        soon(() => {
          if (write(entry, 'note') && entry.waitingFor !== undefined) waitingFor = entry.waitingFor;
        }),

      recordRunbookStep: (entry) =>
        soon(() => {
          if (!write(entry, entry.event)) return;
          steps.push({ ...entry, at: now() });
          if (entry.waitingFor !== undefined) waitingFor = entry.waitingFor;
        }),

      recordDecision: (entry) =>
        soon(() => {
          const known = decisions.get(entry.key);
          if (known !== undefined) return known;
          const { decision, planHash, by, approvalsNeeded } = entry;
          const given = approvers.get(planHash) ?? new Set();
          approvers.set(planHash, decision === 'approved' ? given.add(by) : given);
          const decided = decision === 'rejected' || given.size >= approvalsNeeded;
          const event = decision === 'approved' ? 'approve' : 'reject';
          if (decided) {
            const to = decision === 'rejected' ? 'rejected' : 'scheduled';
            write(entry, event, 'awaiting-approval', to);
            waitingFor = to === 'scheduled' ? entry.waitingFor : null;
          } else {
            write(entry, event);
          }
          const answer = { decided, approvals: given.size };
          decisions.set(entry.key, answer);
          return answer;
        }),

      // Nobody is asked in a rehearsal: it ends before.
      recordJustification: () => Promise.resolve({ settled: null, open: [] }),

      recordWindowMove: (entry) =>
        soon(() => {
          if (!write(entry, entry.event ?? 'move-window', entry.from, 'requested')) return;
          const { asked: window, resolved } = entry.request as {
            asked: RequestedChange['request']['window'];
            resolved: ResolvedWindow;
          };
          change = {
            ...change,
            revision: entry.revision,
            request: { ...change.request, window },
            window: resolved,
          };
        }),

      recordSiteOutcomes: (_attempt, outcomes) =>
        soon(() => {
          for (const { datacentre, outcome } of outcomes) sites[datacentre] = outcome;
        }),

      releaseTargets: () => Promise.resolve(),

      // A stop of the line is nothing that can be planned for.
      lookAtLine: () => Promise.resolve({ standing: [], lifted: [] }),
    },
  };
}
