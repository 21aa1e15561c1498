import type { Command } from 'commander';
import { grantWords } from '../../domain/access/grants.ts';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { printRows, write } from '../output.ts';

interface LimitOptions {
  readonly departments?: string;
  readonly datacentres?: string;
  readonly solutions?: string;
}

/** `ctc access …`: which roles there are, and who holds them where. */
export function addGrantCommands(program: Command): void {
  const access = program.command('access').description('roles, and who holds them where');
  access
    .command('grants <principal>')
    .description('list what somebody holds')
    .action(async (principal: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { grants } = await answerOf(
        api.GET('/principals/{principal}', { params: { path: { principal } } }),
      );
      printRows(
        grants,
        output,
        [
          { title: 'id', value: ({ id }) => id },
          { title: 'role', value: ({ role }) => role },
          { title: 'where', value: (grant) => grantWords(grant) },
          { title: 'by', value: ({ grantedBy, source }) => `${grantedBy} (${source})` },
          { title: 'since', value: ({ grantedAt }) => grantedAt },
        ],
        ({ id }) => id,
      );
    });
  access
    .command('grant <principal> <role>')
    .description('give a role; without limits it is held everywhere')
    .option('--departments <ids>', 'only for these, with commas in between')
    .option('--datacentres <ids>', 'only in these, with commas in between')
    .option('--solutions <ids>', 'only for these, with commas in between')
    .action(async (principal: string, role: string, options: LimitOptions, command: Command) => {
      const { api } = contextOf(command);
      const grant = await answerOf(
        api.POST('/principals/{principal}/grants', {
          params: { path: { principal }, header: onceHeaders() },
          body: {
            role,
            departments: listOf(options.departments),
            datacentres: listOf(options.datacentres),
            solutions: listOf(options.solutions),
          },
        }),
      );
      write(`${principal} is ${role} ${grantWords(grant)} (${grant.id})`);
    });
  access
    .command('ungrant <principal> <grant>')
    .description('take a grant away, by the id that `ctc access grants` shows')
    .action(async (principal: string, grant: string, _options: unknown, command: Command) => {
      const { api } = contextOf(command);
      const taken = await answerOf(
        api.DELETE('/principals/{principal}/grants/{grant}', {
          params: { path: { principal, grant } },
        }),
      );
      write(`${principal} is no longer ${taken.role} ${grantWords(taken)}`);
    });
  access
    .command('roles')
    .description('list all roles with what they let do')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/roles'));
      printRows(
        rows,
        output,
        [
          { title: 'id', value: ({ id }) => id },
          { title: 'name', value: ({ name }) => name },
          { title: 'of', value: ({ builtIn }) => (builtIn ? 'CTC' : 'the company') },
          { title: 'permissions', value: ({ permissions }) => permissions.join(', ') },
        ],
        ({ id }) => id,
      );
    });
  const role = access.command('role').description('roles of the company’s own');
  role
    .command('create <id>')
    .description('make a role of permissions')
    .requiredOption('--name <name>')
    .requiredOption('--permissions <permissions>', 'with commas in between')
    .action(
      async (id: string, options: { name: string; permissions: string }, command: Command) => {
        const { api } = contextOf(command);
        await answerOf(
          api.POST('/roles', {
            params: { header: onceHeaders() },
            body: { id, name: options.name, permissions: options.permissions.split(',') as never },
          }),
        );
        write(`created ${id}`);
      },
    );
  role
    .command('delete <id>')
    .description('delete a role that nobody holds')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { api } = contextOf(command);
      await answerOf(api.DELETE('/roles/{role}', { params: { path: { role: id } } }));
      write(`deleted ${id}`);
    });
}

function listOf(text: string | undefined): string[] | null {
  return text === undefined ? null : text.split(',').filter((id) => id !== '');
}
