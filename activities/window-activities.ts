import type { WindowSteps } from '../domain/change/change-steps.ts';
import type { ChangeRegister } from '../domain/change/ports.ts';
import type { InventoryReader } from '../domain/inventory/ports.ts';
import { nextChangeWindow } from '../domain/windows/change-window.ts';

export interface WindowActivityPorts {
  readonly changes: Pick<ChangeRegister, 'requestedChange'>;
  readonly inventory: Pick<InventoryReader, 'datacentres'>;
  /** ISO instant. */
  readonly now: () => string;
}

/** What only a calendar can say, and a workflow must not. */
export function createWindowActivities(ports: WindowActivityPorts): WindowSteps {
  const { changes, inventory, now } = ports;
  return {
    async findNextWindow({ changeId }) {
      const { request, window } = await changes.requestedChange(changeId);
      const asked = request.window;
      if (asked.recurrence === undefined) return null;
      const resolved = nextChangeWindow(asked, {
        afterMs: Math.max(Date.parse(now()), Date.parse(window.opensAt) + 1),
        datacentres:
          asked.perDatacentre === true ? await inventory.datacentres(request.datacentres) : [],
      });
      if (resolved === undefined) return null;
      const { opensAt, closesAt } = resolved;
      return { request: { asked, resolved }, opensAt, closesAt };
    },
  };
}
