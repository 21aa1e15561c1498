import type { StoredAttempt } from './ports.ts';

/** An attempt that from now on says of the datacentres of `instead` what that says of them. */
export function withoutSites(attempt: StoredAttempt, instead: StoredAttempt): StoredAttempt {
  const replaced = <T extends { readonly datacentre: string }>(
    ours: readonly T[],
    theirs: readonly T[],
  ): T[] => [...ours.filter(({ datacentre }) => !(datacentre in instead.desired)), ...theirs];
  const { placement } = attempt;
  return {
    ...attempt,
    placement: {
      ...placement,
      assignments: replaced(placement.assignments, instead.placement.assignments),
    },
    desired: { ...attempt.desired, ...instead.desired },
    endpoints: replaced(attempt.endpoints, instead.endpoints),
  };
}
