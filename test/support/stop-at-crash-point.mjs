/**
 * Preloaded into the worker by the crash tests (NODE_OPTIONS): before and after each activity it counts a crash
 * point, and at the one that the test has chosen it stands still until the test has killed whom it wants to.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const directory = process.env.CTC_TEST_CRASH_POINTS;
if (directory !== undefined && process.argv[1]?.endsWith('worker/main.ts')) {
  const { Worker } = await import('@temporalio/worker');
  const create = Worker.create.bind(Worker);
  Worker.create = (options) =>
    create({ ...options, activities: withCrashPoints(options.activities, directory) });
}

function withCrashPoints(activities, directory) {
  const point = async (name) => {
    const chosen = join(directory, 'chosen');
    if (!existsSync(chosen)) return;
    const points = join(directory, 'points');
    appendFileSync(points, `${name}\n`);
    const passed = readFileSync(points, 'utf8').trimEnd().split('\n').length;
    if (passed !== Number(readFileSync(chosen, 'utf8'))) return;
    writeFileSync(join(directory, 'reached'), name);
    while (!existsSync(join(directory, 'go'))) await delay(5);
  };
  return Object.fromEntries(
    Object.entries(activities).map(([name, act]) => [
      name,
      async (...args) => {
        await point(`before ${name}`);
        const answer = await act(...args);
        await point(`after ${name}`);
        return answer;
      },
    ]),
  );
}
