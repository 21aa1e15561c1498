import { it } from 'vitest';
import { useWorkflowHarness } from '../../test/support/vitest-harness.ts';
const harness = useWorkflowHarness();
it.each(Array.from({ length: 25 }, (_, i) => i))('round %i', async (i) => {
  const application = await harness.registerApplication();
  const id = await harness.requestRelease(application, '1.0.0');
  await harness.approve(id);
  const deadline = performance.now() + 20_000;
  for (;;) {
    const log = await harness.log(id);
    if (log.some(({ message }) => message.startsWith('Wave 2'))) break;
    if (performance.now() > deadline) throw new Error('never');
    if (i % 2 === 0) await harness.sleep(20);
  }
  await harness.send(id, 'cancel', { by: 'olga', reason: 'it must be so' });
  const until = performance.now() + 15_000;
  for (;;) {
    const { state } = await harness.change(id);
    if (state === 'rolled-back' || state === 'completed') break;
    if (performance.now() > until) {
      const h = await harness.environment.client.workflow.getHandle(`change/${id}`).fetchHistory();
      console.log(JSON.stringify((h.events ?? []).slice(-25).map((e) => ({ t: e.eventType, ...Object.fromEntries(Object.entries(e).filter(([k, v]) => k.endsWith('Attributes') && v)) })), null, 0).slice(0, 9000));
      throw new Error('hang');
    }
    await harness.sleep(200);
  }
});
