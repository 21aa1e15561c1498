import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeProcess, isRunning, readRecordFile } from './process-record.ts';
import type { ProcessRecord } from './process-record.ts';

export type Hold =
  | { readonly held: true; readonly release: () => Promise<void> }
  | { readonly held: false; readonly holder: ProcessRecord };

/**
 * Makes this process the only holder of a name in the directory. Answers with the holder when another
 * running process has it; takes over from one that is gone, also when several try at the same moment.
 *
 * Each contender shows a claim of its own first and looks for others after: of two at once at least one
 * sees the other, and steps back. A claim's name is never used again, so that removing a dead one (which
 * is what goes wrong with a single lock file) can never remove a live one.
 */
export async function holdAlone(directory: string, name: string): Promise<Hold> {
  const mine = describeProcess(name, process.pid, 'SIGTERM');
  if (mine === undefined) throw new Error('This process cannot read its own start time.');
  await mkdir(directory, { recursive: true });
  for (;;) {
    const id = randomUUID();
    const claim = path.join(directory, `${name}.${id}.claim`);
    await writeWhole(claim, mine);
    const others = await liveClaims(directory, name, id);
    if (others.length === 0) {
      // Says that the claim is not a try; the claim itself stays, so that nobody overlooks it.
      await writeWhole(heldMark(claim), mine);
      const release = async () => {
        await rm(heldMark(claim), { force: true });
        await rm(claim, { force: true });
      };
      return { held: true, release };
    }
    await rm(claim, { force: true });
    for (const other of others) {
      const holder = await readRecordFile(heldMark(other.claim));
      if (holder !== undefined) return { held: false, holder };
    }
    await delay(5 + Math.random() * 45); // all of us stepped back: not in the same moment again
  }
}

const heldMark = (claim: string) => claim.replace(/claim$/, 'held');

async function writeWhole(file: string, record: ProcessRecord): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${randomUUID()}`);
  await writeFile(temporary, `${JSON.stringify(record)}\n`);
  await rename(temporary, file);
}

async function liveClaims(
  directory: string,
  name: string,
  mine: string,
): Promise<{ claim: string }[]> {
  const live: { claim: string }[] = [];
  for (const entry of await readdir(directory)) {
    if (!entry.startsWith(`${name}.`) || !entry.endsWith('.claim')) continue;
    if (entry === `${name}.${mine}.claim`) continue;
    const claim = path.join(directory, entry);
    const record = await readRecordFile(claim);
    if (record !== undefined && isRunning(record)) live.push({ claim });
    else {
      await rm(heldMark(claim), { force: true });
      await rm(claim, { force: true });
    }
  }
  return live;
}
