import {
  allPermissions,
  permissions,
  reachOf,
  roles,
  rolesWith,
  type Reach,
} from '../domain/access/roles.ts';
import { generateDocument } from './generated-document.ts';

const reaches: Readonly<Record<Reach, string>> = {
  open: 'anywhere',
  target: 'grant',
  company: 'company',
};

/** Writes docs/permissions.md from the one table; with --check it only says whether the file is current. */
await generateDocument('permissions.md', () =>
  [
    '# Permissions',
    '',
    'Generated from `domain/access/roles.ts` by `npm run docs`: do not edit.',
    '',
    'A role is held by a _grant_: everywhere, or within departments, datacentres and solutions (`ctc access grant ana operator --departments web-platform --datacentres mad,bcn`). A company makes roles of its own from these permissions (`ctc access role create`).',
    '',
    'How far a grant must reach says the second column:',
    '',
    '- **anywhere**: whoever has it by any grant has it for everything. Reading is so; customers are for those with `customer.read`, and alerts are one’s own.',
    '- **grant**: one grant has to cover all that is acted on. A change acts on its department, that of its application and those of the items it takes down; on the datacentres it names, those of the items and those where the application runs; and on the solutions that its assessment found. A grant that is limited in one of these covers nothing that is not confined there: who has only Madrid cannot stop the line of a department, nor who has only a department that of Madrid.',
    '- **company**: it concerns everybody, and takes a grant without limits.',
    '',
    `| permission | reach | ${roles.join(' | ')} |`,
    `| --- | --- | ${roles.map(() => ':-:').join(' | ')} |`,
    ...allPermissions.map(
      (one) =>
        `| \`${one}\` | ${reaches[reachOf(one)]} | ${roles.map((role) => (rolesWith(one).includes(role) ? '✓' : '')).join(' | ')} |`,
    ),
    '',
    '## What each lets you do',
    '',
    ...allPermissions.map((one) => `- \`${one}\`: ${permissions[one].lets}.`),
    '',
  ].join('\n'),
);
