import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeMetricProviderContract } from '../../test/contracts/metric-provider.ts';
import { metricRequest, noSignal } from '../../test/support/metric-requests.ts';
import { createCommandMetric } from './command-metric.ts';

let directory: string;
const program = (name: string): string => join(directory, name);
const programs = {
  value: 'cat > /dev/null; echo \'{"errors": 3}\'; exit 2',
  number: 'echo 0.5',
  text: 'echo fine; echo "and a word" >&2',
  silent: 'exit 0',
  input: 'cat',
  arguments: 'printf "%s|" "$@"',
  environment: 'env',
  endless: 'exec sleep 1000',
  // What it leaves running would write and wait for ever.
  family: 'echo $$ > "$1"; sleep 1000 & exec sleep 1000',
  orphan: 'sleep 1000 & echo 1',
  chatty: 'yes',
  suicide: 'kill -TERM $$',
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ctc-test-commands-'));
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(program(name), `#!/bin/sh\n${text}\n`);
    await chmod(program(name), 0o755);
  }
});
afterAll(() => rm(directory, { recursive: true }));

const allowed = (): string[] => [...Object.keys(programs).map(program), '/nowhere/program'];
const of = (name: string, ...args: string[]) =>
  metricRequest<'command'>({
    kind: 'command',
    program: name.startsWith('/') ? name : program(name),
    args,
  });
const measure = (name: string, ...args: string[]) =>
  createCommandMetric({ programs: allowed() }).measure(of(name, ...args), noSignal());

describeMetricProviderContract('a command', async () => {
  const own = await mkdtemp(join(tmpdir(), 'ctc-test-command-'));
  await writeFile(join(own, 'good'), '#!/bin/sh\necho 1\n', { mode: 0o755 });
  await writeFile(join(own, 'hanging'), '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
  const names = ['good', 'hanging', 'missing'].map((name) => join(own, name));
  const [good = '', hanging = '', missing = ''] = names;
  return {
    provider: createCommandMetric({ programs: names }),
    good: of(good),
    broken: of(missing),
    hanging: of(hanging),
    close: () => rm(own, { recursive: true }),
  };
});

describe('a command', () => {
  it.each([
    ['value', { exitCode: 2, output: { errors: 3 } }],
    ['number', { exitCode: 0, output: 0.5 }],
    ['text', { exitCode: 0, output: 'fine' }],
    ['silent', { exitCode: 0, output: null }],
  ])('"%s" measures its exit code and what it writes', async (name, value) => {
    expect((await measure(name)).value).toEqual(value);
  });

  it('says what it wrote on standard error', async () => {
    expect((await measure('text')).detail).toMatch(/text exits with 0: and a word$/);
  });

  it('gets what is verified as JSON', async () => {
    expect((await measure('input')).value).toMatchObject({
      output: { application: 'shop', datacentre: 'mad', attempt: 2, metric: 'm', number: 1 },
    });
  });

  it('gets its arguments as they are: no shell reads them', async () => {
    const { value } = await measure('arguments', '$(id)', '`id`; id', '{{args.release}}', '');
    expect(value).toEqual({ exitCode: 0, output: '$(id)|`id`; id|1.0.0||' });
  });

  it('gets nothing of the environment of the worker', async () => {
    process.env['CTC_TEST_SECRET'] = 'of the worker';
    const { value } = await measure('environment');
    expect(JSON.stringify(value)).not.toContain('of the worker');
  });

  it('is ended with everything that it started when nobody waits any more', async () => {
    const file = program('group');
    const controller = new AbortController();
    const measuring = createCommandMetric({ programs: allowed() }).measure(of('family', file), {
      signal: controller.signal,
    });
    let group = '';
    while (group === '') {
      await delay(10);
      group = await readFile(file, 'utf8').catch(() => '');
    }
    controller.abort(new Error('enough'));
    await expect(measuring).rejects.toThrow('enough');
    await expect.poll(() => isGroupAlive(Number(group)), { timeout: 5_000 }).toBe(false);
  });

  it('leaves nothing running behind, and is not waited for because of it', async () => {
    expect((await measure('orphan')).value).toEqual({ exitCode: 0, output: 1 });
  });

  it.each([
    ['/bin/sh', 'refused', /\/bin\/sh is not in CTC_VERIFICATION_COMMANDS; allowed: /],
    ['/nowhere/program', 'invalid', /cannot be run: .*ENOENT/],
    ['chatty', 'invalid', /more than 65536 bytes/],
    ['suicide', 'unavailable', /was ended by SIGTERM/],
  ])('%s is an error', async (name, kind, words) => {
    await expect(measure(name)).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(words),
    });
  });

  it('is not run where none is allowed', async () => {
    const none = createCommandMetric({ programs: [] });
    await expect(none.measure(of('number'), noSignal())).rejects.toThrow(/nothing is run/);
  });
});

function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
