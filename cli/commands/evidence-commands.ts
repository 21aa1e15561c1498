import { createHash, randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { contextOf } from '../context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, write } from '../output.ts';
import { describeEvidence } from '../show-incident.ts';

type Evidence = components['schemas']['Evidence'];

interface GivenFlags {
  readonly what: string;
  readonly how: string;
  readonly location: string;
  readonly by: string;
  readonly at: string;
}

/** `ctc incident evidence …`: what was taken, by whom and how, its hash, and who has had it. */
export function addEvidenceCommands(incident: Command): void {
  const evidence = incident
    .command('evidence')
    .description('what was taken, its hash, and who has had it');
  const asking = (command: Command): Command =>
    command
      .requiredOption('--what <text>', 'what it is')
      .requiredOption('--how <text>', 'how it was obtained')
      .requiredOption('--location <text>', 'where it was found; of a reference, where it is')
      .requiredOption('--by <name>', 'who obtained it')
      .requiredOption('--at <instant>', 'when it was obtained, ISO with zone');

  asking(evidence.command('add <incident> <file>'))
    .description('take a file into evidence; its hash is computed here and by the server')
    .action(async (label: string, file: string, flags: GivenFlags, command: Command) => {
      const { apiUrl, token, output } = contextOf(command);
      const blob = await openAsBlob(file).catch((error: unknown) => {
        throw new CliError(`${file} cannot be read: ${(error as Error).message}.`, exitCodes.usage);
      });
      const hash = sha256(Buffer.from(await blob.arrayBuffer()));
      const form = new FormData();
      for (const [name, value] of Object.entries(bodyOf(flags))) form.append(name, value);
      form.append('file', blob, basename(file));
      const response = await fetch(`${apiUrl}/incidents/${encodeURIComponent(label)}/evidence`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'idempotency-key': randomUUID() },
        body: form,
      });
      if (!response.ok) throw toCliError(response.status, (await response.json()) as ProblemBody);
      const stored = (await response.json()) as Evidence;
      if (stored.sha256 !== hash) {
        throw new CliError(
          `${stored.label} is not what was sent: the server has ${stored.sha256}, the file ${hash}.`,
          exitCodes.error,
        );
      }
      printOne(stored, output, ({ label: name }) => name, describeEvidence);
    });
  asking(evidence.command('refer <incident>'))
    .description('take into evidence what stays elsewhere, by its hash')
    .requiredOption('--sha256 <hex>', 'as sha256sum prints it')
    .action(async (label: string, flags: GivenFlags & { sha256: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const stored = await answerOf(
        api.POST('/incidents/{incident}/evidence-references', {
          params: { path: { incident: label }, header: onceHeaders() },
          body: { ...bodyOf(flags), sha256: flags.sha256 },
        }),
      );
      printOne(stored, output, ({ label: name }) => name, describeEvidence);
    });
  evidence
    .command('hand-over <incident> <evidence>')
    .description('record who has it from now on')
    .requiredOption('--to <name>')
    .requiredOption('-r, --reason <reason>')
    .option('--at <instant>', 'when, ISO with zone (default: now)')
    .action(
      async (
        label: string,
        item: string,
        options: { to: string; reason: string; at?: string },
        command: Command,
      ) => {
        const { api, output } = contextOf(command);
        const { to, reason, at = new Date().toISOString() } = options;
        const stored = await answerOf(
          api.POST('/incidents/{incident}/evidence/{evidence}/handovers', {
            params: { path: { incident: label, evidence: item }, header: onceHeaders() },
            body: { to, reason, at },
          }),
        );
        printOne(stored, output, ({ label: name }) => name, describeEvidence);
      },
    );
  evidence
    .command('get <incident> <evidence>')
    .description('write its content into a new file, checked against the hash it was taken with')
    .requiredOption('-f, --file <file>')
    .action(async (label: string, item: string, { file }: { file: string }, command: Command) => {
      const { api, apiUrl, token } = contextOf(command);
      const { custody } = await answerOf(
        api.GET('/incidents/{incident}', { params: { path: { incident: label } } }),
      );
      const path = `/incidents/${encodeURIComponent(label)}/evidence/${encodeURIComponent(item)}`;
      const response = await fetch(`${apiUrl}${path}/content`, {
        headers: { authorization: `Bearer ${token}` },
      });
      if (!response.ok) throw toCliError(response.status, (await response.json()) as ProblemBody);
      const content = Buffer.from(await response.arrayBuffer());
      const taken = custody.find((one) => one.label === item.toUpperCase());
      if (taken?.sha256 !== sha256(content)) {
        throw new CliError(`What came of ${item} is not what was taken.`, exitCodes.runFailed);
      }
      await writeFile(file, content, { mode: 0o600, flag: 'wx' });
      write(`${item} is in ${file}, SHA-256 ${taken.sha256}`);
    });
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

function bodyOf({ what, how, location, by, at }: GivenFlags) {
  return { what, how, location, obtainedBy: by, obtainedAt: at };
}
