import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes, toCliError } from '../errors.ts';
import { printOne, printRows, write } from '../output.ts';
import { addDriftCommand } from './comparison-commands.ts';
import { addLintCommands } from './lint-command.ts';
import { readYamlFile } from '../read-file.ts';
import { readManifests } from '../read-manifests.ts';

/** `ctc application …` and `ctc release …`. */
export function addApplicationCommands(program: Command): void {
  const application = program
    .command('application')
    .description('applications and their requirements');
  application
    .command('apply')
    .description('register an application, or change its definition')
    .requiredOption('-f, --file <file>', 'YAML or JSON file with the definition')
    .action(async ({ file }: { file: string }, command: Command) => {
      const context = contextOf(command);
      const version = await applyApplication(context, readYamlFile(file));
      write(`applied, version ${version}`);
    });
  application
    .command('list')
    .description('list applications and what runs of them')
    .action(async (_options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(api.GET('/applications'));
      printRows(
        rows,
        output,
        [
          { title: 'application', value: ({ definition }) => definition.name },
          { title: 'version', value: ({ version }) => String(version) },
          { title: 'running', value: ({ running }) => running?.release ?? '' },
          { title: 'since change', value: ({ running }) => running?.change ?? '' },
        ],
        ({ definition }) => definition.name,
      );
    });
  application
    .command('show <application>')
    .description('show an application')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const found = await answerOf(
        api.GET('/applications/{application}', { params: { path: { application: name } } }),
      );
      printOne(
        found,
        output === 'table' ? 'yaml' : output,
        () => name,
        () => '',
      );
    });

  addDriftCommand(application);
  addLintCommands(application);

  const release = program.command('release').description('releases of applications');
  release
    .command('register')
    .description('register a release; it never changes afterwards')
    .requiredOption('-f, --file <file>', 'YAML or JSON file with the release')
    .action(async ({ file }: { file: string }, command: Command) => {
      const context = contextOf(command);
      const { version, digest } = await registerRelease(context, file);
      write(`registered ${version} (${digest.slice(0, 12)})`);
    });
  release
    .command('list <application>')
    .description('list the releases of an application, newest first')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { api, output } = contextOf(command);
      const { rows } = await answerOf(
        api.GET('/applications/{application}/releases', {
          params: { path: { application: name } },
        }),
      );
      printRows(
        rows,
        output,
        [
          { title: 'version', value: ({ version }) => version },
          { title: 'digest', value: ({ digest }) => digest.slice(0, 12) },
          { title: 'registered', value: ({ registeredAt }) => registeredAt },
          { title: 'by', value: ({ registeredBy }) => registeredBy },
        ],
        ({ version }) => version,
      );
    });
}

/** Registers or changes an application; returns its version. */
export async function applyApplication({ api }: CliContext, definition: unknown): Promise<number> {
  const name = nameIn(definition, 'name');
  const { data, response } = await api.GET('/applications/{application}', {
    params: { path: { application: name } },
  });
  if (data === undefined && response.status !== 404) throw toCliError(response.status, undefined);
  const { version } = await answerOf(
    api.PUT('/applications/{application}', {
      params: { path: { application: name } },
      ...(data === undefined ? {} : { headers: { 'if-match': `"v${data.version}"` } }),
      body: definition as never,
    }),
  );
  return version;
}

/** Registers a release; its directories, and files of manifests, are taken relative to the file. */
export async function registerRelease(
  { api }: CliContext,
  file: string,
): Promise<{ version: string; digest: string }> {
  const release = readYamlFile(file) as {
    components?: Record<string, { directory?: unknown; manifests?: unknown }>;
  };
  const base = dirname(resolve(file));
  for (const component of Object.values(release.components ?? {})) {
    if (typeof component.directory === 'string')
      component.directory = resolve(base, component.directory);
    if (component.manifests !== undefined)
      component.manifests = readManifests(component.manifests, base);
  }
  return answerOf(
    api.POST('/applications/{application}/releases', {
      params: { path: { application: nameIn(release, 'application') }, header: onceHeaders() },
      body: release as never,
    }),
  );
}

function nameIn(value: unknown, field: string): string {
  const name = (value as Record<string, unknown>)[field];
  if (typeof name === 'string' && name !== '') return name;
  throw new CliError(`The file does not say "${field}".`, exitCodes.usage);
}
