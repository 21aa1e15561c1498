import type { Knex } from 'knex';
import * as inventory from './0001-inventory.ts';
import * as access from './0002-access.ts';
import * as applications from './0003-applications.ts';
import * as changes from './0004-changes.ts';
import * as messages from './0005-messages.ts';
import * as inventoryVersions from './0006-inventory-versions.ts';
import * as interventions from './0007-interventions.ts';
import * as metricMeasurements from './0008-metric-measurements.ts';
import * as runbookSteps from './0009-runbook-steps.ts';
import * as lineStops from './0010-line-stops.ts';
import * as guardian from './0011-guardian.ts';
import * as comparisons from './0012-comparisons.ts';
import * as rehearsals from './0013-rehearsals.ts';
import * as acsmi from './0014-acsmi.ts';
import * as simulations from './0015-simulations.ts';
import * as ledger from './0016-ledger.ts';
import * as profiles from './0017-profiles.ts';
import * as signIn from './0017b-sign-in.ts';
import * as openidConnect from './0017c-openid-connect.ts';
import * as incidents from './0018-incidents.ts';
import * as risks from './0018-risks.ts';
import * as problems from './0018-problems.ts';
import * as approvalPolicies from './0019-approval-policies.ts';
import * as unauthorisedChanges from './0020-unauthorised-changes.ts';
import * as sealedLog from './0021-sealed-log.ts';

const migrations: Readonly<Record<string, Knex.Migration>> = {
  '0001-inventory': inventory,
  '0002-access': access,
  '0003-applications': applications,
  '0004-changes': changes,
  '0005-messages': messages,
  '0006-inventory-versions': inventoryVersions,
  '0007-interventions': interventions,
  '0008-metric-measurements': metricMeasurements,
  '0009-runbook-steps': runbookSteps,
  '0010-line-stops': lineStops,
  '0011-guardian': guardian,
  '0012-comparisons': comparisons,
  '0013-rehearsals': rehearsals,
  '0014-acsmi': acsmi,
  '0015-simulations': simulations,
  '0016-ledger': ledger,
  '0017-profiles': profiles,
  '0017b-sign-in': signIn,
  '0017c-openid-connect': openidConnect,
  '0018-incidents': incidents,
  '0018-risks': risks,
  '0018-problems': problems,
  '0019-approval-policies': approvalPolicies,
  '0020-unauthorised-changes': unauthorisedChanges,
  '0021-sealed-log': sealedLog,
};

/** Every migration by a name without extension: the names are persisted and never change. */
export const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: () => Promise.resolve(Object.keys(migrations)),
  getMigrationName: (name) => name,
  getMigration: (name) => {
    const migration = migrations[name];
    if (migration === undefined) throw new Error(`There is no migration named "${name}".`);
    return Promise.resolve(migration);
  },
};
