import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { answerOf, onceHeaders } from '../client.ts';
import { colours } from '../colours.ts';
import { contextOf, type CliContext } from '../context.ts';
import { CliError, exitCodes, toCliError, type ProblemBody } from '../errors.ts';
import type { components } from '../generated/api.d.ts';
import { printOne, printRows, write, type OutputFormat } from '../output.ts';
import { describeReport, verifyLogFile } from '../verify-log.ts';

type Entry = components['schemas']['LedgerEntry'];
type Checkpoint = components['schemas']['LedgerCheckpoint'];

interface ListFlags {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly before?: string;
  readonly limit: string;
}

/** `ctc log …`: the intervention log and its proofs. */
export function addLogCommands(program: Command): void {
  const log = program.command('log').description('the log of all that was done, and its proofs');
  log
    .command('list')
    .description('list entries, newest first')
    .option('--actor <id>', 'only what this one did')
    .option('--action <action>', 'only this, such as change.approve')
    .option('--subject <kind:id>', 'only what is about this, such as principal:ana')
    .option('--from <instant>', 'ISO, with zone')
    .option('--before <instant>', 'ISO, with zone')
    .option('--limit <count>', 'at most 200', '50')
    .action(async ({ subject, ...flags }: ListFlags, command: Command) => {
      const { api, output } = contextOf(command);
      const [subjectKind, ...rest] = subject?.split(':') ?? [];
      const about = subjectKind === undefined ? {} : { subjectKind, subjectId: rest.join(':') };
      const query = { ...flags, ...about, limit: Number(flags.limit) };
      const { rows } = await answerOf(api.GET('/log', { params: { query } }));
      printRows(
        rows,
        output,
        [
          { title: 'sequence', value: ({ sequence }: Entry) => String(sequence) },
          { title: 'at', value: ({ at }: Entry) => at },
          { title: 'actor', value: ({ actor }: Entry) => actor },
          { title: 'action', value: ({ action }: Entry) => action },
          { title: 'subject', value: ({ subject: { kind, id } }: Entry) => `${kind}:${id}` },
          { title: 'sealed', value: ({ revealed }: Entry) => sealedState(revealed) },
        ],
        ({ sequence }) => String(sequence),
      );
    });
  log
    .command('erase <subject>')
    .description(
      'erase for good what is sealed about a subject, such as event:…; the log stays provable',
    )
    .requiredOption('-r, --reason <reason>')
    .action(async (subject: string, { reason }: { reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const [kind = '', ...rest] = subject.split(':');
      const erased = await answerOf(
        api.POST('/log/erasures', {
          params: { header: onceHeaders() },
          body: { subject: { kind, id: rest.join(':') }, reason },
        }),
      );
      printOne(
        erased,
        output,
        () => subject,
        () => `what was sealed about ${subject} can no longer be read by anybody`,
      );
    });
  log
    .command('checkpoints')
    .description('list signed checkpoints, newest first; keep one elsewhere with -o jsonl')
    .option('--limit <count>', 'at most 200', '20')
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const query = { limit: Number(limit) };
      const { rows } = await answerOf(api.GET('/log/checkpoints', { params: { query } }));
      printRows(
        rows,
        output,
        [
          { title: 'entries', value: ({ note }: Checkpoint) => String(note.treeSize) },
          { title: 'at', value: ({ note }: Checkpoint) => note.at },
          { title: 'root', value: ({ note }: Checkpoint) => note.rootHash },
          { title: 'key', value: ({ note }: Checkpoint) => note.keyId.slice(0, 16) },
        ],
        ({ note }) => String(note.treeSize),
      );
    });
  log
    .command('export')
    .description('write the whole log into a file that ctc log verify takes')
    .requiredOption('-f, --file <file>')
    .action(async ({ file }: { file: string }, command: Command) => {
      await exportLog(contextOf(command), file);
      write(`the log is in ${file}; verify it with: ctc log verify ${file} --key KEY.pem`);
    });
  log
    .command('verify <file>')
    .description('prove an exported log without the server; leaves with 7 when something is wrong')
    .option('--key <file...>', 'public key(s) in PEM, got from the keyholder')
    .option('--checkpoint <file...>', 'checkpoint(s) kept elsewhere, which must still be in it')
    .action(
      async (file: string, flags: { key?: string[]; checkpoint?: string[] }, command: Command) => {
        const { output } = command.optsWithGlobals<{ output: OutputFormat }>();
        const report = await verifyLogFile(file, {
          keyFiles: flags.key ?? [],
          checkpointFiles: flags.checkpoint ?? [],
        });
        if (report.trust === 'export') {
          process.stderr.write(
            `${colours.yellow('NOT PROVED BY WHOM:')} no --key was given, so the keys named in the export itself were believed. Whoever wrote the file can have put their own there.\n`,
          );
        }
        printOne(
          report,
          output,
          () => report.rootHash,
          () => describeReport(report).join('\n'),
        );
        if (report.failure?.problem === 'unreadable') {
          throw new CliError(report.failure.message, exitCodes.error);
        }
        if (report.failure !== undefined) {
          throw new CliError(`${file} is not the log as it was written.`, exitCodes.runFailed);
        }
      },
    );
  log
    .command('prune')
    .description('remove entries up to the last checkpoint before a date; the rest stays provable')
    .requiredOption('--before <date>', 'such as 2016-01-01, or an ISO instant with zone')
    .requiredOption('-r, --reason <reason>')
    .action(async ({ before, reason }: { before: string; reason: string }, command: Command) => {
      const { api, output } = contextOf(command);
      const instant = /^\d{4}-\d{2}-\d{2}$/.test(before) ? `${before}T00:00:00Z` : before;
      const pruned = await answerOf(
        api.POST('/log/prunings', {
          params: { header: onceHeaders() },
          body: { before: instant, reason },
        }),
      );
      printOne(
        pruned,
        output,
        ({ upTo }) => String(upTo),
        ({ upTo, removed }) => `${removed} entries up to ${upTo} are gone from the log`,
      );
    });
}

function sealedState(revealed: Entry['revealed']): string {
  if (revealed === undefined) return '';
  return revealed === null ? 'erased' : 'readable';
}

/** The file stands under its name only when it is whole. */
async function exportLog({ apiUrl, token }: CliContext, file: string): Promise<void> {
  const response = await fetch(`${apiUrl}/log/export`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok || response.body === null) {
    throw toCliError(response.status, (await response.json()) as ProblemBody);
  }
  const part = `${file}.part`;
  try {
    await pipeline(
      Readable.fromWeb(response.body as never),
      createWriteStream(part, { mode: 0o600 }),
    );
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}
