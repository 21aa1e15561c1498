/**
 * Kubernetes control planes for a developer: `npm run kubernetes -- --datacentres 3`. Prints where their
 * kubeconfig files are, and ends them at Ctrl-C. Needs Go the first time (docs/development.md).
 */
import { parseArgs } from 'node:util';
import { isDomainError } from '../../domain/errors.ts';
import { startDatacentres } from '../../test/support/kubernetes/start-datacentres.ts';

const { values } = parseArgs({ options: { datacentres: { type: 'string', default: '3' } } });
const count = Number(values.datacentres);
if (!Number.isInteger(count) || count < 1 || count > 20) {
  console.error(`--datacentres ${values.datacentres}: give a whole number from 1 to 20`);
  process.exit(2);
}

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});
try {
  const startedAt = performance.now();
  const starting = startDatacentres(count, {
    onBuild: () => console.log('Building the control plane (once; about ten minutes) …'),
  });
  const datacentres = await Promise.race([starting, stopped]);
  // Who changes their mind does not wait for a build; what has been started ends with us.
  if (datacentres === undefined) process.exit(130);
  for (const { name, url, kubeconfig } of datacentres.all) {
    console.log(`${name.padEnd(6)} ${url}  KUBECONFIG=${kubeconfig}`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`Ready after ${seconds} s; Ctrl-C ends them and removes their data.`);
  const kept = setInterval(() => {}, 60_000);
  await stopped;
  clearInterval(kept);
  await datacentres.stop();
} catch (error) {
  if (!isDomainError(error)) throw error;
  for (const { message } of error.complaints) console.error(message);
  console.error(`${error.message} ${error.remedy ?? ''}`);
  process.exitCode = 1;
}
