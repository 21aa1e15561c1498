import { rolesWith } from '../domain/access/roles.ts';
import { endedStates, lifeCycle, reservedStates } from '../domain/change/life-cycle.ts';
import { generateDocument } from './generated-document.ts';

const who = (by: (typeof lifeCycle)[number]['by']): string =>
  by === 'workflow' ? 'the workflow' : rolesWith(by).join(', ');

const table = lifeCycle.map(
  ({ from, event, to, by, requires }) =>
    `| ${from} | ${event} | ${to} | ${who(by)} | ${requires} |`,
);
// Holds lead back to where they began: drawn once, they would hide everything else.
const arrows = lifeCycle
  .filter(({ from, to }) => from !== 'paused' && to !== 'paused')
  .map(({ from, event, to }) => `  ${id(from)} --> ${id(to)}: ${event}`);
const names = [...new Set(lifeCycle.flatMap(({ from, to }) => [from, to]))]
  .filter((state) => state !== 'paused')
  .map((state) => `  state "${state}" as ${id(state)}`);

/** Writes docs/life-cycle.md from the one table; with --check it only says whether the file is current. */
await generateDocument('life-cycle.md', () =>
  [
    '# The life cycle of a change',
    '',
    'Generated from `domain/change/life-cycle.ts` by `npm run docs`: do not edit.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...names,
    `  [*] --> ${id('requested')}: request`,
    ...arrows,
    '```',
    '',
    'A change can be put on hold in scheduled, simulating, deploying, verifying, deciding, redeploying and (with a runbook) implementing, by a person, and in all of these but deciding and implementing by a stop of the line; it is then `paused` and goes on where it was. A rollback is never held.',
    '',
    `An approved plan holds its window in: ${reservedStates.join(', ')}. The intervention has ended in: ${endedStates.join(', ')}.`,
    '',
    '| from | event | to | who | requires |',
    '| --- | --- | --- | --- | --- |',
    ...table,
    '',
  ].join('\n'),
);

function id(state: string): string {
  return state.replaceAll('-', '_');
}
