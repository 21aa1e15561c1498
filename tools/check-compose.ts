import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/**
 * Checks docker-compose.yml with Docker's own reader (or the library behind it), and that no secret has a default: without the secrets
 * the stack must refuse to start, naming each.
 */
const secrets = ['POSTGRES_PASSWORD', 'TEMPORAL_DB_PASSWORD', 'CTC_BOOTSTRAP_ADMIN_TOKEN'];
const given = Object.fromEntries(secrets.map((name) => [name, 'check-only']));
const kept = [
  'PATH',
  'HOME',
  'GOPROXY',
  'GOFLAGS',
  'GOSUMDB',
  'GOCACHE',
  'GOMODCACHE',
  'GONOSUMDB',
  'GONOSUMCHECK',
];
const bare = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      kept.includes(name) ||
      name.endsWith('_PROXY') ||
      name.endsWith('_proxy') ||
      name.startsWith('SSL_'),
  ),
);

const docker = ['docker', 'compose', '--env-file', '/dev/null', 'config'];
/** The same reader as Docker's, where Docker is not installed. */
const reader = ['go', 'run', '-C', 'tools/compose', '.', '../../docker-compose.yml'];
const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;

const config = (env: NodeJS.ProcessEnv): { ok: boolean; output: string } => {
  const [command = '', ...args] = hasCompose ? docker : reader;
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (error !== undefined) {
    throw new Error(`Neither "docker compose" nor Go is here to read the file: ${error.message}`);
  }
  return { ok: status === 0, output: status === 0 ? stdout : stderr };
};

const problems: string[] = [];
const whole = config({ ...bare, ...given });
if (!whole.ok) problems.push(whole.output);
for (const name of secrets) {
  const without = config({ ...bare, ...given, [name]: '' });
  if (without.ok) problems.push(`${name} has a usable default.`);
  else if (!without.output.includes(name))
    problems.push(`Nothing names ${name} when it is missing.`);
}
const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, { healthcheck?: unknown; command?: string[] }>;
};
for (const [name, { healthcheck, command }] of Object.entries(services)) {
  const oneShot = command?.includes('migrate') === true;
  if (healthcheck === undefined && !oneShot && name !== 'temporal-ui') {
    problems.push(`${name} has no health check.`);
  }
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
