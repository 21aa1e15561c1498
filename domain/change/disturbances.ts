import type { ChangeRequest } from './change-request.ts';

/** What a request disturbs: what it says itself, and the application's own item while it is deployed. */
export function disturbancesOf(
  request: ChangeRequest,
  applicationItem: string | undefined,
): ChangeRequest['affects'] {
  const own =
    applicationItem === undefined || request.affects.some(({ item }) => item === applicationItem)
      ? []
      : [{ item: applicationItem, effect: 'degraded' as const }];
  return [...request.affects, ...own];
}
