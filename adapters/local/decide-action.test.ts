import { describe, expect, it } from 'vitest';
import { decideAction } from './decide-action.ts';
import type { ComponentSituation } from './decide-action.ts';
import type { Instance } from './instances.ts';

const instance: Instance = {
  component: 'web',
  release: '1.0.0',
  releaseDigest: 'd',
  specHash: 'same',
  marker: 'm',
  token: 1,
  pid: 10,
  startTicks: '1',
  bootId: 'b',
  url: 'http://127.0.0.1:1',
  healthPath: '/healthz',
  startedAt: '2026-01-01T00:00:00.000Z',
  readyDeadline: '2026-01-01T00:00:10.000Z',
  logFile: 'web.log',
  logOffset: 0,
  stopping: 0,
  exitDetail: null,
};
const usual: ComponentSituation = {
  wantedSpecHash: 'same',
  instance,
  alive: true,
  unhealthy: false,
  token: 2,
};

describe('what to do with a component', () => {
  it.each<[string, Partial<ComponentSituation>, string]>([
    ['keeps what runs as wanted', {}, 'keep'],
    ['starts what is missing', { instance: undefined, alive: false }, 'start'],
    ['replaces what runs otherwise', { wantedSpecHash: 'other' }, 'replace'],
    [
      'starts what ended with another specification',
      { wantedSpecHash: 'other', alive: false },
      'start',
    ],
    ['stops what nobody wants', { wantedSpecHash: undefined }, 'stop'],
    [
      'forgets what nobody wants and has ended',
      { wantedSpecHash: undefined, alive: false },
      'forget',
    ],
    ['starts in a newer attempt what ended before', { alive: false }, 'start'],
    ['leaves what failed in this attempt', { alive: false, token: 1 }, 'leave'],
    ['plans to start what has ended', { alive: false, token: undefined }, 'start'],
    ['replaces what a rollback finds unhealthy', { unhealthy: true }, 'replace'],
    ['does not replace twice in one rollback', { unhealthy: true, token: 1 }, 'keep'],
    [
      'finishes what an earlier attempt was stopping',
      { instance: { ...instance, stopping: 1 } },
      'replace',
    ],
  ])('%s', (_, situation, action) => {
    const decision = decideAction({ ...usual, ...situation });
    expect(decision.action).toBe(action);
    expect(decision.reason).not.toBe('');
  });
});
