import * as z from 'zod';
import { slugSchema } from '../names.ts';
import { evidenceKinds, overrunPolicies, runbookGroups, type RunbookStep } from './runbook.ts';

const longestStepMinutes = 7 * 24 * 60;

const stepSchema = z.strictObject({
  id: slugSchema.describe('Unique in the runbook; names the step in commands'),
  title: z.string().trim().min(1).max(200),
  instructions: z.string().trim().min(1).max(10_000).optional(),
  assignee: z
    .union([z.strictObject({ person: slugSchema }), z.strictObject({ team: slugSchema })])
    .optional()
    .describe('Who does it; default: whoever may implement changes'),
  expectedMinutes: z.int().min(1).max(longestStepMinutes),
  evidence: z
    .enum(evidenceKinds)
    .default('none')
    .describe('What it takes to complete it: nothing, a text, or the URL of what shows it'),
  parallel: z
    .boolean()
    .optional()
    .describe('May be worked on together with the step before it of its group'),
  pointOfNoReturn: z
    .boolean()
    .optional()
    .describe('Once it has begun nothing is rolled back by itself; at most one of the steps'),
});

const groupSchema = z.array(stepSchema).max(100);

/** What people do step by step, and the way back. */
export const runbookSchema = z
  .strictObject({
    preChecks: groupSchema
      .default([])
      .describe('What must be true before anything is touched; one that fails cancels the change'),
    steps: groupSchema,
    verification: groupSchema.default([]).describe('What shows that it works'),
    rollback: groupSchema.describe('The way back'),
    onOverrun: z
      .enum(overrunPolicies)
      .default('roll-back')
      .describe('When work and rollback no longer fit into the window and nobody decides'),
  })
  .superRefine(checkRunbook)
  .meta({ id: 'Runbook' });

/** Complains of what makes no sense as a whole, each time by the name of the step. */
function checkRunbook(
  runbook: Readonly<Record<(typeof runbookGroups)[number], readonly RunbookStep[]>>,
  context: z.RefinementCtx,
): void {
  const complain = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  if (runbook.steps.length === 0) complain(['steps'], 'a runbook has at least one step');
  if (runbook.rollback.length === 0) {
    complain(['rollback'], 'a runbook says how to get back: at least one rollback step');
  }
  const places = new Map<string, string>();
  let point: string | undefined;
  for (const group of runbookGroups) {
    runbook[group].forEach((step, i) => {
      const place = places.get(step.id);
      if (place !== undefined) {
        complain([group, i, 'id'], `step "${step.id}" is in ${place} already: ids are unique`);
      }
      places.set(step.id, group);
      if (step.parallel === true && i === 0) {
        complain([group, i, 'parallel'], `step "${step.id}" has no step before it in ${group}`);
      }
      if (step.pointOfNoReturn !== true) return;
      const path = [group, i, 'pointOfNoReturn'];
      if (group !== 'steps') {
        complain(
          path,
          `step "${step.id}" is of ${group}: only one of steps can be the point of no return`,
        );
      } else if (point !== undefined) {
        complain(
          path,
          `step "${point}" is the point of no return already, "${step.id}" cannot be one too`,
        );
      } else if (step.parallel === true || runbook.steps[i + 1]?.parallel === true) {
        complain(
          path,
          `step "${step.id}" is the point of no return: nothing may run parallel to it`,
        );
      }
      if (group === 'steps') point ??= step.id;
    });
  }
}
