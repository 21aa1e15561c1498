import { setTimeout as delay } from 'node:timers/promises';
import { windowRequestOf } from '../../domain/windows/window.ts';
import { answerOf, onceHeaders } from '../client.ts';
import { getChange, type Change } from '../commands/get-change.ts';
import type { CliContext } from '../context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { followLog } from '../follow-log.ts';
import { showState } from '../output.ts';
import type { People } from './people.ts';
import type { Progress } from './progress.ts';

/** What was promised, and what was found. */
export interface Promised {
  readonly promise: string;
  readonly kept: boolean;
  readonly found: string;
}

export interface Scenario {
  /** Changes A, D, B and C, as they were requested. */
  readonly labels: readonly string[];
  /** On the clock of `performance.now()`. */
  readonly firstCompletedAtMs: number;
  play(): Promise<Promised[]>;
}

const windowMs = 30 * 60_000;
const datacentres = ['mad', 'bcn', 'par'];

/** Four changes that show what CTC is for. */
export function createScenario({ ana, oscar, marta }: People, progress: Progress): Scenario {
  const labels: string[] = [];
  const promises: Promised[] = [];
  let firstCompletedAtMs = Number.POSITIVE_INFINITY;
  const openingMs = Math.floor(Date.now() / 60_000) * 60_000;

  const request = async (as: CliContext, body: Record<string, unknown>): Promise<Change> => {
    const window = windowRequestOf(
      { opensAtMs: openingMs, closesAtMs: openingMs + windowMs },
      'Europe/Madrid',
    );
    const requested = await answerOf(
      as.api.POST('/changes', {
        params: { header: onceHeaders() },
        body: { window, ...body } as never,
      }),
    );
    labels.push(requested.label);
    return until(as, requested.label, ({ state }) => state === 'awaiting-approval');
  };
  const approve = async (label: string): Promise<void> => {
    const { version } = await getChange(oscar, label);
    await answerOf(
      oscar.api.POST('/changes/{change}/decisions', {
        params: {
          path: { change: label },
          header: { ...onceHeaders(), 'if-match': `"v${version}"` },
        },
        body: { decision: 'approved', reason: 'plan, impact and conflicts reviewed' },
      }),
    );
  };
  const follow = async (label: string, note: (line: string) => void): Promise<Change> => {
    for await (const { to, message } of followLog(ana, label, { untilEnded: true })) {
      note(`${to === null ? '' : `${showState(to)}  `}${message}`);
    }
    return getChange(ana, label);
  };
  const deploy = (title: string, release: string, reason: string): Promise<Change> =>
    progress.step(title, async (note) => {
      const { label } = await request(ana, {
        kind: 'release',
        title: `Shop ${release}`,
        reason,
        department: 'web-platform',
        application: 'shop',
        release,
        datacentres,
      });
      await approve(label);
      return follow(label, note);
    });
  const promise = (words: string, kept: boolean, found: string): void => {
    promises.push({ promise: words, kept, found });
  };

  /** A is asked for; D wants the same datacentre at the same time and has to give way; then A runs. */
  const firstChange = async (): Promise<void> => {
    const a = await progress.step(
      'Change A: Ana asks for release 1.0.0 of the shop',
      async (note) => {
        const change = await request(ana, {
          kind: 'release',
          title: 'Shop 1.0.0',
          reason: 'first release of the shop',
          department: 'web-platform',
          application: 'shop',
          release: '1.0.0',
          datacentres,
        });
        note(
          `${change.label}: ${String(change.impact?.['servicesDegraded'])} services and ${String(change.impact?.['customers'])} customers affected`,
        );
        return change;
      },
    );
    await playConflict(a);
    const done = await progress.step(
      'Change A: approved by Óscar, deployed in waves, verified',
      async (note) => {
        await approve(a.label);
        return follow(a.label, note);
      },
    );
    firstCompletedAtMs = performance.now();
    const sites = done.attempts.at(-1)?.sites ?? [];
    promise('A is completed', done.state === 'completed', done.state);
    promise(
      'A is verified in three datacentres',
      sites.length === 3 && sites.every(({ outcome }) => outcome === 'verified'),
      sites.map(({ datacentre, outcome }) => `${datacentre} ${outcome}`).join(', '),
    );
  };

  const playConflict = async (a: Change): Promise<void> => {
    const d = await progress.step(
      'Change D: Marta wants to work on a core switch in Madrid meanwhile',
      async (note) => {
        const change = await request(marta, {
          kind: 'infrastructure',
          title: 'Replace line card of Madrid core switch 1',
          reason: 'line card reports memory errors',
          department: 'network',
          datacentres: ['mad'],
          affects: [{ item: 'mad-core-1', effect: 'down' }],
          steps: ['move traffic to core switch 2', 'replace the line card', 'move traffic back'],
          rollbackSteps: ['put the old line card back'],
        });
        for (const { kind, evidence } of change.conflicts)
          note(`▲ ${kind}: ${evidence.explanation}`);
        return change;
      },
    );
    const found = d.conflicts.filter(
      ({ with: others, severity }) =>
        severity === 'blocking' && others.some(({ change: label }) => label === a.label),
    );
    promise(
      'the conflict of D with A is found',
      found.some(({ kind }) => kind === 'capacity'),
      found.map(({ kind }) => kind).join(', ') || 'none',
    );
    const alerted = await Promise.all([ana, marta].map((person) => conflictAlerts(person)));
    promise(
      'the owners of both are alerted',
      alerted.every((count) => count > 0),
      `Ana ${alerted[0]}, Marta ${alerted[1]} alert(s)`,
    );
    const moved = await progress.step('Change D moves to the next free window', async (note) => {
      await answerOf(
        marta.api.POST('/changes/{change}/window', {
          params: {
            path: { change: d.label },
            header: { ...onceHeaders(), 'if-match': `"v${d.version}"` } as never,
          },
          body: { reason: 'make room for the shop', toNextFree: true } as never,
        }),
      );
      const change = await until(
        marta,
        d.label,
        ({ state, revision }) => state === 'awaiting-approval' && revision === d.revision + 1,
      );
      note(
        `${change.label} now opens at ${change.windowOpensAt}, conflicts: ${change.conflicts.length}`,
      );
      return change;
    });
    promise(
      'D moves to the next free window',
      moved.conflicts.length === 0 && moved.windowOpensAt >= a.windowClosesAt,
      `opens ${moved.windowOpensAt}, A closes ${a.windowClosesAt}, ${moved.conflicts.length} conflicts`,
    );
    await approve(d.label);
  };

  return {
    labels,
    get firstCompletedAtMs() {
      return firstCompletedAtMs;
    },
    async play() {
      await firstChange();

      const b = await deploy(
        'Change B: release 1.1.0, whose api is too slow in Paris',
        '1.1.0',
        'search with stock levels',
      );
      const [first, second] = b.attempts;
      promise(
        'B is completed after a redeployment',
        b.state === 'completed' && second?.kind === 'redeploy',
        `${b.state}: ${b.attempts.map(({ kind }) => kind).join(', ')}`,
      );
      promise(
        'B’s violation was measured',
        verdictOf(first) === 'violated' && verdictOf(second) === 'passed',
        `${verdictOf(first)}, then ${verdictOf(second)}`,
      );

      const c = await deploy(
        'Change C: release 1.2.0, which crashes everywhere',
        '1.2.0',
        'tax rules of the new year',
      );
      const rollback = c.attempts.at(-1);
      promise(
        'C is rolled back to release 1.1.0',
        c.state === 'rolled-back' && rollback?.kind === 'rollback' && rollback.release === '1.1.0',
        `${c.state}: ${c.attempts.map(({ kind, release }) => `${kind} ${release}`).join(', ')}`,
      );
      const answers = await Promise.all(
        (rollback?.endpoints ?? []).filter(({ component }) => component === 'web').map(askShop),
      );
      promise(
        'the last verified release answers again everywhere',
        answers.length > 0 && answers.every(({ ok }) => ok),
        answers.map(({ text }) => text).join('; ') || 'nothing answers',
      );
      const d = await getChange(marta, labels[1] ?? '');
      promise('D waits for its new window', d.state === 'scheduled', d.state);
      return promises;
    },
  };
}

async function until(
  as: CliContext,
  label: string,
  reached: (change: Change) => boolean,
): Promise<Change> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const change = await getChange(as, label);
    if (reached(change)) return change;
    if (performance.now() > deadline) {
      throw new CliError(`${label} is still ${change.state}.`, exitCodes.error);
    }
    await delay(100);
  }
}

async function conflictAlerts({ api }: CliContext): Promise<number> {
  const { rows } = await answerOf(api.GET('/alerts', { params: { query: {} as never } }));
  return rows.filter(({ topic }) => topic === 'conflict').length;
}

function verdictOf(attempt: Change['attempts'][number] | undefined): string {
  return (
    (attempt?.verification as { verdict?: string } | null | undefined)?.verdict ?? 'not verified'
  );
}

async function askShop({
  url,
  datacentre,
}: {
  url: string;
  datacentre: string;
}): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(url);
    const page = await response.text();
    const release = /web (\S+) in/.exec(page)?.[1] ?? '?';
    return {
      ok: response.ok && release === '1.1.0',
      text: `web ${release} in ${datacentre} answers ${response.status}`,
    };
  } catch (error) {
    return { ok: false, text: `web in ${datacentre}: ${(error as Error).message}` };
  }
}
