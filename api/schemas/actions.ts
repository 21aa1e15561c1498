import * as z from 'zod';
import { actionStates, actionSubjects } from '../../domain/actions/action.ts';

export const actionSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    subject: z.enum(actionSubjects),
    of: z.string().describe('The label of what it comes from'),
    title: z.string(),
    owner: z.string(),
    dueOn: z.string(),
    state: z.enum(actionStates),
    overdue: z.boolean(),
    createdBy: z.string(),
    createdAt: z.string(),
    settledBy: z.string().nullable(),
    settledAt: z.string().nullable(),
    outcome: z.string().nullable(),
  })
  .meta({ id: 'Action' });

export const newActionSchema = z.strictObject({
  title: z.string().trim().min(3).max(500),
  owner: z.string().min(1).max(100).describe('Id of the principal who is to see to it'),
  dueOn: z.iso.date('use a date such as 2026-12-31').describe('Day of UTC'),
});
