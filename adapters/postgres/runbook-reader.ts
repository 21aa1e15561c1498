import type { Knex } from 'knex';
import type { ChangeDetail } from '../../domain/change/readers.ts';
import { runbookWindowOf } from '../../domain/change/plan-window.ts';
import { DomainError } from '../../domain/errors.ts';
import type { RunbookReader, StepTryView } from '../../domain/runbook/ports.ts';
import { currentSteps, restoreRun, type StepRun } from '../../domain/runbook/runbook-run.ts';
import {
  expectedMs,
  expectedWorkMs,
  minuteMs,
  rollBackByMs,
} from '../../domain/runbook/runbook-times.ts';
import { pointOfNoReturnOf, runbookGroups, type Runbook } from '../../domain/runbook/runbook.ts';

interface StepRow extends Omit<StepTryView, 'evidence'> {
  readonly step: string;
  readonly evidence: string | null;
  readonly evidenceKind: 'text' | 'url' | null;
}

/** How the runbooks of changes went. */
export function createRunbookReader(database: Knex): RunbookReader {
  return {
    async view(change) {
      const runbook = runbookOf(change);
      const [rows, backingOut] = await Promise.all([
        stepsOf(database, change.id),
        wasTurnedBack(database, change.id),
      ]);
      const last: Record<string, StepRun> = {};
      for (const { step, state, try: tries, startedAt } of rows) {
        last[step] = {
          state,
          tries,
          ...(startedAt === null ? {} : { startedAtMs: Date.parse(startedAt) }),
        };
      }
      const run = restoreRun(runbook, last, backingOut);
      const isAtWork = ['implementing', 'rolling-back', 'paused'].includes(change.state);
      const current = isAtWork ? currentSteps(run).map(({ step }) => step.id) : [];
      const window = runbookWindowOf(change.window);
      return {
        change: change.label,
        state: change.state,
        waitingFor: change.waitingFor,
        onOverrun: runbook.onOverrun,
        findings: change.findings,
        expectedWorkMinutes: expectedWorkMs(runbook) / minuteMs,
        expectedRollbackMinutes: expectedMs(runbook.rollback) / minuteMs,
        workFrom: new Date(window.workFromMs).toISOString(),
        workUntil: new Date(window.workUntilMs).toISOString(),
        closesAt: new Date(window.closesAtMs).toISOString(),
        rollBackBy: new Date(rollBackByMs(runbook, window)).toISOString(),
        pointOfNoReturn: pointOfNoReturnOf(runbook)?.step.id ?? null,
        groups: runbookGroups.map((group) => ({
          group,
          steps: runbook[group].map((step) => ({
            ...step,
            state: last[step.id]?.state ?? 'open',
            current: current.includes(step.id),
            tries: rows.filter((row) => row.step === step.id).map(toTry),
          })),
        })),
      };
    },
  };
}

function runbookOf({ request, label }: ChangeDetail): Runbook {
  if (request.kind !== 'release' && request.runbook !== undefined) return request.runbook;
  throw new DomainError('not-found', `${label} has no runbook.`, {
    code: 'no-runbook',
    remedy:
      request.kind === 'release'
        ? 'CTC deploys it itself: look at its attempts and its log.'
        : 'People report its outcome as a whole: ctc change report.',
  });
}

async function wasTurnedBack(database: Knex, changeId: string): Promise<boolean> {
  const row = await database('change_log')
    .where({ change_id: changeId, to_state: 'rolling-back' })
    .first<{ id: number } | undefined>('id');
  return row !== undefined;
}

function stepsOf(database: Knex, changeId: string): Promise<StepRow[]> {
  return database('runbook_step')
    .where({ change_id: changeId })
    .orderBy('try')
    .select<StepRow[]>(
      'step',
      'try',
      'state',
      'started_at as startedAt',
      'started_by as startedBy',
      'started_as as startedAs',
      'due_at as dueAt',
      'ended_at as endedAt',
      'ended_by as endedBy',
      'ended_as as endedAs',
      'reason',
      'evidence',
      'evidence_kind as evidenceKind',
    );
}

function toTry({ step: _, evidence, evidenceKind, ...row }: StepRow): StepTryView {
  return {
    ...row,
    evidence:
      evidence === null || evidenceKind === null ? null : { kind: evidenceKind, content: evidence },
  };
}
