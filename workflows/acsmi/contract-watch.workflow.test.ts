import { describe, expect, it } from 'vitest';
import { createContractRegister } from '../../adapters/postgres/contract-register.ts';
import { createSlaReader } from '../../adapters/postgres/sla-reader.ts';
import { contractSchema } from '../../domain/acsmi/contract.ts';
import type { ContractRound } from '../../domain/acsmi/ports.ts';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
import { dayMs } from '../../test/support/workflow-harness.ts';

const harness = useWorkflowHarness();

/** As the schedule starts it. */
const watch = (): Promise<ContractRound> =>
  harness.environment.client.workflow.execute<() => Promise<ContractRound>>(
    'contractWatchWorkflow',
    { workflowId: 'contract-watch', taskQueue: harness.taskQueue, args: [] },
  );
const dayIn = async (ms: number): Promise<string> =>
  new Date((await harness.nowMs()) + ms).toISOString().slice(0, 10);

describe('contracts of what runs', () => {
  it('are kept with a deployment that is verified, and warned of when they end', async () => {
    const { database } = harness;
    const at = new Date(await harness.nowMs()).toISOString();
    const contracts = createContractRegister({ database, now: () => at });
    const contract = contractSchema.parse({
      title: 'All of it',
      provider: 'iberia-cloud',
      covers: { datacentres: ['mad', 'bcn', 'par'] },
      starts: await dayIn(-dayMs),
      ends: await dayIn(90 * dayMs),
      noticeDays: 30,
      terms: { availabilityPercent: 99.9, monthlyFee: { amount: 100, currency: 'EUR' } },
    });
    await contracts.register(contract, 'marta');
    const application = await harness.registerApplication();
    const id = await harness.requestRelease(application, '1.0.0');
    await harness.approve(id);
    await harness.untilState(id, 'completed');

    const slas = createSlaReader({ database, now: () => at });
    const sla = await slas.sla(application);
    expect(sla.atDeployment).toEqual(expect.objectContaining({ verdict: sla.verdict }));
    expect(sla.atDeployment?.units.map(({ contract: by }) => by)).toContain('CON-1');

    expect(await watch()).toMatchObject({ judged: 1, breaches: 0, proposals: 0 });
    await harness.sleep(31 * dayMs);
    expect(await watch()).toMatchObject({ proposals: 1 });
    // Everything it may go to is covered by the same contract.
    expect(await database('acsmi_proposal').where({ application }).pluck('what_to_do')).toEqual([
      expect.stringContaining('may go nowhere else'),
    ]);
    expect(await watch()).toMatchObject({ proposals: 0 });
  });
});
