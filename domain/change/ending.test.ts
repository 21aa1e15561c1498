import { describe, expect, it } from 'vitest';
import { explainEnding } from './ending.ts';
import type { ChangeEvent, ChangeState } from './life-cycle.ts';

const stop = {
  id: 'stop-1',
  scope: 'all deployments',
  reason: 'smoke in the machine room',
  by: 'sergio',
  at: '2026-11-24T10:00:00.000Z',
};
const ended = (state: ChangeState, event: ChangeEvent, message = 'So it is.') =>
  explainEnding({
    label: 'CHG-7',
    state,
    stops: [stop],
    lastWord: { event, at: '2026-11-24T11:00:00.000Z', message },
  });

describe('how a change ended', () => {
  it('is not known while it is on its way', () => {
    const onItsWay = { label: 'CHG-7', state: 'deploying', stops: [stop], lastWord: null } as const;
    expect(explainEnding(onItsWay)).toBeNull();
  });

  it('is the refusal of the simulator, in its words', () => {
    expect(ended('cancelled', 'find-no-placement', 'No offer has 8 cores.')).toMatchObject({
      kind: 'refused-by-simulator',
      because: 'No offer has 8 cores.',
      stops: [],
      next: expect.stringContaining('ctc change log CHG-7') as string,
    });
  });

  it('is the window that it missed, and the stops that it missed it under', () => {
    expect(ended('expired', 'miss-window')).toMatchObject({
      kind: 'missed-window',
      stops: [stop],
    });
  });

  it('is why it was rolled back, and the review that comes next', () => {
    expect(ended('rolled-back', 'roll-back')).toMatchObject({
      kind: 'rolled-back',
      next: 'It is to be reviewed: ctc change review CHG-7.',
    });
    expect(ended('in-review', 'verify')).toMatchObject({
      kind: 'ended',
      next: 'Its review is to be closed: ctc change close CHG-7.',
    });
    expect(ended('closed', 'verify')).toMatchObject({ next: 'Nothing.' });
  });
});
