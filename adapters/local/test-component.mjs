// What the tests deploy: one replica that tells what it was started with and misbehaves on request.
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const { PORT, HOST, CTC_COMPONENT, CTC_DATACENTRE, CTC_RELEASE, DELAY_MS = '0' } = process.env;

if (process.env.CRASH !== undefined) {
  console.error(`Error: ${process.env.CRASH}`);
  process.exit(3);
}
if (process.env.STUBBORN !== undefined) process.on('SIGTERM', () => console.log('SIGTERM ignored'));

let healthy = process.env.SICK === undefined;
const server = createServer(async (request, response) => {
  if (request.url?.startsWith('/healthz')) {
    response.writeHead(healthy ? 200 : 503).end();
  } else if (request.url === '/sicken') {
    healthy = false;
    response.end();
  } else if (request.url === '/exit') {
    console.error('asked to end');
    process.exit(7);
  } else {
    const begun = performance.now();
    await delay(Number(DELAY_MS));
    const durationMs = (performance.now() - begun).toFixed(1);
    response.writeHead(200, {
      'content-type': 'application/json',
      'server-timing': `${CTC_COMPONENT};desc="${CTC_DATACENTRE}";dur=${durationMs}`,
    });
    response.end(JSON.stringify({ pid: process.pid, release: CTC_RELEASE, env: process.env }));
  }
});
server.listen(Number(PORT), HOST, () => console.log(`${CTC_COMPONENT} listens`));
