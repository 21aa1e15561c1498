import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeRefusedStep,
  incidentEvents,
  incidentLifeCycle,
  incidentSources,
  incidentStates,
  isOver,
  stepByPerson,
  stepBySource,
  type IncidentState,
} from './life-cycle.ts';

describe('the life of an incident', () => {
  it('leads from open to closed for every source, and nowhere on from closed', () => {
    for (const source of incidentSources) {
      const reached = new Set<IncidentState>(['open']);
      for (let before = 0; before !== reached.size;) {
        before = reached.size;
        for (const { from, to, sources } of incidentLifeCycle) {
          if (reached.has(from) && sources.includes(source)) reached.add(to);
        }
      }
      expect([...reached].sort(), source).toContain('closed');
    }
    expect(incidentLifeCycle.filter(({ from }) => from === 'closed')).toEqual([]);
  });

  it('has one outcome for each event, state, source and side', () => {
    const keys = incidentLifeCycle.flatMap(({ from, event, by, sources }) =>
      sources.map(
        (source) => `${from}/${event}/${by === 'its source' ? 'source' : 'person'}/${source}`,
      ),
    );
    expect(keys).toEqual([...new Set(keys)]);
  });

  it('leaves to guardians and contracts when what they opened is over', () => {
    for (const source of ['guardian', 'contract'] as const) {
      for (const state of incidentStates) {
        expect(stepByPerson({ state, source }, 'recover')).toBeUndefined();
        expect(stepByPerson({ state, source }, 'contain')).toBeUndefined();
      }
    }
    expect(describeRefusedStep({ state: 'open', source: 'guardian' }, 'recover')).toContain(
      'its guardian says',
    );
    expect(describeRefusedStep({ state: 'open', source: 'contract' }, 'recover')).toContain(
      'contract settle',
    );
  });

  it('says what is possible instead of a step that is not', () => {
    expect(describeRefusedStep({ state: 'open', source: 'event' }, 'close')).toBe(
      'it is open: what can be done is respond, contain, recover',
    );
    expect(describeRefusedStep({ state: 'closed', source: 'event' }, 'reopen')).toContain(
      'nothing more',
    );
  });

  it('comes to closed only by way of resolved, whatever is done in whichever order', () => {
    const anyEvent = fc.constantFrom(...incidentEvents);
    fc.assert(
      fc.property(
        fc.constantFrom(...incidentSources),
        fc.array(fc.tuple(anyEvent, fc.boolean()), { maxLength: 30 }),
        (source, tries) => {
          let state: IncidentState = 'open';
          for (const [event, isPerson] of tries) {
            const step = (isPerson ? stepByPerson : stepBySource)({ state, source }, event);
            if (step === undefined) continue;
            if (step.to === 'closed') expect(state).toBe('resolved');
            if (isOver(state) && !isOver(step.to)) expect(event).toBe('reopen');
            state = step.to;
          }
        },
      ),
    );
  });
});
