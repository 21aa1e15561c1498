import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, write } from '../output.ts';
import { readYamlFile } from '../read-file.ts';

type Plan = components['schemas']['IncidentPlan'];
type Exercise = components['schemas']['IncidentExercise'];

/** `ctc incident plan …`: how incidents are answered, and what shows that it would work. */
export function addIncidentPlanCommands(incident: Command): void {
  const plan = incident
    .command('plan')
    .description('severities, roles, contacts, what is owed to whom, and exercises');
  plan
    .command('show')
    .description('show the plan in force; with -o yaml as a file that adopt takes')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(api.GET('/incident-plan'));
      if (output === 'table') write(describePlan(stored));
      // What adopt takes is the plan alone.
      else
        printOne(
          stored.plan,
          output,
          () => `v${stored.version}`,
          () => '',
        );
    });
  plan
    .command('adopt')
    .description('adopt a new version of the plan; incidents keep the one they began with')
    .requiredOption('-f, --file <file>', 'YAML or JSON with the whole plan')
    .requiredOption('-r, --reason <reason>')
    .action(async ({ file, reason }: { file: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const { version } = await answerOf(api.GET('/incident-plan'));
      const stored = await answerOf(
        api.PUT('/incident-plan', {
          params: { header: { 'if-match': `"v${version}"` } },
          body: { reason, plan: readYamlFile(file) as never },
        }),
      );
      printOne(stored, output, (one) => `v${one.version}`, describePlan);
    });
  plan
    .command('history')
    .description('who adopted which version when, and why')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/incident-plan/versions'));
      printRows(
        rows,
        output,
        [
          { title: 'version', value: (row) => String(row.version) },
          { title: 'adopted', value: (row) => row.adoptedAt ?? '' },
          { title: 'by', value: (row) => row.adoptedBy ?? '' },
          { title: 'reason', value: (row) => row.reason ?? '' },
        ],
        (row) => `v${row.version}`,
      );
    });
  plan
    .command('verify <contact>')
    .description('record that a contact was reached as the plan says')
    .requiredOption('--how <text>', 'such as: called, answered by …')
    .action(async (contact: string, { how }: { how: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(
        api.POST('/incident-plan/contacts/{contact}/verifications', {
          params: { path: { contact }, header: onceHeaders() },
          body: { how },
        }),
      );
      printOne(stored, output, (one) => `v${one.version}`, describePlan);
    });
  plan
    .command('exercise')
    .description('record an exercise of the plan')
    .requiredOption('-f, --file <file>', 'YAML with heldOn, scenario, participants, outcome')
    .action(async ({ file }: { file: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const recorded = await answerOf(
        api.POST('/incident-plan/exercises', {
          params: { header: onceHeaders() },
          body: readYamlFile(file) as never,
        }),
      );
      printOne(recorded, output, ({ id }) => id, describeExercise);
    });
  plan
    .command('exercises')
    .description('list exercises, newest first')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/incident-plan/exercises'));
      printRows(
        rows,
        output,
        [
          { title: 'held', value: ({ heldOn }: Exercise) => heldOn },
          { title: 'plan', value: (row: Exercise) => `v${row.planVersion}` },
          { title: 'scenario', value: ({ scenario }: Exercise) => scenario },
          { title: 'outcome', value: ({ outcome }: Exercise) => outcome },
        ],
        ({ id }) => id,
      );
    });
}

function describeExercise(one: Exercise): string {
  return `${one.heldOn}  version ${one.planVersion} of the plan, with ${one.participants.join(', ')}\n${one.scenario}\n${one.outcome}`;
}

function describePlan({ version, plan, adoptedBy, adoptedAt, contactsVerifiedAt }: Plan): string {
  const by =
    adoptedBy === null ? 'nobody has adopted it' : `adopted by ${adoptedBy} at ${adoptedAt ?? ''}`;
  return [
    `${plan.title}, version ${version}: ${by}`,
    ...plan.severities.map(
      ({ id, meaning, respondWithinMinutes, reviewRequired }) =>
        `severity ${id}: ${meaning} Answered within ${respondWithinMinutes} minutes${reviewRequired ? ', and reviewed' : ''}.`,
    ),
    ...plan.categories.map(({ id, title }) => `category ${id}: ${title}`),
    ...plan.roles.map(({ id, title, does }) => `role ${id}: ${title}. ${does}`),
    ...plan.contacts.map(
      ({ id, name, reach, role, callAfter }) =>
        `contact ${id}: ${name}${role === undefined ? '' : ` (${role})`}, ${reach}${callAfter === undefined ? '' : `, after ${callAfter}`}; verified ${contactsVerifiedAt[id] ?? 'never'}`,
    ),
    ...plan.duties.map(
      ({ id, title, to, within }) =>
        `duty ${id}: ${title} to ${to} within ${within.hours === undefined ? `${within.months ?? 0} months` : `${within.hours} hours`}`,
    ),
  ].join('\n');
}
