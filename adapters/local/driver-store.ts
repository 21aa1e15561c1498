import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { DeploymentSite, DesiredState, Fence } from '../../domain/deployment/ports.ts';
import { DomainError } from '../../domain/errors.ts';

/** A process that was started for a component. */
export interface StoredInstance {
  readonly component: string;
  readonly release: string;
  readonly releaseDigest: string;
  readonly specHash: string;
  readonly token: number;
  readonly pid: number;
  readonly startTime: string;
  readonly port: number;
  readonly healthPath: string;
  /** ISO instants. */
  readonly startedAt: string;
  readonly readyBy: string;
  /** Set once it was seen healthy: a later failure is no slow start. */
  readonly readyAt: string | null;
  /** Why it ended, where that is known. */
  readonly exit: string | null;
}

/** One effect on the world outside, for whoever wants to count them. */
export interface Effect {
  readonly at: string;
  readonly application: string;
  readonly datacentre: string;
  readonly component: string;
  readonly action: 'start' | 'stop';
  readonly pid: number;
  readonly token: number;
  readonly change: string;
  readonly attempt: number;
}

const schema = `
  create table if not exists fence (
    application text not null, datacentre text not null, token integer not null,
    change text not null, attempt integer not null, primary key (application, datacentre)
  );
  create table if not exists port (
    port integer not null primary key, application text not null, datacentre text not null,
    component text not null, unique (application, datacentre, component)
  );
  create table if not exists instance (
    application text not null, datacentre text not null, component text not null, release text not null,
    release_digest text not null, spec_hash text not null, token integer not null, pid integer not null,
    start_time text not null, port integer not null, health_path text not null, started_at text not null,
    ready_by text not null, ready_at text, exit text, primary key (application, datacentre, component)
  );
  create table if not exists applied_set (
    application text not null, datacentre text not null, token integer not null, change text not null,
    attempt integer not null, desired text not null, applied_at text not null,
    primary key (application, datacentre, token)
  );
  create table if not exists effect (
    id integer primary key, at text not null, application text not null, datacentre text not null,
    component text not null, action text not null, pid integer not null, token integer not null,
    change text not null, attempt integer not null
  );
`;

const instanceColumns = `component, release, release_digest as releaseDigest, spec_hash as specHash, token,
  pid, start_time as startTime, port, health_path as healthPath, started_at as startedAt,
  ready_by as readyBy, ready_at as readyAt, exit`;

export type DriverStore = ReturnType<typeof openDriverStore>;

/**
 * What the local driver remembers, in one SQLite file. BEGIN IMMEDIATE is a lock between all worker
 * processes that a crash gives free: whatever acts on a site does so inside `exclusively`.
 */
export function openDriverStore(stateDirectory: string) {
  mkdirSync(stateDirectory, { recursive: true });
  const db = new DatabaseSync(join(stateDirectory, 'local-driver.sqlite'), { timeout: 20_000 });
  db.exec('pragma journal_mode = wal; pragma synchronous = normal;');
  exclusively(() => db.exec(schema));

  function exclusively<T>(act: () => T): T {
    db.exec('begin immediate');
    try {
      const result = act();
      db.exec('commit');
      return result;
    } catch (error) {
      db.exec('rollback');
      throw error;
    }
  }

  return {
    /** One transaction under the lock; synchronous, so that nothing else of this process comes between. */
    exclusively,

    fence({ application, datacentre }: DeploymentSite): Fence | undefined {
      return db
        .prepare(
          'select token, change, attempt from fence where application = ? and datacentre = ?',
        )
        .get(application, datacentre) as Fence | undefined;
    },

    /** Takes the site for an attempt. @throws DomainError `stale` when a newer one has it. */
    advanceFence(site: DeploymentSite, fence: Fence): void {
      const held = this.fence(site);
      if (held !== undefined && held.token > fence.token) {
        throw new DomainError(
          'stale',
          `Attempt ${fence.attempt} of change ${fence.change} is outdated: attempt ${held.attempt} of change ${held.change} holds ${site.application} in ${site.datacentre}.`,
          { code: 'fenced-off' },
        );
      }
      db.prepare(
        `insert into fence values (?, ?, ?, ?, ?) on conflict (application, datacentre) do update
           set token = excluded.token, change = excluded.change, attempt = excluded.attempt`,
      ).run(site.application, site.datacentre, fence.token, fence.change, fence.attempt);
    },

    rememberSet(desired: DesiredState, fence: Fence): void {
      db.prepare('insert or ignore into applied_set values (?, ?, ?, ?, ?, ?, ?)').run(
        desired.application,
        desired.datacentre,
        fence.token,
        fence.change,
        fence.attempt,
        JSON.stringify(desired),
        new Date().toISOString(),
      );
    },

    instances({ application, datacentre }: DeploymentSite): StoredInstance[] {
      return db
        .prepare(
          `select ${instanceColumns} from instance where application = ? and datacentre = ? order by component`,
        )
        .all(application, datacentre) as unknown as StoredInstance[];
    },

    putInstance(site: DeploymentSite, one: StoredInstance): void {
      db.prepare(
        'insert or replace into instance values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(
        site.application,
        site.datacentre,
        one.component,
        one.release,
        one.releaseDigest,
        one.specHash,
        one.token,
        one.pid,
        one.startTime,
        one.port,
        one.healthPath,
        one.startedAt,
        one.readyBy,
        one.readyAt,
        one.exit,
      );
    },

    removeInstance(site: DeploymentSite, component: string): void {
      db.prepare(
        'delete from instance where application = ? and datacentre = ? and component = ?',
      ).run(site.application, site.datacentre, component);
    },

    /** Of the very process that was started: a later one of the same component keeps its own. */
    noteExit(site: DeploymentSite, component: string, pid: number, exit: string): void {
      db.prepare(
        'update instance set exit = ? where application = ? and datacentre = ? and component = ? and pid = ?',
      ).run(exit, site.application, site.datacentre, component, pid);
    },

    noteReady(site: DeploymentSite, component: string, pid: number, at: string): void {
      db.prepare(
        'update instance set ready_at = ? where application = ? and datacentre = ? and component = ? and pid = ? and ready_at is null',
      ).run(at, site.application, site.datacentre, component, pid);
    },

    journal(
      site: DeploymentSite,
      fence: Fence,
      component: string,
      action: Effect['action'],
      pid: number,
    ): void {
      db.prepare(
        'insert into effect (at, application, datacentre, component, action, pid, token, change, attempt) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(
        new Date().toISOString(),
        site.application,
        site.datacentre,
        component,
        action,
        pid,
        fence.token,
        fence.change,
        fence.attempt,
      );
    },

    port({ application, datacentre }: DeploymentSite, component: string): number | undefined {
      const row = db
        .prepare('select port from port where application = ? and datacentre = ? and component = ?')
        .get(application, datacentre, component) as { port: number } | undefined;
      return row?.port;
    },

    takenPorts(): Set<number> {
      const rows = db.prepare('select port from port').all() as { port: number }[];
      return new Set(rows.map(({ port }) => port));
    },

    /** False when another process was faster. */
    reservePort(site: DeploymentSite, component: string, port: number): boolean {
      return (
        db
          .prepare('insert or ignore into port values (?, ?, ?, ?)')
          .run(port, site.application, site.datacentre, component).changes === 1
      );
    },

    releasePorts({ application, datacentre }: DeploymentSite): void {
      db.prepare('delete from port where application = ? and datacentre = ?').run(
        application,
        datacentre,
      );
    },

    close(): void {
      db.close();
    },
  };
}

/** Every start and stop that a driver with this state directory did, in order. */
export function readEffects(stateDirectory: string): Effect[] {
  const db = new DatabaseSync(join(stateDirectory, 'local-driver.sqlite'), { readOnly: true });
  try {
    return db
      .prepare(
        'select at, application, datacentre, component, action, pid, token, change, attempt from effect order by id',
      )
      .all() as unknown as Effect[];
  } finally {
    db.close();
  }
}
