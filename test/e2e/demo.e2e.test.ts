import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { clearData } from '../../platform/embedded/clear-data.ts';

const root = join(import.meta.dirname, '..', '..');

it('the demonstration keeps every promise about the changes, and ends by itself', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'ctc-demo-'));
  const directory = join(parent, 'data');
  try {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'cli/demo/main.ts', '--data-dir', directory],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    // Speed and memory are promises of an idle machine; this one runs tests.
    const broken = output
      .split('\n')
      .filter((line) => line.includes('not kept:'))
      .filter((line) => !/ready within|finished within|memory/.test(line));
    expect(broken, output + errors).toEqual([]);
    for (const promise of [
      'the conflict of D with A is found',
      'the owners of both are alerted',
      'D moves to the next free window',
      'A is verified in three datacentres',
      'B is completed after a redeployment',
      'C is rolled back to release 1.1.0',
      'the last verified release answers again everywhere',
    ]) {
      expect(output).toContain(`✔ ${promise}`);
    }
    expect(output).toMatch(/API documentation: http:\/\/127\.0\.0\.1:\d+\/docs/);
    // Piped: plain lines, no colours.

    expect(output).not.toMatch(/\u001b\[/);
  } finally {
    await clearData(directory);
    await rm(parent, { recursive: true, force: true });
  }
});
