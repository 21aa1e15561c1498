// What the shop's three components share. Only Node's own modules: it runs straight from the release.
import { Agent, createServer, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const {
  PORT,
  HOST,
  CTC_COMPONENT,
  CTC_DATACENTRE,
  CTC_RELEASE,
  START_DELAY_MS = '0',
} = process.env;

/** A replica that takes longer is given up for the next one; well over what a slow but living one needs. */
const callTimeoutMs = 800;
const shutdownTimeoutMs = 3_000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** What this process is, for pages and answers. */
export const self = { component: CTC_COMPONENT, datacentre: CTC_DATACENTRE, release: CTC_RELEASE };

/**
 * Serves `answer(call)` at `/` on $PORT, and `/healthz`. Every answer says in Server-Timing how long this
 * component took itself, without what it called, and passes on what the called ones say.
 */
export async function serve(answer) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/healthz') response.end('ok\n');
    else if (pathname === '/') void respond(response, answer);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('Nothing is here.\n');
  });
  process.once('SIGTERM', () => {
    // Requests under way are answered; connections without one are closed.
    server.close(() => process.exit(0));
    setTimeout(() => process.exit(0), shutdownTimeoutMs).unref();
    if (!server.listening) process.exit(0);
  });
  // Lets tests look at a component that takes its time to come up.
  await delay(Number(START_DELAY_MS));
  server.listen(Number(PORT), HOST, () => log(`listens on port ${PORT}`));
}

/** Ends the process the way a program does that cannot start. */
export function failToStart(error) {
  log(`cannot start: ${error.message}`);
  process.exit(1);
}

async function respond(response, answer) {
  const begun = performance.now();
  const called = { timings: [], ms: 0 };
  const send = (status, type, body) => {
    const ownMs = Math.max(0, performance.now() - begun - called.ms);
    const own = `${self.component};desc="${self.datacentre}";dur=${ownMs.toFixed(1)}`;
    response.writeHead(status, {
      'content-type': type,
      'server-timing': [own, ...called.timings].join(', '),
    });
    response.end(body);
  };
  try {
    const { type, body } = await answer((name) => callComponent(name, called));
    send(200, type, body);
  } catch (error) {
    log(error.message);
    send(
      502,
      'text/plain; charset=utf-8',
      `${self.component} in ${self.datacentre}: ${error.message}\n`,
    );
  }
}

/** Asks the replicas of a component in the order they were bound, the nearest first, until one answers. */
async function callComponent(name, called) {
  const variable = `CTC_BINDING_${name.toUpperCase().replaceAll(/[-.]/g, '_')}`;
  const urls = (process.env[variable] ?? '').split(',').filter((url) => url !== '');
  const begun = performance.now();
  const failures = [];
  try {
    for (const url of urls) {
      try {
        const { body, timing } = await getJson(url);
        if (timing !== undefined) called.timings.push(timing);
        return body;
      } catch (error) {
        failures.push(`${url} ${error.message}`);
      }
    }
  } finally {
    called.ms += performance.now() - begun;
  }
  throw new Error(`no ${name} answers: ${failures.join('; ') || 'none is bound'}`);
}

/** node:http and not fetch, which would take several megabytes more in each of the processes. */
function getJson(url) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(callTimeoutMs);
    const fail = (error) =>
      reject(
        new Error(
          signal.aborted ? `no answer in ${callTimeoutMs} ms` : (error.code ?? error.message),
        ),
      );
    const request = get(url, { agent, signal }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        if (response.statusCode !== 200) return reject(new Error(`answers ${response.statusCode}`));
        try {
          const body = JSON.parse(Buffer.concat(chunks).toString());
          resolve({ body, timing: response.headers['server-timing'] });
        } catch (error) {
          reject(error);
        }
      });
    });
    request.on('error', fail);
  });
}

function log(text) {
  console.error(
    `${new Date().toISOString()} ${self.component} ${self.release} in ${self.datacentre}: ${text}`,
  );
}
