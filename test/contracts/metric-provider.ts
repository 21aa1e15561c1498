import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDomainError } from '../../domain/errors.ts';
import { complaintAboutSize } from '../../domain/verification/metric-value.ts';
import type { MetricProvider, MetricRequest } from '../../domain/verification/metric-ports.ts';
import type { MetricProviderKind } from '../../domain/verification/metric-providers.ts';
import { noSignal } from '../support/metric-requests.ts';

export interface MetricProviderSetup<Kind extends MetricProviderKind> {
  readonly provider: MetricProvider<Kind>;
  /** Gives a value. */
  readonly good: MetricRequest<Kind>;
  /** Is answered, without data. */
  readonly empty?: MetricRequest<Kind>;
  /** Cannot be measured. */
  readonly broken: MetricRequest<Kind>;
  /** Is never answered. */
  readonly hanging: MetricRequest<Kind>;
  readonly close?: () => Promise<void>;
}

/** What every way to measure keeps to. */
export function describeMetricProviderContract<Kind extends MetricProviderKind>(
  name: string,
  create: () => Promise<MetricProviderSetup<Kind>>,
): void {
  describe(`${name} as a provider of metrics`, () => {
    let setup: MetricProviderSetup<Kind>;
    beforeAll(async () => {
      setup = await create();
    });
    afterAll(async () => {
      await setup.close?.();
    });

    it('gives a value that can be judged, and says what was asked', async () => {
      const { value, detail } = await setup.provider.measure(setup.good, noSignal());
      expect(value).toBeDefined();
      expect(complaintAboutSize(value)).toBeUndefined();
      expect(JSON.parse(JSON.stringify(value))).toEqual(value);
      expect(detail).not.toBe('');
      expect(detail).not.toContain('\n');
    });

    it('can be asked for the same measurement again, as after a crash', async () => {
      const first = await setup.provider.measure(setup.good, noSignal());
      const again = await setup.provider.measure(setup.good, noSignal());
      expect(typeof again.value).toBe(typeof first.value);
    });

    it('says that there is no data in place of an error or a value', async () => {
      if (setup.empty === undefined) return;
      const { value, detail } = await setup.provider.measure(setup.empty, noSignal());
      expect(value).toBeUndefined();
      expect(detail).not.toBe('');
    });

    it('says what cannot be measured, why, and what to do', async () => {
      const error: unknown = await setup.provider
        .measure(setup.broken, noSignal())
        .catch((thrown: unknown) => thrown);
      expect(isDomainError(error)).toBe(true);
      if (!isDomainError(error)) return;
      expect(error.message).toMatch(/\.$/);
      expect(error.remedy).toMatch(/\.$/);
    });

    it('stops at once when nobody waits any more, with the reason for it', async () => {
      const controller = new AbortController();
      const measuring = setup.provider.measure(setup.hanging, { signal: controller.signal });
      const reason = new Error('the test has seen enough');
      setTimeout(() => controller.abort(reason), 50);
      await expect(measuring).rejects.toBe(reason);
    });

    it('asks nothing when it is stopped before it begins', async () => {
      const reason = new Error('too late');
      await expect(
        setup.provider.measure(setup.hanging, { signal: AbortSignal.abort(reason) }),
      ).rejects.toBe(reason);
    });
  });
}
