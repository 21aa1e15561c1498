// A worker of its own for the tests: applies what it is given, says how it went, and stays until killed.
import type { DesiredState, Fence } from '../../domain/deployment/ports.ts';
import { createLocalDriver } from './local-driver.ts';

interface Order {
  readonly stateDirectory: string;
  readonly desired: DesiredState;
  readonly fence: Fence;
}

const { stateDirectory, desired, fence } = JSON.parse(process.argv[2] ?? '{}') as Order;
const driver = createLocalDriver({ stateDirectory, stopGraceMs: 1_000 });
const outcome = await driver.apply(desired, fence).then(
  () => 'applied',
  (error: unknown) => (error as { kind?: string }).kind ?? String(error),
);
process.stdout.write(`${outcome}\n`);
setInterval(() => {}, 60_000);
