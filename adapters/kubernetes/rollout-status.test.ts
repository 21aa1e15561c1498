import { describe, expect, it } from 'vitest';
import type { ClusterObject } from './cluster-objects.ts';
import { rolloutStatus } from './rollout-status.ts';

const objectOf = (
  apiVersion: string,
  kind: string,
  spec: object,
  status: object,
  generation = 2,
): ClusterObject => ({ apiVersion, kind, metadata: { name: 'x', generation }, spec, status });

const deployment = (status: object, spec: object = { replicas: 3 }) =>
  objectOf('apps/v1', 'Deployment', spec, { observedGeneration: 2, ...status });
const settled = { replicas: 3, updatedReplicas: 3, availableReplicas: 3 };

describe('whether a Deployment is rolled out', () => {
  it.each([
    ['all updated and available', settled, 'ready'],
    ['an update that was not seen yet', { ...settled, observedGeneration: 1 }, 'starting'],
    ['a status that was never written', { observedGeneration: undefined }, 'starting'],
    ['too few updated', { ...settled, updatedReplicas: 2 }, 'starting'],
    ['old replicas that still end', { ...settled, replicas: 4 }, 'starting'],
    ['an updated one that is not available', { ...settled, availableReplicas: 2 }, 'starting'],
    [
      'a deadline that was exceeded',
      {
        ...settled,
        availableReplicas: 2,
        conditions: [
          {
            type: 'Progressing',
            status: 'False',
            reason: 'ProgressDeadlineExceeded',
            message: 'm',
          },
        ],
      },
      'failed',
    ],
  ])('with %s', (_, status, state) => {
    expect(rolloutStatus(deployment(status), 2).state).toBe(state);
  });

  it('is not by the status of an earlier specification than our own apply made', () => {
    expect(rolloutStatus(deployment(settled), 3).state).toBe('starting');
  });

  it('is by that of a later one, for somebody has changed it since', () => {
    const later = objectOf(
      'apps/v1',
      'Deployment',
      { replicas: 3 },
      { ...settled, observedGeneration: 5 },
      5,
    );
    expect(rolloutStatus(later, 2).state).toBe('ready');
  });

  it('with no replicas wanted', () => {
    expect(rolloutStatus(deployment({}, { replicas: 0 }), 2).state).toBe('ready');
  });
});

describe('whether a StatefulSet is rolled out', () => {
  const statefulSet = (status: object, rollingUpdate: object = { partition: 0 }) =>
    objectOf(
      'apps/v1',
      'StatefulSet',
      { replicas: 3, updateStrategy: { type: 'RollingUpdate', rollingUpdate } },
      {
        observedGeneration: 2,
        readyReplicas: 3,
        updateRevision: 'b',
        currentRevision: 'b',
        ...status,
      },
    );

  it.each([
    ['all ready at the same revision', {}, {}, 'ready'],
    ['one that is not ready', { readyReplicas: 2 }, {}, 'starting'],
    ['pods of the old revision', { currentRevision: 'a', updatedReplicas: 1 }, {}, 'starting'],
    [
      'a partition that is not done',
      { updatedReplicas: 0, currentRevision: 'a' },
      { partition: 2 },
      'starting',
    ],
    [
      'a partition that is done',
      { updatedReplicas: 1, currentRevision: 'a' },
      { partition: 2 },
      'ready',
    ],
    ['an update that was not seen yet', { observedGeneration: 1 }, {}, 'starting'],
  ])('with %s', (_, status, rollingUpdate, state) => {
    expect(rolloutStatus(statefulSet(status, rollingUpdate), 2).state).toBe(state);
  });

  it('cannot be told where pods are replaced by hand', () => {
    const byHand = objectOf(
      'apps/v1',
      'StatefulSet',
      { replicas: 1, updateStrategy: { type: 'OnDelete' } },
      { observedGeneration: 2 },
    );
    expect(rolloutStatus(byHand, 2)).toMatchObject({ state: 'failed' });
  });
});

describe('whether a DaemonSet is rolled out', () => {
  const daemonSet = (status: object) =>
    objectOf(
      'apps/v1',
      'DaemonSet',
      { updateStrategy: { type: 'RollingUpdate' } },
      {
        observedGeneration: 2,
        desiredNumberScheduled: 3,
        updatedNumberScheduled: 3,
        numberAvailable: 3,
        ...status,
      },
    );

  it.each([
    ['all updated and available', {}, 'ready'],
    ['nodes without the new pod', { updatedNumberScheduled: 1 }, 'starting'],
    ['a pod that is not available', { numberAvailable: 2 }, 'starting'],
    ['an update that was not seen yet', { observedGeneration: 1 }, 'starting'],
  ])('with %s', (_, status, state) => {
    expect(rolloutStatus(daemonSet(status), 2).state).toBe(state);
  });
});

describe('other kinds', () => {
  const job = (...conditions: object[]) =>
    objectOf('batch/v1', 'Job', {}, { active: 1, conditions });

  it.each([
    ['a Job at work', job(), 'starting'],
    ['a Job that is complete', job({ type: 'Complete', status: 'True' }), 'ready'],
    ['a Job that failed', job({ type: 'Failed', status: 'True', message: 'backoff' }), 'failed'],
    ['a Service', objectOf('v1', 'Service', {}, {}), 'ready'],
    [
      'a custom resource that says it is not ready',
      objectOf('x.io/v1', 'Thing', {}, { conditions: [{ type: 'Ready', status: 'False' }] }),
      'starting',
    ],
    [
      'a custom resource that says it is',
      objectOf('x.io/v1', 'Thing', {}, { conditions: [{ type: 'Ready', status: 'True' }] }),
      'ready',
    ],
  ])('%s', (_, object, state) => {
    expect(rolloutStatus(object, 2).state).toBe(state);
  });

  it('are not ready while they are being deleted', () => {
    const going = {
      ...deployment(settled),
      metadata: { name: 'x', generation: 2, deletionTimestamp: '2026-11-25T00:00:00Z' },
    };
    expect(rolloutStatus(going, 2)).toEqual({ state: 'failed', detail: 'is being deleted' });
  });
});
