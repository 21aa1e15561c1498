import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Checkpoint, CheckpointNote } from '../domain/ledger/entry.ts';
import { verifyExport, type LedgerReport } from '../domain/ledger/verify-export.ts';
import { CliError, exitCodes } from './errors.ts';
import { readPublicKey, sha256, signatures } from './ledger-crypto.ts';

const lineFeed = 0x0a;

/** Verifies an exported log in one pass, without the API; memory does not grow with the file. */
export async function verifyLogFile(
  file: string,
  options: { readonly keyFiles: readonly string[]; readonly checkpointFiles: readonly string[] },
): Promise<LedgerReport> {
  const verifier = verifyExport({
    hash: sha256,
    signatures,
    keys: await Promise.all(options.keyFiles.map(readKeyFile)),
    known: (await Promise.all(options.checkpointFiles.map(readCheckpoints))).flat(),
  });
  let rest: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      const bytes = chunk as Buffer;
      let from = 0;
      for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, from)) {
        const end = bytes.subarray(from, at);
        verifier.take(rest.length === 0 ? end : Buffer.concat([...rest, end]));
        rest = [];
        from = at + 1;
      }
      if (from < bytes.length) rest.push(bytes.subarray(from));
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  // Every line ends in a line feed: what comes after the last one was cut off, or added.
  if (rest.length > 0) verifier.take(Buffer.concat(rest));
  return verifier.finish();
}

async function readKeyFile(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    return readPublicKey(pem);
  } catch {
    throw new CliError(`${file} holds no key in PEM.`, exitCodes.usage);
  }
}

/** As `ctc log checkpoints` prints them with -o json or jsonl. */
async function readCheckpoints(file: string): Promise<CheckpointNote[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const values = text.trimStart().startsWith('[')
      ? (JSON.parse(text) as Checkpoint[])
      : text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line) as Checkpoint);
    if (values.some(({ note }) => !Number.isSafeInteger(note.treeSize))) throw new TypeError();
    return values.map(({ note }) => note);
  } catch {
    throw new CliError(
      `${file} holds no checkpoints as ctc log checkpoints -o jsonl prints them.`,
      exitCodes.usage,
    );
  }
}

function unreadable(file: string, error: unknown): CliError {
  return new CliError(
    `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    exitCodes.error,
  );
}

/** The findings for people, the doubtful first. */
export function describeReport(report: LedgerReport): string[] {
  const { origin, from, to, checkpoints, rootHash, failure } = report;
  const lines = [
    `log ${origin}: entries ${from} to ${to} and ${checkpoints} checkpoint(s) are right`,
    ...(from > 1 ? [`entries 1 to ${from - 1} were pruned; what they were is in the root`] : []),
    `root ${rootHash}`,
  ];
  if (failure === undefined) return lines;
  return [
    `WRONG from entry ${failure.sequence} on (line ${failure.line}, ${failure.problem}): ${failure.message}`,
    `What comes before it is as it was signed or follows on it; nothing after it can be relied on.`,
  ];
}
