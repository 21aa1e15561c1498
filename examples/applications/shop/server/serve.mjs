import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const { PORT, HOST, CTC_COMPONENT, CTC_DATACENTRE, CTC_RELEASE } = process.env;
const callTimeoutMs = 1_500;

/** What this process is, for pages and answers. */
export const self = { component: CTC_COMPONENT, datacentre: CTC_DATACENTRE, release: CTC_RELEASE };

/**
 * Serves `answer(call)` on $PORT, and /healthz. Every answer says in Server-Timing how long this component
 * took itself, without what it called, and passes on what the called ones say.
 */
export async function serve(answer) {
  const server = createServer(async (request, response) => {
    if (request.url === '/healthz') return response.end('ok\n');
    const startedMs = performance.now();
    const called = { timings: [], ms: 0 };
    try {
      const { type, body } = await answer((name) => callComponent(name, called));
      const ownMs = performance.now() - startedMs - called.ms;
      response.writeHead(200, { 'content-type': type, 'server-timing': timings(ownMs, called) });
      response.end(body);
    } catch (error) {
      console.error(error);
      const ownMs = performance.now() - startedMs - called.ms;
      response.writeHead(502, { 'content-type': 'text/plain', 'server-timing': timings(ownMs, called) });
      response.end(`${self.component} in ${self.datacentre}: ${error.message}\n`);
    }
  });
  // Lets tests look at a component that takes its time to come up.
  await delay(Number(process.env.START_DELAY_MS ?? 0));
  server.listen(Number(PORT), HOST, () => {
    console.log(`${self.component} ${self.release} in ${self.datacentre} listens on port ${PORT}`);
  });
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

function timings(ownMs, { timings: passedOn }) {
  const own = `${self.component};desc="${self.datacentre}";dur=${Math.max(0, ownMs).toFixed(1)}`;
  return [own, ...passedOn].join(', ');
}

/** Asks the replicas of a component in order, the nearest first, until one answers. */
async function callComponent(name, called) {
  const urls = (process.env[`CTC_BINDING_${name.toUpperCase()}`] ?? '').split(',').filter(Boolean);
  const startedMs = performance.now();
  const failures = [];
  try {
    for (const url of urls) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(callTimeoutMs) });
        if (!response.ok) throw new Error(`answers ${response.status}`);
        const body = await response.json();
        called.timings.push(response.headers.get('server-timing') ?? '');
        return body;
      } catch (error) {
        failures.push(`${url} ${error.cause?.code ?? error.message}`);
      }
    }
  } finally {
    called.ms += performance.now() - startedMs;
  }
  throw new Error(`no ${name} answers: ${failures.join('; ') || 'none is bound'}`);
}
