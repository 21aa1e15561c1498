import { expect, it } from 'vitest';
import { summariseImpact, type ServiceFacts } from './summarise-impact.ts';

const facts: Record<string, ServiceFacts> = {
  s1: {
    solution: 'web',
    department: 'hosting',
    customer: 'c1',
    contractLevel: 'gold',
    country: 'ES',
  },
  s2: {
    solution: 'mail',
    department: 'mail',
    customer: 'c1',
    contractLevel: 'gold',
    country: 'ES',
  },
  s3: {
    solution: 'web',
    department: 'hosting',
    customer: 'c2',
    contractLevel: 'basic',
    country: 'FR',
  },
};

it('counts services by state, and each customer once in its worst state', () => {
  const summary = summariseImpact(
    { services: { down: ['s1'], degraded: [], atRisk: ['s2', 's3'] } },
    (service) => facts[service]!,
  );
  expect(summary.total).toEqual({
    services: { down: 1, degraded: 0, atRisk: 2 },
    customers: { down: 1, degraded: 0, atRisk: 1 },
  });
  expect(summary.bySolution).toEqual([
    // Within mail the customer is only at risk, although its web service is down.
    {
      key: 'mail',
      services: { down: 0, degraded: 0, atRisk: 1 },
      customers: { down: 0, degraded: 0, atRisk: 1 },
    },
    {
      key: 'web',
      services: { down: 1, degraded: 0, atRisk: 1 },
      customers: { down: 1, degraded: 0, atRisk: 1 },
    },
  ]);
  expect(summary.byContractLevel.map(({ key }) => key)).toEqual(['basic', 'gold']);
  expect(summary.byCountry.map(({ key }) => key)).toEqual(['ES', 'FR']);
  expect(summary.byDepartment.map(({ key }) => key)).toEqual(['hosting', 'mail']);
});

it('is all zero for an impact on no service', () => {
  const summary = summariseImpact(
    { services: { down: [], degraded: [], atRisk: [] } },
    () => facts.s1!,
  );
  expect(summary.total.customers).toEqual({ down: 0, degraded: 0, atRisk: 0 });
  expect(summary.bySolution).toEqual([]);
});
